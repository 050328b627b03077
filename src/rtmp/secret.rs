//! Which texts on the wire are secret, and how they are masked: stream keys, tokens in the queries
//! of URLs, authentication strings in error descriptions.

use std::borrow::Cow;
use std::ops::Range;

use crate::base::redact;
use crate::rtmp::amf::value::Value;

/// What of a text is secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrecy {
    /// Nothing.
    Open,
    /// All of it.
    Whole,
    /// The query of a URL or of an application name, and the user before the host.
    Url,
    /// The values of parameters within prose, as in `?reason=needauth&user=u&challenge=c`.
    Parameters,
}

/// Keys of properties that hold secrets: URLs and application names, prose in which servers put
/// authentication strings, stream names and credentials. Of each length by themselves, since every
/// text property of every command is looked up here and most are none of them.
fn keys_of_len(len: usize) -> &'static [(&'static str, Secrecy)] {
    match len {
        3 => &[("app", Secrecy::Url), ("url", Secrecy::Url)],
        4 => &[("user", Secrecy::Whole)],
        5 => &[("tcUrl", Secrecy::Url), ("token", Secrecy::Whole)],
        6 => &[
            ("swfUrl", Secrecy::Url),
            ("reason", Secrecy::Parameters),
            ("passwd", Secrecy::Whole),
        ],
        7 => &[
            ("pageUrl", Secrecy::Url),
            ("message", Secrecy::Parameters),
            ("details", Secrecy::Whole),
            ("pubUser", Secrecy::Whole),
        ],
        8 => &[
            ("redirect", Secrecy::Url),
            ("username", Secrecy::Whole),
            ("password", Secrecy::Whole),
        ],
        9 => &[
            ("pubPasswd", Secrecy::Whole),
            ("authToken", Secrecy::Whole),
            ("streamKey", Secrecy::Whole),
        ],
        10 => &[("streamName", Secrecy::Whole)],
        11 => &[
            ("description", Secrecy::Parameters),
            ("secureToken", Secrecy::Whole),
        ],
        13 => &[("oldStreamName", Secrecy::Whole)],
        _ => &[],
    }
}

/// Parameters of Adobe's access manager that say why it refused; the others are the exchange
/// itself.
const OPEN_PARAMETERS: &[&str] = &["reason", "code", "authmod"];

impl Secrecy {
    /// What of the text of a property with this key is secret. Case does not matter: rather too
    /// much is masked than too little.
    pub fn of_property(key: &str) -> Self {
        keys_of_len(key.len())
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(key))
            .map_or(Self::Open, |(_, secrecy)| *secrecy)
    }

    /// The secret parts of `text`, in order, none of them empty.
    pub fn parts(self, text: &str) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        self.each_part(text, &mut |part| parts.push(part));
        parts
    }

    /// Tells the secret parts of `text`, in order, none of them empty.
    pub(crate) fn each_part(self, text: &str, found: &mut impl FnMut(Range<usize>)) {
        let found = &mut |part: Range<usize>| {
            if !part.is_empty() {
                found(part);
            }
        };
        match self {
            Self::Open => {}
            Self::Whole => found(0..text.len()),
            Self::Url => url_parts(text, found),
            Self::Parameters => parameter_parts(text, found),
        }
    }

    /// `text` with its secret parts masked.
    pub fn masked(self, text: &str) -> Cow<'_, str> {
        let parts = self.parts(text);
        if parts.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut masked = String::new();
        let mut done = 0;
        for part in parts {
            masked.push_str(text.get(done..part.start).unwrap_or_default());
            masked.push_str(&redact::mask(text.get(part.clone()).unwrap_or_default()));
            done = part.end;
        }
        masked.push_str(text.get(done..).unwrap_or_default());
        Cow::Owned(masked)
    }
}

/// Tells the secret parts of the texts in `value`, in the order of the wire. `own` holds for a text that
/// is no property, `of_property` for one that is; a text in an array has the secrecy of the array.
pub fn secrets_in<'v>(
    value: &'v Value,
    own: Secrecy,
    of_property: &impl Fn(&str) -> Secrecy,
    found: &mut impl FnMut(&'v str),
) {
    let value = value.plain();
    if let Some(text) = value.as_str() {
        own.each_part(text, &mut |part| {
            if let Some(secret) = text.get(part) {
                found(secret);
            }
        });
        return;
    }
    for (key, part) in value.properties() {
        if part.may_hold_text() {
            let own = of_property(key);
            // Most texts are open, and hold nothing else.
            if own != Secrecy::Open || !matches!(part, Value::String(_)) {
                secrets_in(part, own, of_property, found);
            }
        }
    }
    for part in value.items() {
        secrets_in(part, own, of_property, found);
    }
    if let Value::Dictionary(dictionary) = value {
        for (key, part) in &dictionary.entries {
            let secrecy = key.as_str().map_or(own, of_property);
            secrets_in(key, own, of_property, found);
            secrets_in(part, secrecy, of_property, found);
        }
    }
}

/// `text` with every occurrence of one of `secrets` masked: for prose that repeats a stream name.
/// A secret of fewer than four bytes would match by chance and is passed over.
pub fn mask_known<'a, 's>(
    text: &'a str,
    secrets: impl IntoIterator<Item = &'s str>,
) -> Cow<'a, str> {
    const SHORTEST: usize = 4;
    let mut masked = Cow::Borrowed(text);
    for secret in secrets {
        if secret.len() >= SHORTEST && masked.contains(secret) {
            masked = Cow::Owned(masked.replace(secret, &redact::mask(secret)));
        }
    }
    masked
}

/// The user information before the host, and everything behind the first question mark.
fn url_parts(text: &str, found: &mut impl FnMut(Range<usize>)) {
    // Byte by byte: a search for text prepares itself for longer than it lasts.
    let end = text.bytes().position(|byte| byte == b'?');
    let before = end.and_then(|end| text.get(..end)).unwrap_or(text);
    let query = before.len().saturating_add(1).min(text.len())..text.len();
    let scheme = before.as_bytes().windows(3).position(|part| part == b"://");
    if let Some(rest) = scheme.and_then(|at| before.get(at.checked_add(3)?..)) {
        let authority = rest.split('/').next().unwrap_or_default();
        if let Some((user, _)) = authority.rsplit_once('@') {
            let start = before.len().saturating_sub(rest.len());
            found(start..start.saturating_add(user.len()));
        }
    }
    found(query);
}

/// The values of `name=value` behind a question mark or an ampersand.
fn parameter_parts(text: &str, found: &mut impl FnMut(Range<usize>)) {
    // Most prose has none, which is seen sooner so.
    if !text.contains('=') {
        return;
    }
    for (at, _) in text.match_indices(['?', '&']) {
        let start = at.saturating_add(1);
        let rest = text.get(start..).unwrap_or_default();
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '&' | '?' | ']' | '"' | '\''))
            .unwrap_or(rest.len());
        let parameter = rest.get(..end).unwrap_or_default();
        if let Some((name, value)) = parameter.split_once('=')
            && !OPEN_PARAMETERS.contains(&name)
        {
            let end = start.saturating_add(end);
            found(end.saturating_sub(value.len())..end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_of_a_url_is_secret_and_the_rest_is_not() {
        let url = "rtmp://live.example.org:1935/app?token=abc&x=1";
        let masked = Secrecy::of_property("tcUrl").masked(url);
        assert_eq!(
            masked,
            format!(
                "rtmp://live.example.org:1935/app?{}",
                redact::mask("token=abc&x=1")
            )
        );
        assert_eq!(Secrecy::Url.masked("rtmp://h/live"), "rtmp://h/live");
    }

    #[test]
    fn the_user_of_a_url_is_secret() {
        let masked = Secrecy::Url.masked("rtmp://bob:pw@h/live");
        assert_eq!(masked, format!("rtmp://{}@h/live", redact::mask("bob:pw")));
        assert_eq!(
            Secrecy::Url.masked("rtmp://h/a@b"),
            "rtmp://h/a@b",
            "no user"
        );
    }

    #[test]
    fn the_exchange_of_the_access_manager_is_secret_and_its_reason_is_not() {
        let text = "[ AccessManager.Reject ] : [ authmod=adobe ] : \
                    ?reason=needauth&user=bob&salt=s1&challenge=c1&opaque=o1";
        let masked = Secrecy::of_property("description").masked(text);
        assert!(masked.starts_with("[ AccessManager.Reject ] : [ authmod=adobe ] : "));
        assert!(masked.contains("?reason=needauth&user=****"));
        for secret in ["bob", "s1", "c1", "o1"] {
            assert!(!masked.contains(&format!("={secret}")), "{masked}");
        }
    }

    #[test]
    fn prose_without_parameters_stays() {
        let text = "Is the stream already published? Yes & no.";
        assert_eq!(Secrecy::Parameters.masked(text), text);
    }

    #[test]
    fn a_known_stream_name_is_masked_in_prose() {
        let masked = mask_known("Started publishing cam-77.", ["cam-77", "a"]);
        assert_eq!(
            masked,
            format!("Started publishing {}.", redact::mask("cam-77"))
        );
    }

    #[test]
    fn keys_are_listed_under_their_length() {
        for len in 0..20 {
            for (key, _) in keys_of_len(len) {
                assert_eq!(key.len(), len, "{key}");
            }
        }
        assert_eq!(Secrecy::of_property("TCURL"), Secrecy::Url);
        assert_eq!(Secrecy::of_property("streamname"), Secrecy::Whole);
        assert_eq!(Secrecy::of_property("code"), Secrecy::Open);
    }

    #[test]
    fn an_empty_text_has_no_mask() {
        assert_eq!(Secrecy::Whole.masked(""), "");
        assert_eq!(Secrecy::Url.masked("app?"), "app?");
    }
}
