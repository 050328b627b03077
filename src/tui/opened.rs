//! Takes the selected message apart: its fields as lines of a tree and its bytes, both without
//! secrets. The fields come from the parser that decoded the capture.

use std::sync::Arc;

use crate::base::text::printable;
use crate::rtmp::field::Field;
use crate::rtmp::field::FieldTree;
use crate::rtmp::message;
use crate::rtmp::secret::Secrecy;
use crate::session::redact::Secrets;
use crate::tui::model::Detail;
use crate::tui::model::FieldLine;
use crate::tui::model::Kept;
use crate::tui::model::Opened;

/// Longest value that is shown of a field, in bytes.
const MAX_VALUE: usize = 512;

/// Takes a message apart.
pub(super) fn open(kept: &Arc<Kept>, detail: &Detail) -> Opened {
    let mut tree = FieldTree::default();
    let decoded = message::decode(&kept.raw, &mut tree);
    let mut bytes = kept.raw.body.clone();
    let mut own = Secrets::default();
    for secret in decoded.message.secrets() {
        own.add(secret);
    }
    if !detail.show_secrets {
        detail.session.redactor().bytes(&mut bytes);
        own.redactor().bytes(&mut bytes);
    }
    let mut opening = Opening {
        detail,
        own: &own,
        lines: Vec::new(),
        bytes: &mut bytes,
    };
    for field in tree.into_fields() {
        opening.field(&field, 0);
    }
    let fields = opening.lines;
    Opened {
        kept: Arc::clone(kept),
        summary: detail.gist_of(kept),
        fields,
        bytes,
        odd: decoded
            .anomalies
            .iter()
            .map(|anomaly| detail.prose(&anomaly.kind.to_string()))
            .collect(),
    }
}

struct Opening<'a> {
    detail: &'a Detail,
    /// Secrets of this message, which the session may not know.
    own: &'a Secrets,
    lines: Vec<FieldLine>,
    bytes: &'a mut Vec<u8>,
}

impl Opening<'_> {
    fn field(&mut self, field: &Field, depth: u16) {
        let value = self.value(field);
        self.lines.push(FieldLine {
            depth,
            name: self.shown(&field.name, Secrecy::Open),
            value,
            range: field.range.clone(),
        });
        for part in &field.parts {
            self.field(part, depth.saturating_add(1));
        }
    }

    /// The value, masked. The bytes of a text that had to be masked are overwritten: also where
    /// the secret is too short to be searched for.
    fn value(&mut self, field: &Field) -> String {
        let raw = field.value.as_str();
        let shortened = raw.get(..raw.floor_char_boundary(MAX_VALUE)).unwrap_or(raw);
        let shown = self.shown(shortened, Secrecy::of_property(&field.name));
        if shown != printable(shortened) && field.parts.is_empty() {
            // The text stands at the end of its field, behind marker and length.
            let start = field.range.end.saturating_sub(raw.len());
            if let Some(bytes) = self
                .bytes
                .get_mut(start.max(field.range.start)..field.range.end)
            {
                bytes.fill(b'*');
            }
        }
        shown
    }

    fn shown(&self, text: &str, secrecy: Secrecy) -> String {
        if self.detail.show_secrets {
            return printable(text);
        }
        let masked = self.detail.session.redactor().text_as(secrecy, text);
        printable(&self.own.redactor().text(&masked))
    }
}
