//! The secrets of a connection and their masking in any text or bytes.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;

use compact_str::CompactString;
use smallvec::SmallVec;

use crate::base::redact::mask;
use crate::rtmp::amf::value::Text;
use crate::rtmp::command::Command;
use crate::rtmp::data::Data;
use crate::rtmp::secret::Secrecy;
use crate::rtmp::vocabulary::is_term;
use crate::session::few::Few;

/// Most secrets remembered per connection. A session has a handful; a player that asks for
/// more names than this has the oldest masked only where the wire says what they are.
pub const MAX_SECRETS: usize = 256;

/// Longest secret remembered in bytes; a longer one is remembered by this much of its begin.
pub const MAX_SECRET_LEN: usize = 1024;

/// A shorter secret is masked only where it is the whole text: within a text it would match by
/// chance and hide what it is not.
const MIN_SUBSTRING: usize = 3;

/// A shorter value of a URL's parameter is masked in the URL but not looked for elsewhere: it is
/// more often a word or a number than a token.
const MIN_PARAMETER: usize = 6;

/// What must not be shown of a connection: stream names, queries, users and passwords of URLs,
/// authentication strings. Each is known before the fact or record that carries it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Secrets {
    list: Few<CompactString>,
    /// Secrets that are not UTF-8, as they are on the wire.
    #[expect(
        clippy::box_collection,
        reason = "mostly there is none: 8 bytes, not 32"
    )]
    raw: Option<Box<VecDeque<Box<[u8]>>>>,
}

impl Secrets {
    /// Remembers a secret.
    pub fn add(&mut self, secret: &str) {
        let secret = secret
            .get(..secret.floor_char_boundary(MAX_SECRET_LEN))
            .unwrap_or(secret);
        if secret.is_empty() || self.list.iter().any(|known| *known == *secret) {
            return;
        }
        if self.list.len() >= MAX_SECRETS {
            self.list.pop_first();
        }
        self.list.push(secret.into());
    }

    /// Remembers a secret that is not UTF-8.
    fn add_raw(&mut self, secret: &[u8]) {
        let secret = secret.get(..MAX_SECRET_LEN).unwrap_or(secret);
        let raw = self.raw.get_or_insert_default();
        if raw.iter().any(|known| **known == *secret) {
            return;
        }
        if raw.len() >= MAX_SECRETS {
            raw.pop_front();
        }
        raw.push_back(secret.into());
    }

    /// Remembers a stream name: with its query, and without.
    pub fn add_stream_name(&mut self, name: &str) {
        self.add(name);
        if let Some((key, query)) = name.split_once('?') {
            self.add(key);
            self.add_query(query);
        }
    }

    /// Remembers every secret that a command carries.
    pub fn add_command(&mut self, command: &Command) {
        if let Some(name) = command.stream_name() {
            self.add_stream_name(name);
        }
        command.each_secret(&mut |secret| self.add_part(secret));
        for (index, argument) in command.arguments.iter().enumerate() {
            if let Some(raw) = argument.as_text().and_then(Text::not_utf8)
                && command.argument_secrecy(index) == Secrecy::Whole
            {
                self.add_raw(raw);
            }
        }
    }

    /// Remembers every secret that a data message carries.
    pub fn add_data(&mut self, data: &Data) {
        data.each_secret(&mut |secret| self.add_part(secret));
    }

    /// The secrets, in the order in which they were learned.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(AsRef::as_ref)
    }

    /// Masks these secrets.
    pub fn redactor(&self) -> Redactor<'_> {
        Redactor { secrets: self }
    }

    /// Remembers a query with the values of its parameters.
    fn add_query(&mut self, query: &str) {
        self.add(query);
        for parameter in query.split('&') {
            let value = parameter.split_once('=').map_or(parameter, |(_, v)| v);
            if value.len() >= MIN_PARAMETER {
                self.add(value);
            }
        }
    }

    /// Remembers the secret part of a text: a query, `user:password`, or a token.
    fn add_part(&mut self, part: &str) {
        if part.len() < MIN_SUBSTRING {
            return;
        }
        self.add_query(part);
        if let Some((_, password)) = part.split_once(':')
            && password.len() >= MIN_PARAMETER
        {
            self.add(password);
        }
    }
}

/// Masks the secrets of one connection. The same secret has the same mask everywhere.
#[derive(Debug, Clone, Copy)]
pub struct Redactor<'a> {
    secrets: &'a Secrets,
}

impl Redactor<'_> {
    /// The text with its secrets masked, whatever it is: known ones, and the parts of it that
    /// look like the query or user of a URL.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let secrecy = if text.contains("://") {
            Secrecy::Url
        } else {
            Secrecy::Parameters
        };
        self.text_as(secrecy, text)
    }

    /// The text with its secrets masked, when it is known what of it is secret.
    pub fn text_as<'t>(&self, secrecy: Secrecy, text: &'t str) -> Cow<'t, str> {
        let mut parts = SmallVec::<[Range<usize>; 2]>::new();
        secrecy.each_part(text, &mut |part| parts.push(part));
        let mut masked = String::new();
        let mut done = 0;
        while let Some(found) = self.next_secret(text, done, &parts) {
            masked.push_str(text.get(done..found.start).unwrap_or_default());
            done = found.end;
            masked.push_str(&mask(text.get(found).unwrap_or_default()));
        }
        if done == 0 {
            return Cow::Borrowed(text);
        }
        masked.push_str(text.get(done..).unwrap_or_default());
        Cow::Owned(masked)
    }

    /// Overwrites every known secret in `bytes` with asterisks, so that positions stay as they
    /// are in a hex view.
    pub fn bytes(&self, bytes: &mut [u8]) {
        let texts = self.secrets.iter().map(str::as_bytes);
        let raw = self
            .secrets
            .raw
            .iter()
            .flat_map(|raw| raw.iter().map(AsRef::as_ref));
        let mut found: Vec<Range<usize>> = Vec::new();
        for secret in texts.chain(raw) {
            if secret.len() < MIN_SUBSTRING {
                continue;
            }
            for (start, window) in bytes.windows(secret.len()).enumerate() {
                let place = start..start.saturating_add(secret.len());
                if window == secret && !is_within_term(bytes, &place) {
                    found.push(place);
                }
            }
        }
        // Only now, so that secrets that overlap are all found.
        for range in found {
            if let Some(secret) = bytes.get_mut(range) {
                secret.fill(b'*');
            }
        }
    }

    /// Whether the text holds a known secret.
    pub fn is_secret(&self, text: &str) -> bool {
        self.first_known(text, 0).is_some()
    }

    /// What to mask next in `text[from..]`: the first of the parts that are secret by their place
    /// and the known secrets. Where they overlap, all of them as one, so that nothing of either
    /// is left over.
    fn next_secret(self, text: &str, from: usize, parts: &[Range<usize>]) -> Option<Range<usize>> {
        let part_from = |from: usize| {
            let part = parts.iter().find(|part| part.end > from)?;
            Some(part.start.max(from)..part.end)
        };
        let known = self.first_known(text, from);
        let mut found = match (known, part_from(from)) {
            (Some(known), Some(part)) if part.start < known.start => part,
            (Some(known), Some(part)) if part.start == known.start => {
                known.start..known.end.max(part.end)
            }
            (known, part) => known.or(part)?,
        };
        let mut inner = found.start;
        while let Some(known) = self.first_known(text, inner)
            && known.start < found.end
        {
            found.end = found.end.max(known.end);
            inner = text.ceil_char_boundary(known.start.saturating_add(1));
        }
        Some(found)
    }

    /// The first known secret in `text[from..]`; of several that begin there, the longest.
    fn first_known(self, text: &str, from: usize) -> Option<Range<usize>> {
        let rest = text.get(from..)?;
        let mut best: Option<Range<usize>> = None;
        for secret in self.secrets.iter() {
            // Most texts are shorter than a secret, or one: searching is for the few others.
            let at = if secret.len() < MIN_SUBSTRING {
                (text == secret && from == 0).then_some(0)
            } else if secret.len() >= rest.len() {
                (rest == secret).then_some(0)
            } else {
                let places = rest.match_indices(secret).map(|(at, _)| at);
                let is_its_own = |at: &usize| {
                    let end = at.saturating_add(secret.len());
                    !is_within_term(rest.as_bytes(), &(*at..end))
                };
                places.into_iter().find(is_its_own)
            };
            let Some(start) = at.and_then(|at| at.checked_add(from)) else {
                continue;
            };
            let end = start.saturating_add(secret.len());
            let better = best
                .as_ref()
                .is_none_or(|best| start < best.start || start == best.start && end > best.end);
            if better {
                best = Some(start..end);
            }
        }
        best
    }
}

/// Whether bytes are only a part of a word that a specification puts on the wire.
fn is_within_term(bytes: &[u8], place: &Range<usize>) -> bool {
    let is_of_word = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
    let before = bytes.get(..place.start).unwrap_or_default();
    let behind = bytes.get(place.end..).unwrap_or_default();
    let before = before.iter().rev().take_while(is_of_word).count();
    let behind = behind.iter().take_while(is_of_word).count();
    let word = place.start.saturating_sub(before)..place.end.saturating_add(behind);
    let Some(word) = bytes.get(word).and_then(|word| str::from_utf8(word).ok()) else {
        return false;
    };
    // The dot behind a sentence is none of its last word.
    let word = word.trim_end_matches('.');
    word.len() > place.len() && is_term(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtmp::amf::value::Value;

    fn secrets(list: &[&str]) -> Secrets {
        let mut secrets = Secrets::default();
        for secret in list {
            secrets.add(secret);
        }
        secrets
    }

    #[test]
    fn a_known_secret_is_masked_wherever_it_stands() {
        let secrets = secrets(&["cam-77"]);
        assert_eq!(
            secrets.redactor().text("Publishing cam-77, cam-77."),
            format!("Publishing {0}, {0}.", mask("cam-77"))
        );
    }

    #[test]
    fn text_without_secrets_is_not_copied() {
        let secrets = secrets(&["cam-77"]);
        assert!(matches!(
            secrets.redactor().text("Publishing."),
            Cow::Borrowed(_)
        ));
    }

    #[test]
    fn the_longest_secret_wins() {
        let mut secrets = Secrets::default();
        secrets.add_stream_name("cam?sign=0123456789");
        assert_eq!(
            secrets.redactor().text("x cam?sign=0123456789 y"),
            format!("x {} y", mask("cam?sign=0123456789"))
        );
        assert_eq!(secrets.redactor().text("0123456789"), mask("0123456789"));
        assert_eq!(secrets.redactor().text("cam"), mask("cam"));
    }

    #[test]
    fn a_short_secret_is_masked_only_as_a_whole() {
        let secrets = secrets(&["a1"]);
        assert_eq!(secrets.redactor().text("a1"), mask("a1"));
        assert_eq!(secrets.redactor().text("ba1b"), "ba1b");
        assert_eq!(secrets.redactor().text("a1 a1"), "a1 a1");
    }

    #[test]
    fn words_of_the_specifications_stay_whole() {
        let secrets = secrets(&["sample", "Publish"]);
        let redactor = secrets.redactor();
        assert_eq!(redactor.text("audiosamplerate"), "audiosamplerate");
        assert_eq!(
            redactor.text("audiosamplerated"),
            format!("audio{}rated", mask("sample"))
        );
        assert_eq!(
            redactor.text("sample: audiosamplerate, sample"),
            format!("{0}: audiosamplerate, {0}", mask("sample"))
        );
        assert_eq!(
            redactor.text("NetStream.Publish.Start."),
            "NetStream.Publish.Start."
        );
        assert_eq!(redactor.text("Publish"), mask("Publish"));
        let mut bytes = *b"\x00\x0faudiosamplerate\x00sample";
        redactor.bytes(&mut bytes);
        assert_eq!(&bytes, b"\x00\x0faudiosamplerate\x00******");
    }

    #[test]
    fn user_and_query_of_a_url_are_masked_even_when_unknown() {
        let secrets = Secrets::default();
        assert_eq!(
            secrets.redactor().text("rtmp://me:pw@h/app?t=1"),
            format!("rtmp://{}@h/app?{}", mask("me:pw"), mask("t=1"))
        );
    }

    #[test]
    fn parts_of_a_url_are_secrets_everywhere() {
        let mut secrets = Secrets::default();
        secrets.add_part("me:hunter22");
        secrets.add_part("token=abcdef&v=1");
        let redactor = secrets.redactor();
        assert_eq!(redactor.text("abcdef"), mask("abcdef"));
        assert_eq!(redactor.text("v"), "v");
        assert!(redactor.is_secret("is hunter22 right?"));
        assert!(!redactor.is_secret("rtmp h app"));
    }

    #[test]
    fn nothing_is_left_of_secrets_that_overlap() {
        let secrets = secrets(&["abcdef", "defghi"]);
        assert_eq!(
            secrets.redactor().text("x abcdefghi y"),
            format!("x {} y", mask("abcdefghi"))
        );
        let masked = secrets.redactor().text("?a=xabc&b=1");
        assert_eq!(masked, format!("?a={}&b={}", mask("xabc"), mask("1")));
    }

    #[test]
    fn bytes_are_overwritten_in_place() {
        let secrets = secrets(&["key", "k"]);
        let mut bytes = *b"\x02\x00\x03key keykey k";
        secrets.redactor().bytes(&mut bytes);
        assert_eq!(&bytes, b"\x02\x00\x03*** ****** k");
    }

    #[test]
    fn a_name_in_another_encoding_is_overwritten_too() {
        let mut secrets = Secrets::default();
        secrets.add_command(&Command {
            name: "publish".into(),
            arguments: [Value::String(Text::from_bytes(b"cam\xe9ra"))].into(),
            ..Command::default()
        });
        let mut bytes = *b"\x02\x00\x06cam\xe9ra";
        secrets.redactor().bytes(&mut bytes);
        assert_eq!(&bytes, b"\x02\x00\x06******");
    }

    #[test]
    fn the_list_is_bounded() {
        let mut secrets = Secrets::default();
        for number in 0..2 * MAX_SECRETS {
            secrets.add(&format!("name-{number}"));
        }
        assert_eq!(secrets.iter().count(), MAX_SECRETS);
        assert_eq!(secrets.iter().last(), Some("name-511"));
    }

    #[test]
    fn what_a_command_carries_is_known() {
        let mut secrets = Secrets::default();
        secrets.add_command(&Command {
            name: "publish".into(),
            arguments: vec![Value::String("cam-1".into()), Value::String("live".into())].into(),
            ..Command::default()
        });
        assert_eq!(secrets.iter().collect::<Vec<_>>(), ["cam-1"]);
    }
}
