//! Data messages of a connection by name: metadata, cue points, captions, time codes.

use crate::base::ids::Mark;
use crate::base::side::Side;
use crate::rtmp::data::Data;
use crate::rtmp::event::RawMessage;
use crate::rtmp::types::MessageStreamId;
use crate::session::Session;
use crate::session::call::bounded;
use crate::session::fact::Fact;
use crate::session::few::Few;
use crate::session::metadata;
use crate::session::metadata::Metadata;

/// Most names kept per connection: all that are documented, twice.
pub const MAX_NAMES: usize = 32;

/// Most net streams whose metadata is kept.
const MAX_METADATA: usize = 8;

/// Data messages of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataName {
    /// Sender.
    pub side: Side,
    /// Message stream.
    pub stream_id: MessageStreamId,
    /// Name, empty for a time code that has none. Foreign text.
    pub name: Box<str>,
    /// Messages.
    pub count: u64,
    /// What brought the first.
    pub first: Mark,
    /// What brought the latest.
    pub last: Mark,
}

/// What data messages said; a connection has metadata with a name, or none of both.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Said {
    pub(super) metadata: Few<Metadata>,
    pub(super) names: Few<DataName>,
    /// Messages with names beyond [`MAX_NAMES`].
    pub(super) others: u64,
}

impl Session {
    pub(super) fn data_message(
        &mut self,
        side: Side,
        raw: &RawMessage,
        data: &Data,
        facts: &mut Vec<Fact>,
    ) {
        self.secrets.add_data(data);
        self.count_name(side, raw, data);
        let Some(mut new) = Metadata::of(side, raw, data) else {
            return;
        };
        if side == Side::Client
            && let Some(encoder) = metadata::encoder(data)
        {
            self.peers.get_or_insert_default().encoder(encoder);
        }
        let same = |known: &&mut Metadata| known.side == side && known.stream_id == raw.stream_id;
        let list = &mut self.said.get_or_insert_default().metadata;
        if let Some(known) = list.iter_mut().find(same) {
            new.follows(known);
            *known = new;
        } else if list.len() < MAX_METADATA {
            list.push(new);
        }
        facts.push(Fact::Metadata {
            side,
            stream_id: raw.stream_id,
            at: raw.completed(),
        });
    }

    fn count_name(&mut self, side: Side, raw: &RawMessage, data: &Data) {
        let name = bounded(data.name.as_str());
        let same = |known: &&mut DataName| {
            known.side == side && known.stream_id == raw.stream_id && *known.name == *name
        };
        let Said { names, others, .. } = &mut **self.said.get_or_insert_default();
        if let Some(known) = names.iter_mut().find(same) {
            known.count = known.count.saturating_add(1);
            known.last = raw.completed();
        } else if names.len() < MAX_NAMES {
            names.push(DataName {
                side,
                stream_id: raw.stream_id,
                name: name.into(),
                count: 1,
                first: raw.completed(),
                last: raw.completed(),
            });
        } else {
            *others = others.saturating_add(1);
        }
    }
}
