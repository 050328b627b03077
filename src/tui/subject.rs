//! What the lists of the dashboard answer to a display filter: connections, messages, findings.
//! Everything they say is what they show.

use crate::base::side::Side;
use crate::filter::connection::ConnectionSubject;
use crate::filter::connection::severity_name;
use crate::filter::field::Field;
use crate::filter::message::MessageSubject;
use crate::filter::message::Said;
use crate::filter::value::Subject;
use crate::filter::value::Value;
use crate::filter::value::Values;
use crate::session::end::EndStyle;
use crate::session::mask::Mask;
use crate::session::netstream::Role;
use crate::tui::model::Detail;
use crate::tui::model::Kept;
use crate::tui::model::Oddity;
use crate::tui::model::Row;

impl Subject for Row {
    fn value(&self, field: Field) -> Values<'_> {
        let (client, server) = (self.ends.client, self.ends.server);
        let ports = |ports: &[u16]| {
            Values::several(ports.iter().map(|port| Value::Number(f64::from(*port))))
        };
        let text = |text: &'_ Option<String>| Values::text(text.clone());
        let more = &self.more;
        match field {
            Field::Conn => Values::count(self.id.0),
            Field::TcpStream => Values::count(self.id.0.saturating_sub(1)),
            Field::Role => Values::word(self.role.map(Role::name)),
            Field::Stage => Values::word(Some(self.stage.name())),
            Field::App => text(&more.app),
            Field::StreamName => text(&more.stream),
            Field::TcUrl => text(&more.tc_url),
            Field::Addr => Values::several([client, server].map(|end| Value::Address(end.addr))),
            Field::ClientAddr => Values::of(Some(Value::Address(client.addr))),
            Field::ServerAddr => Values::of(Some(Value::Address(server.addr))),
            Field::Port => ports(&[client.port, server.port]),
            Field::ClientPort => ports(&[client.port]),
            Field::ServerPort => ports(&[server.port]),
            Field::Software => {
                let all = [&more.software.client, &more.software.server];
                let known = all.into_iter().flatten();
                Values::several(known.map(|text| Value::Text(text.as_str().into())))
            }
            Field::ClientSoftware => text(&more.software.client),
            Field::ServerSoftware => text(&more.software.server),
            Field::ConnCodec | Field::Codec => {
                let codecs = more.codecs.iter();
                Values::several(codecs.map(|codec| Value::Text(codec.as_str().into())))
            }
            Field::Width => Values::number(more.picture.map(|(width, _)| f64::from(width))),
            Field::Height => Values::number(more.picture.map(|(_, height)| f64::from(height))),
            Field::Kbits => Values::number((self.kbits > 0.0).then_some(self.kbits)),
            Field::Fps => Values::number(self.frame_rate),
            Field::Gop => Values::number(self.keyframe_ms),
            Field::Skew => Values::number(self.skew_ms),
            Field::Lag => Values::number(self.lag_ms),
            Field::Loss => Values::number(self.retransmitted * 100.0),
            Field::ConnMissing | Field::Missing => Values::count(self.missing),
            Field::Health | Field::Severity => Values::word(Some(severity_name(self.worst))),
            Field::Anomaly => {
                Values::several(more.codes.iter().map(|code| Value::Text((*code).into())))
            }
            Field::Anomalies => Values::count(self.anomalies.into()),
            Field::Messages => Values::count(self.messages),
            Field::Calls => Values::count(more.calls),
            Field::CallsFailed => Values::count(more.calls_failed),
            Field::CallsUnanswered => Values::count(more.calls_unanswered),
            Field::CallsWaiting => Values::count(more.calls_waiting),
            Field::Duration => {
                let lasted = self.last.time.since(self.first.time).as_secs_f64();
                Values::number(lasted.max(0.0))
            }
            Field::End => Values::word(self.end.map(EndStyle::name)),
            Field::EndCause => Values::word(more.end_cause),
            Field::ConnInferred | Field::Inferred => Values::flag(self.inferred.is_any()),
            Field::Rtmpt => Values::flag(true),
            Field::Text => self.texts(),
            _ => Values::Unknown,
        }
    }
}

impl Row {
    /// Everything that its line shows, and the names behind that.
    fn texts(&self) -> Values<'_> {
        let end = |side| {
            let end = self.ends.of(side);
            std::net::SocketAddr::new(end.addr, end.port).to_string()
        };
        let more = &self.more;
        let mut texts = vec![
            format!("#{}", self.id),
            self.label.clone(),
            format!("{} -> {}", end(Side::Client), end(Side::Server)),
            self.stage.name().to_owned(),
            self.codecs.clone(),
        ];
        texts.extend(self.role.map(|role| role.name().to_owned()));
        texts.extend(self.end.map(|end| end.name().to_owned()));
        texts.extend(more.tc_url.clone());
        texts.extend(more.software.client.clone());
        texts.extend(more.software.server.clone());
        texts.extend(more.codes.iter().map(|code| (*code).to_owned()));
        Values::several(texts.into_iter().map(|text| Value::Text(text.into())))
    }
}

/// The open connection, as what a filter of its messages asks.
pub(super) fn connection(detail: &Detail) -> ConnectionSubject<'_> {
    ConnectionSubject {
        id: detail.id,
        ends: detail.ends,
        first: detail.first,
        last: detail.last,
        missing: detail.missing,
        has_inferred_sides: detail.sides_from.is_some(),
        session: &detail.session,
        health: Some(&detail.health),
        noticed: &[],
        mask: Mask::new(&detail.session, detail.show_secrets),
    }
}

/// A message of the open connection.
pub(super) fn message<'a>(
    kept: &'a Kept,
    detail: &'a Detail,
    connection: &'a dyn Subject,
) -> MessageSubject<'a> {
    MessageSubject::new(Said {
        number: kept.number,
        side: kept.side,
        raw: &kept.raw,
        decoded: None,
        is_odd: Some(kept.is_odd),
        begin: detail.first.time,
        mask: Mask::new(&detail.session, detail.show_secrets),
        connection,
    })
}

/// A finding, with the connection that it is about.
pub(super) struct Finding<'a> {
    pub(super) oddity: &'a Oddity,
    pub(super) row: Option<&'a Row>,
}

impl Subject for Finding<'_> {
    fn value(&self, field: Field) -> Values<'_> {
        let oddity = self.oddity;
        match field {
            Field::Conn => Values::count(oddity.flow.0),
            Field::Anomaly => Values::text(Some(oddity.code)),
            Field::Health | Field::Severity => Values::word(Some(oddity.severity.name())),
            Field::Dir => Values::word(Some(oddity.side.name())),
            Field::Frame => Values::count(oddity.first.frame.0),
            Field::Time => Values::number(
                self.row
                    .map(|row| oddity.first.time.since(row.first.time).as_secs_f64()),
            ),
            Field::Text => Values::several(
                [
                    oddity.code,
                    oddity.label.as_str(),
                    oddity.what.as_str(),
                    oddity.severity.name(),
                ]
                .map(|text| Value::Text(text.into())),
            ),
            other => self.row.map_or(Values::Unknown, |row| row.value(other)),
        }
    }
}
