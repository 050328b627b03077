//! What expressions mean.

use std::collections::HashMap;

use super::*;
use crate::filter::value::Value;
use crate::filter::value::Values;

mod guide;
mod typing;

/// A subject that knows these fields, and says of others that they are absent, or unknown if they
/// are a message's and this is none.
#[derive(Default)]
struct Known {
    values: HashMap<Field, Vec<Value<'static>>>,
    is_connection: bool,
}

impl Known {
    fn with(mut self, field: Field, value: Value<'static>) -> Self {
        self.values.entry(field).or_default().push(value);
        self
    }

    fn number(self, field: Field, number: f64) -> Self {
        self.with(field, Value::Number(number))
    }

    fn text(self, field: Field, text: &'static str) -> Self {
        self.with(field, Value::Text(text.into()))
    }

    fn word(self, field: Field, word: &'static str) -> Self {
        self.with(field, Value::Word(word))
    }
}

impl Subject for Known {
    fn value(&self, field: Field) -> Values<'_> {
        match self.values.get(&field) {
            Some(values) => Values::several(values.iter().cloned()),
            None if self.is_connection && field.info().of == field::Of::Message => Values::Unknown,
            None => Values::absent(),
        }
    }
}

/// A player's message, as a filter sees it.
fn message() -> Known {
    Known::default()
        .word(Field::Role, "player")
        .word(Field::Health, "warning")
        .word(Field::Severity, "warning")
        .word(Field::Dir, "server")
        .number(Field::Type, 20.0)
        .number(Field::Len, 150.0)
        .number(Field::Ts, 0.0)
        .number(Field::Fps, 29.97)
        .number(Field::Kbits, 4803.0)
        .number(Field::Skew, -250.0)
        .number(Field::Port, 1935.0)
        .number(Field::Port, 44394.0)
        .text(Field::Cmd, "onStatus")
        .text(Field::Code, "NetStream.Play.Start")
        .text(Field::App, "live")
        .text(Field::Text, "onStatus  NetStream.Play.Start")
        .text(Field::Text, "command_amf0")
        .with(Field::Key, Value::Flag(false))
        .with(Field::Odd, Value::Flag(true))
        .with(
            Field::Addr,
            Value::Address("192.0.2.7".parse().expect("v4")),
        )
        .with(
            Field::Addr,
            Value::Address("2001:db8::5".parse().expect("v6")),
        )
}

fn filter(text: &str) -> Filter {
    Filter::parse(text).unwrap_or_else(|error| panic!("{}", error.with_place(text)))
}

fn error(text: &str) -> ParseError {
    Filter::parse(text).expect_err(text)
}

#[track_caller]
fn is_true(texts: &[&str]) {
    for text in texts {
        assert_eq!(filter(text).eval(&message()), Truth::True, "{text}");
    }
}

#[track_caller]
fn is_false(texts: &[&str]) {
    for text in texts {
        assert_eq!(filter(text).eval(&message()), Truth::False, "{text}");
    }
}

#[test]
fn numbers_compare() {
    is_true(
        &[
            "len == 150",
            "len eq 150",
            "len:150",
            "len != 151",
            "len > 149",
            "len >= 150",
            "len gt 1",
            "len < 151",
            "len <= 150",
            "len le 150",
            "len in {1, 150}",
            "len in {100..200}",
            "len:1,100..200",
            "len == 0x96 or len == 150",
            "fps:30",
            "fps==29.97",
            "fps == 30.0",
            "kbits>4.8M",
            "kbits:4.8M",
            "kbits < 5000",
            "skew<-200ms",
            "skew < -0.2s",
            "len in {1 150}",
        ]
        .map(|text| {
            if text.contains("0x") {
                "rtmpt.header.typeid == 0x14"
            } else {
                text
            }
        }),
    );
    is_false(&[
        "len == 151",
        "len != 150",
        "len > 150",
        "len < 150",
        "len in {1..2}",
        "fps==29.96",
        "fps == 25",
        "kbits>4.9M",
        "skew>0",
    ]);
}

#[test]
fn text_is_the_same_or_has_a_part() {
    is_true(&[
        "cmd == \"onStatus\"",
        "cmd == onStatus",
        "cmd:ONSTATUS",
        "code contains \"Play\"",
        "code:play.start",
        "code:nothing,start",
        "code matches \"^netstream\\.play\"",
        "code ~ /start$/",
        "code:/play\\.(start|stop)/",
        "cmd in {connect, onStatus}",
        "cmd != connect",
        "app == 'live'",
        "code != \"live\"",
    ]);
    is_false(&[
        "cmd == onstatus",
        "cmd:status",
        "code contains \"play\"",
        "code matches /^play/",
        "cmd in {connect}",
        "app == \"liv\"",
    ]);
}

#[test]
fn words_are_known_by_beginning_and_alias_and_have_an_order() {
    is_true(&[
        "role:play",
        "role==player",
        "role!=publisher",
        "msg:cmd",
        "msg:20",
        "msg==command_amf0",
        "msg:audio,cmd",
        "msg in {8, 9, command}",
        "type>=17",
        "dir:<-",
        "dir == down",
        "health<ok",
        "health<=warning",
        "health>error",
        "severity>=warning",
        "severity:warn",
        "worst > info",
        "key:false",
        "odd==true",
        "rtmpt.header.typeid == 20",
        "ROLE:PLAYER",
    ]);
    is_false(&[
        "role:pub",
        "msg:data",
        "dir:->",
        "health:ok",
        "health<warning",
        "severity>warning",
        "key",
    ]);
}

#[test]
fn one_of_several_values_is_enough_and_unequal_takes_all() {
    is_true(&[
        "port==1935",
        "port:44394",
        "port!=1936",
        "addr:192.0.2.0/24",
        "ip.addr == 2001:db8::5",
        "addr in {10.0.0.1, 192.0.2.7}",
        "tcp.port in {1935..1937}",
    ]);
    is_false(&[
        "port!=1935",
        "addr:10.0.0.0/8",
        "ip.addr != 192.0.2.7",
        "port > 50000",
    ]);
}

#[test]
fn a_field_alone_is_whether_it_is_there() {
    is_true(&["odd", "len", "cmd", "role", "not key", "!gop", "not ts"]);
    is_false(&["gop", "fourcc", "key", "ts", "gop != 5", "gop < 5"]);
}

#[test]
fn words_without_a_field_look_through_what_is_shown() {
    is_true(&[
        "onstatus",
        "\"play.start\"",
        "/^command_/",
        "NetStream.Play.Start",
        "'onStatus  Net'",
        "play start",
        "\"status\" cmd:onStatus",
    ]);
    is_false(&["connect", "/^status/", "play stop"]);
    // Not a field of that name, but an address.
    filter("10.0.0.5:1935");
    filter("fe80::1");
}

#[test]
fn not_binds_tighter_than_and_and_that_tighter_than_or() {
    is_true(&[
        "odd or key and key",
        "not key and odd",
        "not (key and odd)",
        "!key && odd || key",
        "key or odd and len==150",
        "not not odd",
        "!!odd",
        "odd len:150",
        "(odd)",
        "((odd) and (len))",
        "odd AND NOT key",
    ]);
    is_false(&[
        "(odd or key) and key",
        "not odd or key",
        "not (odd or key)",
        "odd key",
        "!(odd)",
        "not odd and odd",
    ]);
}

#[test]
fn what_a_connection_cannot_tell_stays_open() {
    let connection = || {
        let mut known = message();
        known
            .values
            .retain(|field, _| field.info().of != field::Of::Message);
        known.is_connection = true;
        known
    };
    for (text, truth) in [
        ("role:player", Truth::True),
        ("msg:audio", Truth::Unknown),
        ("not msg:audio", Truth::Unknown),
        ("role:player and msg:audio", Truth::Unknown),
        ("role:pub and msg:audio", Truth::False),
        ("role:player or msg:audio", Truth::True),
        ("role:pub or msg:audio", Truth::Unknown),
        ("onStatus", Truth::True),
    ] {
        let filter = filter(text);
        assert_eq!(filter.eval(&connection()), truth, "{text}");
        assert_eq!(
            filter.may_match(&connection()),
            truth != Truth::False,
            "{text}"
        );
        assert_eq!(filter.asks_messages(), text.contains("msg"), "{text}");
    }
}

#[test]
fn the_messages_of_a_connection_answer_together_with_what_is_known_at_the_end() {
    let of = |kind: f64, len: f64| {
        Known::default()
            .number(Field::Type, kind)
            .number(Field::Len, len)
    };
    let told = |text: &str, role: &'static str| {
        let filter = filter(text);
        let mut seen = seen::Seen::default();
        // The role was not known yet.
        seen.note(&filter, &of(20.0, 10.0));
        seen.note(&filter, &of(9.0, 500.0));
        let mut connection = Known::default().word(Field::Role, role);
        connection.is_connection = true;
        filter.eval_seen(&connection, &seen)
    };
    assert_eq!(told("role:pub and msg:cmd", "publisher"), Truth::True);
    assert_eq!(told("role:pub and msg:cmd", "player"), Truth::False);
    assert_eq!(told("msg:video and len>100", "player"), Truth::True);
    // No message is both, though there are some of each.
    assert_eq!(told("msg:cmd and len>100", "player"), Truth::False);
    assert_eq!(told("msg:audio", "player"), Truth::False);
    assert_eq!(told("not msg:audio", "player"), Truth::True);
    assert_eq!(told("role:player", "player"), Truth::True);
}

#[test]
fn more_different_answers_than_are_kept_leave_it_open() {
    let terms: Vec<String> = (0..9).map(|bit| format!("csid:{bit}")).collect();
    let text = format!("msg:8 and ({})", terms.join(" or "));
    let filter = filter(&text);
    let mut seen = seen::Seen::default();
    for bits in 0..512_u32 {
        let mut known = Known::default();
        for bit in (0..9).filter(|bit| bits >> bit & 1 == 1) {
            known = known.number(Field::Csid, f64::from(bit));
        }
        seen.note(&filter, &known);
    }
    let connection = Known {
        is_connection: true,
        ..Known::default()
    };
    assert_eq!(filter.eval_seen(&connection, &seen), Truth::Unknown);
}
