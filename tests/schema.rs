//! Every record of every capture against `schema/record.schema.json`, and what a schema cannot
//! say: no key twice, no time that runs backwards, no number that readers would round, no secret.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that finds a broken record fails with it"
)]

mod common;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::path::PathBuf;

use boon::Compiler;
use boon::SchemaIndex;
use boon::Schemas;
use serde::de::DeserializeSeed;
use serde::de::Error as _;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;
use serde_json::Value;

use crate::common::cut;

/// Captures whose frames are not in the order of their times, so that records are not either.
const OUT_OF_ORDER: &[&str] = &["publish-rejected.pcapng"];

/// Stream keys of the samples; a number follows.
const KEY: &str = "demo-key-";

#[test]
fn every_record_fits_the_schema() {
    let (schemas, schema) = schema();
    let mut types = BTreeSet::new();
    // No sample has lost bytes.
    let damaged = [
        cut::without("ffmpeg-nginx.pcap", "schema-late.pcap", |n| n < 700),
        cut::without("gst-rtmpsink.pcap", "schema-late-128.pcap", |n| n < 300),
        cut::without("ffmpeg-nginx.pcap", "schema-hole.pcap", |n| {
            (400..403).contains(&n)
        }),
        cut::without("chunk-128.pcap", "schema-holes.pcap", |n| n % 97 == 0),
        cut::without("exttime.pcap", "schema-late-extended.pcap", |n| n < 500),
        cut::without("ertmp-vvc-eac3.pcapng.zst", "schema-untold.pcap", |n| {
            n < 60
        }),
    ];
    for path in captures().into_iter().chain(damaged) {
        for secrets in [false, true] {
            for line in json(&path, secrets).lines() {
                let value: Value = serde_json::from_str(line).expect("a record is JSON");
                if let Err(error) = schemas.validate(&value, schema) {
                    panic!("{}: {line}\n{error:#}", path.display());
                }
                types.insert(text(&value, "event_type").to_owned());
            }
        }
    }
    let known: BTreeSet<String> = rtmpscope::report::json::EVENT_TYPES
        .iter()
        .map(|name| (*name).to_owned())
        .collect();
    assert_eq!(types, known);
}

#[test]
fn the_schema_refuses_what_it_does_not_name() {
    let (schemas, schema) = schema();
    let good = json(&sample("ffmpeg-nginx.pcap"), false);
    let line = good
        .lines()
        .find(|line| line.contains(r#""event_type":"message""#))
        .expect("a message");
    let value: Value = serde_json::from_str(line).expect("JSON");
    assert!(schemas.validate(&value, schema).is_ok());
    for (place, key, wrong) in [
        ("", "surprise", Value::from(1)),
        ("/message", "surprise", Value::from(1)),
        ("/message", "fmt", Value::from(4)),
        ("/message", "type", Value::from("Video")),
        ("", "timestamp", Value::from(1.5)),
        ("", "event_type", Value::from("msg")),
    ] {
        let mut broken = value.clone();
        broken
            .pointer_mut(place)
            .and_then(Value::as_object_mut)
            .expect("an object")
            .insert(key.to_owned(), wrong);
        assert!(
            schemas.validate(&broken, schema).is_err(),
            "accepted: {broken}"
        );
    }
}

#[test]
fn the_calls_listed_are_those_that_are_counted() {
    for path in captures() {
        // Of a call with several records the last one counts.
        let mut calls: BTreeMap<u64, BTreeMap<u64, Value>> = BTreeMap::new();
        for line in json(&path, false).lines() {
            let mut value: Value = serde_json::from_str(line).expect("a record is JSON");
            let flow = value["flow_id"].as_u64().unwrap_or(0);
            if value["event_type"] == "call" {
                let call = value["call"].take();
                let number = call["call_message"].as_u64().expect("a number");
                calls.entry(flow).or_default().insert(number, call);
            } else if value["event_type"] == "connection_end" {
                let calls = calls.remove(&flow).unwrap_or_default();
                let counts = &value["connection_end"]["calls"];
                let (pings, calls): (Vec<&Value>, Vec<&Value>) =
                    calls.values().partition(|call| call["name"] == "ping");
                let listed = |state: &str| calls.iter().filter(|c| c["state"] == state).count();
                let optional = calls
                    .iter()
                    .filter(|c| c["state"] == "unanswered" && c["optional"] == true)
                    .count();
                for (name, listed) in [
                    ("made", calls.len()),
                    ("answered", listed("answered")),
                    ("failed", listed("failed")),
                    ("unanswered", listed("unanswered") - optional),
                    ("unanswered_optional", optional),
                    ("one_way", listed("one_way")),
                    ("pings", pings.len()),
                ] {
                    assert_eq!(counts[name], listed, "{name} of {}", path.display());
                }
            }
        }
    }
}

#[test]
fn no_object_has_a_key_twice() {
    for path in captures() {
        for line in json(&path, true).lines() {
            let mut reader = serde_json::Deserializer::from_str(line);
            if let Err(error) = UniqueKeys.deserialize(&mut reader) {
                panic!("{}: {error}: {line}", path.display());
            }
        }
    }
}

#[test]
fn the_test_for_double_keys_finds_them() {
    for line in [r#"{"a":1,"a":2}"#, r#"[{"b":{"a":1,"c":{},"a":null}}]"#] {
        let mut reader = serde_json::Deserializer::from_str(line);
        assert!(UniqueKeys.deserialize(&mut reader).is_err(), "{line}");
    }
    let mut reader = serde_json::Deserializer::from_str(r#"{"a":{"a":[1,{"a":0}]},"b":2}"#);
    assert!(UniqueKeys.deserialize(&mut reader).is_ok());
}

#[test]
fn times_never_run_backwards() {
    for path in captures() {
        if OUT_OF_ORDER.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        let mut last = String::new();
        for line in json(&path, false).lines() {
            let value: Value = serde_json::from_str(line).expect("JSON");
            let time = text(&value, "timestamp");
            // Both in the same form, so that the order of the text is that of time.
            assert_eq!(
                time.len(),
                if last.is_empty() {
                    time.len()
                } else {
                    last.len()
                },
                "{}: digits change: {line}",
                path.display()
            );
            assert!(
                *time >= *last,
                "{}: {time} after {last}: {line}",
                path.display()
            );
            time.clone_into(&mut last);
        }
    }
}

#[test]
fn integers_keep_their_value_in_every_reader() {
    for path in captures() {
        for line in json(&path, true).lines() {
            let value: Value = serde_json::from_str(line).expect("JSON");
            each_number(&value, &mut |number| {
                let fits = match (number.as_i64(), number.as_u64()) {
                    (Some(n), _) => n.unsigned_abs() <= 1 << 53,
                    (None, Some(n)) => n <= 1 << 53,
                    (None, None) => number
                        .as_f64()
                        .is_some_and(|n| n.fract() != 0.0 || n.abs() <= 9_007_199_254_740_992.0),
                };
                assert!(fits, "{}: {number}: {line}", path.display());
            });
        }
    }
}

#[test]
fn secrets_show_only_when_asked_for() {
    let mut shown = 0;
    for path in common::samples() {
        let (masked, open) = (json(&path, false), json(&path, true));
        let keys = keys_in(&open);
        for (what, output) in [("json", &masked), ("report", &report(&path, false))] {
            assert!(
                !output.contains(KEY),
                "{}: a stream key in {what}: {}",
                path.display(),
                around(output, KEY)
            );
        }
        if keys.is_empty() {
            continue;
        }
        shown += 1;
        let report = report(&path, true);
        assert!(
            keys.iter().any(|key| report.contains(key)),
            "{}: none of {keys:?} in the report",
            path.display()
        );
    }
    assert!(shown >= 20, "only {shown} samples with stream keys");
}

#[test]
fn no_query_of_a_url_shows() {
    for path in captures() {
        let open = json(&path, true);
        let (masked, report) = (json(&path, false), report(&path, false));
        for value in query_values(&open) {
            for output in [&masked, &report] {
                assert!(
                    !output.contains(&value),
                    "{}: the query's value {value}: {}",
                    path.display(),
                    around(output, &value)
                );
            }
        }
    }
}

#[test]
fn a_key_has_the_same_mask_everywhere() {
    // The mask of each key, from the call that names the stream, in all samples.
    let mut masks: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in common::samples() {
        let (masked, open) = (json(&path, false), json(&path, true));
        assert_eq!(masked.lines().count(), open.lines().count());
        for (masked, open) in masked.lines().zip(open.lines()) {
            let open: Value = serde_json::from_str(open).expect("JSON");
            let masked: Value = serde_json::from_str(masked).expect("JSON");
            let place = "/connection_end/stream_name";
            if let (Some(Value::String(key)), Some(Value::String(mask))) =
                (open.pointer(place), masked.pointer(place))
            {
                masks.entry(key.clone()).or_default().insert(mask.clone());
            }
        }
    }
    assert!(masks.len() >= 2, "stream keys of the samples: {masks:?}");
    let mut all = BTreeSet::new();
    for (key, masks) in &masks {
        assert_eq!(masks.len(), 1, "masks of {key}: {masks:?}");
        assert!(masks.iter().all(|mask| mask.starts_with("****")), "{key}");
        all.extend(masks);
    }
    assert_eq!(all.len(), masks.len(), "different keys, different masks");
}

fn captures() -> Vec<PathBuf> {
    let mut all = common::samples();
    all.extend(common::public_captures());
    all
}

fn sample(name: &str) -> PathBuf {
    PathBuf::from(common::sample(name))
}

fn json(path: &Path, show_secrets: bool) -> String {
    output("json", path, show_secrets)
}

fn report(path: &Path, show_secrets: bool) -> String {
    // The head names the file, whose name is nobody's secret.
    output("report", path, show_secrets)
}

fn output(command: &str, path: &Path, show_secrets: bool) -> String {
    let mut program = common::rtmpscope();
    program.args([command, "-q"]);
    if show_secrets {
        program.arg("--show-secrets");
    }
    let output = program.arg(path).output().expect("the program runs");
    let code = common::code(&output);
    assert!(
        code == 0 || code == 3,
        "{}: exit code {code}: {}",
        path.display(),
        common::stderr(&output)
    );
    common::stdout(&output)
}

fn schema() -> (Schemas, SchemaIndex) {
    let path = common::root().join("schema/record.schema.json");
    let text = std::fs::read_to_string(path).expect("the schema");
    let value: Value = serde_json::from_str(&text).expect("the schema is JSON");
    let mut reader = serde_json::Deserializer::from_str(&text);
    UniqueKeys
        .deserialize(&mut reader)
        .expect("the schema has no key twice");
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    let id = value["$id"].as_str().expect("the schema's id").to_owned();
    compiler.add_resource(&id, value).expect("a resource");
    let index = compiler
        .compile(&id, &mut schemas)
        .unwrap_or_else(|error| panic!("the schema: {error:#}"));
    (schemas, index)
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("no text {key} in {value}"))
}

fn keys_in(output: &str) -> BTreeSet<String> {
    output
        .match_indices(KEY)
        .filter_map(|(at, _)| output.get(at..))
        .map(|rest| {
            rest.chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
                .collect()
        })
        .collect()
}

/// The values of the parameters behind a `?` in the texts of records. Short ones are left out:
/// they would be found by chance.
fn query_values(output: &str) -> BTreeSet<String> {
    let mut values = BTreeSet::new();
    for line in output.lines() {
        let value: Value = serde_json::from_str(line).expect("JSON");
        each_text(&value, &mut |text| {
            let Some((_, query)) = text.split_once('?') else {
                return;
            };
            let query = query.split_whitespace().next().unwrap_or_default();
            for parameter in query.split('&') {
                if let Some((_, value)) = parameter.split_once('=')
                    && value.len() >= 6
                {
                    values.insert(value.to_owned());
                }
            }
        });
    }
    values
}

fn around<'o>(output: &'o str, found: &str) -> &'o str {
    output
        .lines()
        .find(|line| line.contains(found))
        .unwrap_or_default()
}

fn each_number(value: &Value, act: &mut impl FnMut(&serde_json::Number)) {
    match value {
        Value::Number(number) => act(number),
        Value::Array(items) => items.iter().for_each(|item| each_number(item, act)),
        Value::Object(members) => members.values().for_each(|member| each_number(member, act)),
        _ => {}
    }
}

fn each_text(value: &Value, act: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => act(text),
        Value::Array(items) => items.iter().for_each(|item| each_text(item, act)),
        Value::Object(members) => members.values().for_each(|member| each_text(member, act)),
        _ => {}
    }
}

/// Reads any JSON and fails at an object in which a key comes twice, which `Value` forgives.
struct UniqueKeys;

impl<'de> DeserializeSeed<'de> for UniqueKeys {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for UniqueKeys {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            map.next_value_seed(Self)?;
            if let Some(twice) = seen.replace(key) {
                return Err(A::Error::custom(format_args!("`{twice}` comes twice")));
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Self)?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
