use std::collections::BTreeSet;

use super::*;

/// The code of missing bytes, which views tell beside the anomalies.
const GAP: &str = "tcp.gap";

/// The lists of anomalies: a code stands there as `=> "layer.what"`.
const SOURCES: [&str; 4] = [
    include_str!("../../rtmp/anomaly.rs"),
    include_str!("../../rtmp/problem.rs"),
    include_str!("../../rtmp/media/problem.rs"),
    include_str!("../anomaly.rs"),
];

/// Every code that there is, as the match arms name them.
fn codes() -> BTreeSet<&'static str> {
    let mut codes = BTreeSet::from([GAP]);
    for source in SOURCES {
        for (_, behind) in source
            .match_indices("=> \"")
            .map(|(at, found)| source.split_at(at + found.len()))
        {
            let Some((code, _)) = behind.split_once('"') else {
                continue;
            };
            let is_code = code
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '_');
            if is_code && code.matches('.').count() == 1 {
                codes.insert(code);
            }
        }
    }
    codes
}

#[test]
fn every_code_is_explained_once_and_nothing_else_is() {
    let codes = codes();
    // Beside the gap, one from each list, so that a list that is written another way is noticed.
    for known in [
        "chunk.boundaries_lost",
        "amf.truncated",
        "media.config_empty",
        "meta.mismatch",
    ] {
        assert!(codes.contains(known), "{known}");
    }
    let explained: Vec<&str> = all().map(|one| one.code).collect();
    let once: BTreeSet<&str> = explained.iter().copied().collect();
    assert_eq!(once.len(), explained.len(), "a code is explained twice");
    assert_eq!(once, codes);
}

#[test]
fn every_explanation_is_whole_sentences() {
    for one in all() {
        for text in [one.meaning, one.cause, one.advice] {
            assert!(
                text.ends_with('.') && text.len() >= 16,
                "{}: {text}",
                one.code
            );
            assert!(!text.contains("  "), "{}: {text}", one.code);
        }
        assert_ne!(one.meaning, one.cause, "{}", one.code);
    }
}

#[test]
fn a_code_leads_to_its_explanation() {
    let why = explain("stream.bad_name").unwrap();
    assert!(why.cause.contains("another publisher"), "{}", why.cause);
    assert_eq!(explain("no.such_code"), None);
}
