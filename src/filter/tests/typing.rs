//! What is wrong with a text, what it is while it is typed, and what may follow.

use proptest::prelude::*;

use super::error;
use super::filter;
use crate::filter::Check;
use crate::filter::MAX_DEPTH;
use crate::filter::MAX_MESSAGE_TERMS;
use crate::filter::MAX_REGEXES;
use crate::filter::MAX_TERMS;
use crate::filter::MAX_TEXT;
use crate::filter::check;
use crate::filter::complete::complete;
use crate::filter::field::FIELDS;
use crate::filter::field::Field;
use crate::filter::fuzz_filter;

#[test]
fn errors_name_the_place_and_what_was_meant() {
    for (text, blamed, suggestion) in [
        ("rol:pub", "rol", Some("role")),
        ("helath<ok", "helath", Some("health")),
        ("odd and fsp > 3", "fsp", Some("fps")),
        ("fps:abc", "abc", None),
        ("role:pulbisher", "pulbisher", Some("publisher")),
        ("msg:vidoe", "vidoe", Some("video")),
        ("addr:10.0.0", "10.0.0", None),
        ("addr:10.0.0.0/33 odd", "10.0.0.0/33", None),
        ("len > 5parsecs", "5parsecs", None),
        ("app < \"a\"", "<", None),
        ("len contains 5", "contains", None),
        ("len:/5/", "/5/", None),
        ("app matches \"(\"", "\"(\"", None),
        ("odd)", ")", None),
        ("(odd ]", "]", None),
        ("and odd", "and", None),
        ("odd or or key", "or", None),
        ("fps = 3", "=", None),
        ("odd & key", "&", None),
        ("key:true,false", "false", None),
        ("http://example.org/", "http", None),
        ("odd }", "}", None),
    ] {
        let error = error(text);
        assert_eq!(
            text.get(error.range.clone()),
            Some(blamed),
            "{text}: {error}"
        );
        assert_eq!(
            error.suggestions.first().map(String::as_str),
            suggestion,
            "{text}: {error}"
        );
        assert_eq!(error.is_incomplete, text == "addr:10.0.0", "{text}");
        assert!(!error.message.is_empty(), "{text}");
    }
}

#[test]
fn what_is_typed_is_a_beginning_until_it_is_whole() {
    for text in [
        "role:pub and (health<ok or kbits >= 4.8M) and not addr:192.0.2.0/24",
        "code matches \"^NetStream\\\\.(Play|Publish)\" || dir:-> && len in {1, 5..10}",
        "msg:cmd,data stream:\"a b\" /x\\/y/ ip.addr != fe80::1 loss>3% key:true !odd",
        "cmd contains 'x' or rtmpt.header.typeid in {0x14 20} dir == <-",
    ] {
        for (end, _) in text.char_indices() {
            let begun = &text[..end];
            assert!(
                !matches!(check(begun), Check::Err(_)),
                "{begun}: {:?}",
                check(begun)
            );
        }
        assert!(matches!(check(text), Check::Ok(_)), "{text}");
    }
    for text in [
        "role:",
        "odd and",
        "(odd",
        "\"x",
        "len in {1,",
        "fps >",
        "not",
        "fps =",
    ] {
        assert!(matches!(check(text), Check::Incomplete(_)), "{text}");
    }
    assert!(matches!(check("  "), Check::Empty));
}

#[test]
fn length_depth_and_number_of_terms_are_bounded() {
    let deep = format!("{}odd{}", "(".repeat(MAX_DEPTH), ")".repeat(MAX_DEPTH));
    filter(&deep);
    let deeper = format!("({deep})");
    assert!(error(&deeper).message.contains("parentheses"));
    assert!(!error(&"(".repeat(4000)).is_incomplete);
    filter(&format!("{}odd", "!".repeat(MAX_TEXT - 3)));
    assert!(
        error(&format!("odd{}", " ".repeat(MAX_TEXT)))
            .message
            .contains("longer")
    );
    assert!(
        error(&"fps or ".repeat(MAX_TERMS + 1))
            .message
            .contains("terms")
    );
    assert!(
        error(&"key or ".repeat(MAX_MESSAGE_TERMS + 1))
            .message
            .contains("terms")
    );
    filter(&"/a/ ".repeat(MAX_REGEXES));
    let more = error(&format!("code:{}", ["/a/"; MAX_REGEXES + 1].join(",")));
    assert!(more.message.contains("regular"));
    assert!(
        error("text matches \"(a{1000}){1000}\"")
            .message
            .contains("memory")
    );
}

fn candidates(text: &str) -> Vec<String> {
    let values = |field| match field {
        Field::StreamName => vec!["cam7".to_owned(), "a b".to_owned()],
        _ => Vec::new(),
    };
    let found = complete(text, text.len(), &values);
    found
        .candidates
        .into_iter()
        .map(|candidate| candidate.text)
        .collect()
}

#[test]
fn what_may_follow_is_offered() {
    assert_eq!(candidates("rol"), ["role"]);
    assert_eq!(candidates("role:"), ["publisher", "player"]);
    assert_eq!(candidates("odd and role:pub"), ["publisher"]);
    assert_eq!(candidates("msg:cmd,vid"), ["video"]);
    assert_eq!(candidates("stream:"), ["cam7", "\"a b\""]);
    assert_eq!(
        candidates("code == \"NetStream.Publish.Bad"),
        ["NetStream.Publish.BadAuth", "NetStream.Publish.BadName"]
    );
    assert_eq!(candidates("cmd in {conn"), ["connect"]);
    assert_eq!(candidates("odd a").last().map(String::as_str), Some("and"));
    assert_eq!(candidates("health <= er"), ["error"]);
    assert_eq!(
        candidates("role "),
        ["==", "!=", "contains", "matches", "in {", "and", "or"]
    );
    assert_eq!(candidates("(odd) "), ["and", "or"]);
    assert_eq!(candidates("tcp.str"), ["tcp.stream"]);
    assert_eq!(candidates("frame.num"), ["frame.number"]);
    assert!(candidates("fps").contains(&"fps>=".to_owned()));
    assert!(candidates("").len() > 40);
    assert!(candidates("nonsense:").is_empty());
    assert!(candidates("app matches ").is_empty());
}

#[test]
fn a_candidate_takes_the_place_of_the_word_at_the_cursor() {
    let text = "odd and role:plAY or key";
    let found = complete(text, 15, &|_| Vec::new());
    assert_eq!(&text[found.range], "plAY");
    assert_eq!(
        found.candidates.first().map(|c| c.text.as_str()),
        Some("player")
    );
    let found = complete("role:é", 7, &|_| Vec::new());
    assert!(found.candidates.is_empty());
}

/// Texts that are near to expressions.
fn texts() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "role",
        "fps",
        "msg",
        "code",
        "addr",
        "key",
        "text",
        "health",
        "dir",
        "tid",
        ":",
        "==",
        "!=",
        "<",
        ">=",
        "~",
        "contains",
        "matches",
        "in",
        "{",
        "}",
        "(",
        ")",
        "and",
        "or",
        "not",
        "!",
        "&&",
        "||",
        "&",
        "|",
        "=",
        ",",
        "\"",
        "'",
        "/",
        "\\",
        "-",
        "->",
        "<-",
        "..",
        "1",
        "4.8M",
        "3%",
        "pub",
        "cmd",
        "ok",
        "true",
        "10.0.0.0/8",
        "::1",
        "é",
        " ",
        "\t",
        "\u{202e}",
        "0x",
        "[",
    ]);
    prop::collection::vec(parts, 0..16).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn no_text_panics(text in ".*") {
        fuzz_filter(&text);
    }

    #[test]
    fn no_text_near_an_expression_panics(text in texts()) {
        fuzz_filter(&text);
    }

    /// What is offered can be taken, and typing can go on from there.
    #[test]
    fn candidates_are_beginnings(text in texts()) {
        if !matches!(check(&text), Check::Err(_)) {
            candidates_can_be_taken(&text);
        }
    }

    #[test]
    fn candidates_behind_a_field_are_beginnings(
        field in prop::sample::select(FIELDS.iter().map(|info| info.name).collect::<Vec<_>>()),
        behind in prop::sample::select(vec!["", ":", " ", "==", "!=", " <", ">=", " contains ", " in {", " matches "]),
    ) {
        candidates_can_be_taken(&format!("{field}{behind}"));
        candidates_can_be_taken(&format!("odd and ({field}{behind}"));
    }
}

fn candidates_can_be_taken(text: &str) {
    if matches!(check(text), Check::Err(_)) {
        return;
    }
    let found = complete(text, text.len(), &|_| Vec::new());
    for candidate in found.candidates {
        let mut taken = text.to_owned();
        taken.replace_range(found.range.clone(), &candidate.text);
        assert!(
            !matches!(check(&taken), Check::Err(_)),
            "{text:?} -> {taken:?}: {:?}",
            check(&taken)
        );
    }
}
