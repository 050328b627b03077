//! A connection as a subject of filters, by what the session and those around it know.

use crate::base::ids::FlowId;
use crate::base::ids::Mark;
use crate::base::severity::Severity;
use crate::base::side::PerSide;
use crate::base::side::Side;
use crate::base::text::printable;
use crate::base::time::Span;
use crate::filter::field::Field;
use crate::filter::value::Subject;
use crate::filter::value::Value;
use crate::filter::value::Values;
use crate::net::Endpoint;
use crate::net::health::Health;
use crate::rtmp::secret::Secrecy;
use crate::session::Session;
use crate::session::channel::Direction;
use crate::session::end::EndStyle;
use crate::session::mask::Mask;
use crate::session::netstream::Role;
use crate::session::skew::Skew;
use crate::session::summary::Summary;
use crate::session::track::Track;

/// A connection.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionSubject<'a> {
    /// Its number.
    pub id: FlowId,
    /// Addresses.
    pub ends: PerSide<Endpoint>,
    /// First frame.
    pub first: Mark,
    /// Latest frame.
    pub last: Mark,
    /// Bytes that the capture does not hold, by sender.
    pub missing: PerSide<u64>,
    /// Whether it is inferred which side is the client.
    pub has_inferred_sides: bool,
    /// What the peers did.
    pub session: &'a Session,
    /// How TCP carried it, where that is at hand.
    pub health: Option<&'a PerSide<Health>>,
    /// What the decoder noticed, beside what the session did: each code once.
    pub noticed: &'a [(&'static str, Severity)],
    /// What is hidden.
    pub mask: Mask<'a>,
}

impl ConnectionSubject<'_> {
    fn summary(&self) -> Summary<'_> {
        self.session.summary()
    }

    fn shown(&self, text: &str, secrecy: Secrecy) -> String {
        printable(&self.mask.text(text, secrecy))
    }

    fn text_of(&self, text: Option<&str>, secrecy: Secrecy) -> Values<'_> {
        Values::text(text.map(|text| self.shown(text, secrecy)))
    }

    fn codes(&self) -> impl Iterator<Item = &'static str> {
        let of_session = self.session.anomalies.iter();
        let noticed = self.noticed.iter().map(|(code, _)| *code);
        of_session.map(|anomaly| anomaly.kind.code()).chain(noticed)
    }

    fn worst(&self) -> &'static str {
        let noticed = self.noticed.iter().map(|(_, severity)| *severity).max();
        severity_name(self.session.anomalies.worst().max(noticed))
    }

    fn sum(&self, of: fn(&Direction) -> u64) -> u64 {
        let directions = &self.session.directions;
        of(&directions.client).saturating_add(of(&directions.server))
    }

    fn software(&self, sides: &[Side]) -> Values<'_> {
        let summary = self.summary();
        let of = |side: &Side| match side {
            Side::Client => summary.client_software,
            Side::Server => summary.server_software,
        };
        let texts = sides.iter().filter_map(of);
        Values::several(texts.map(|text| Value::Text(self.shown(text, Secrecy::Open).into())))
    }

    fn codecs(&self) -> Values<'_> {
        let codecs = self.session.tracks.iter().filter_map(|track| track.codec);
        Values::several(codecs.map(|codec| Value::Text(codec.to_string().into())))
    }

    fn loss(&self) -> Values<'_> {
        let Some(health) = self.health else {
            return Values::Unknown;
        };
        let (client, server) = (&health.client, &health.server);
        let packets = client.packets.saturating_add(server.packets).max(1);
        let again = u64::from(client.retransmitted_packets)
            .saturating_add(u64::from(server.retransmitted_packets));
        #[expect(clippy::cast_precision_loss, reason = "a share with few figures")]
        let share = again as f64 / packets as f64;
        Values::number(share * 100.0)
    }

    fn is_inferred(&self) -> bool {
        let summary = self.summary();
        self.has_inferred_sides || summary.role_from.is_some() || summary.skew_from.is_some()
    }

    /// What a list shows of it, and the names behind that.
    fn texts(&self) -> Values<'_> {
        let summary = self.summary();
        let app = summary.app.map(|app| self.shown(app, Secrecy::Url));
        let name = summary
            .stream_name
            .map(|name| self.shown(name, Secrecy::Whole));
        let label = match (app, name) {
            (Some(app), Some(name)) => Some(format!("{app}/{name}")),
            (app, name) => app.or(name),
        };
        let end = |side| endpoint(self.ends.of(side));
        let mut texts = vec![
            format!("#{}", self.id),
            format!("{} -> {}", end(Side::Client), end(Side::Server)),
            summary.stage.name().to_owned(),
        ];
        texts.extend(label);
        texts.extend(summary.role.map(|role| role.name().to_owned()));
        texts.extend(summary.end.map(|end| end.name().to_owned()));
        let secret = [
            (summary.tc_url, Secrecy::Url),
            (summary.client_software, Secrecy::Open),
            (summary.server_software, Secrecy::Open),
        ];
        for (text, secrecy) in secret {
            texts.extend(text.map(|text| self.shown(text, secrecy)));
        }
        let tracks = [summary.video, summary.audio].into_iter().flatten();
        texts.extend(tracks.filter_map(|track| Some(track.codec?.to_string())));
        texts.extend(
            summary
                .video
                .and_then(Track::picture_size)
                .map(|size| size.to_string()),
        );
        texts.extend(self.codes().map(str::to_owned));
        Values::several(texts.into_iter().map(|text| Value::Text(text.into())))
    }
}

/// Address and port as they are shown.
fn endpoint(end: &Endpoint) -> String {
    std::net::SocketAddr::new(end.addr, end.port).to_string()
}

/// The word for what was worst.
pub fn severity_name(worst: Option<Severity>) -> &'static str {
    worst.map_or("ok", Severity::name)
}

impl Subject for ConnectionSubject<'_> {
    fn value(&self, field: Field) -> Values<'_> {
        let session = self.session;
        let stats = &session.calls.stats;
        let (client, server) = (self.ends.client, self.ends.server);
        let ports = |ports: &[u16]| {
            Values::several(ports.iter().map(|port| Value::Number(f64::from(*port))))
        };
        let video = || self.summary().video;
        match field {
            Field::Conn => Values::count(self.id.0),
            Field::TcpStream => Values::count(self.id.0.saturating_sub(1)),
            Field::Role => Values::word(self.summary().role.map(Role::name)),
            Field::Stage => Values::word(Some(self.summary().stage.name())),
            Field::App => self.text_of(self.summary().app, Secrecy::Url),
            Field::StreamName => self.text_of(self.summary().stream_name, Secrecy::Whole),
            Field::TcUrl => self.text_of(self.summary().tc_url, Secrecy::Url),
            Field::Addr => Values::several([client, server].map(|end| Value::Address(end.addr))),
            Field::ClientAddr => Values::of(Some(Value::Address(client.addr))),
            Field::ServerAddr => Values::of(Some(Value::Address(server.addr))),
            Field::Port => ports(&[client.port, server.port]),
            Field::ClientPort => ports(&[client.port]),
            Field::ServerPort => ports(&[server.port]),
            Field::Software => self.software(&Side::BOTH),
            Field::ClientSoftware => self.software(&[Side::Client]),
            Field::ServerSoftware => self.software(&[Side::Server]),
            Field::ConnCodec | Field::Codec => self.codecs(),
            Field::Width => {
                let size = video().and_then(Track::picture_size);
                Values::number(size.map(|size| f64::from(size.width)))
            }
            Field::Height => {
                let size = video().and_then(Track::picture_size);
                Values::number(size.map(|size| f64::from(size.height)))
            }
            Field::Kbits => {
                let summary = self.summary();
                let tracks = [summary.video, summary.audio];
                let is_known = tracks.into_iter().flatten().any(|t| t.kbits().is_some());
                Values::number(is_known.then_some(summary.kbits))
            }
            Field::Fps => Values::number(video().and_then(Track::frame_rate)),
            Field::Gop => {
                let gops = video().and_then(|track| track.gops.as_ref());
                Values::number(gops.and_then(|gops| gops.interval_mean_ms()))
            }
            Field::Skew => Values::number(self.summary().skew.and_then(Skew::timestamp_ms)),
            Field::Lag => Values::number(self.summary().lag.map(Span::as_millis_f64)),
            Field::Loss => self.loss(),
            Field::ConnMissing | Field::Missing => {
                Values::count(self.missing.client.saturating_add(self.missing.server))
            }
            Field::Health | Field::Severity => Values::word(Some(self.worst())),
            Field::Anomaly => Values::several(self.codes().map(|code| Value::Text(code.into()))),
            Field::Anomalies => Values::count(self.codes().count().try_into().unwrap_or(u64::MAX)),
            Field::Messages => Values::count(self.sum(Direction::messages)),
            Field::Calls => Values::count(stats.calls.into()),
            Field::CallsFailed => Values::count(stats.failed),
            Field::CallsUnanswered => Values::count(stats.unanswered),
            Field::CallsWaiting => Values::count(session.calls.waiting().into()),
            Field::Duration => {
                let lasted = self.last.time.since(self.first.time).max(Span::ZERO);
                Values::number(lasted.as_secs_f64())
            }
            Field::End => Values::word(self.summary().end.map(EndStyle::name)),
            Field::EndCause => Values::word(session.end.map(|end| end.cause.name())),
            Field::ConnInferred | Field::Inferred => Values::flag(self.is_inferred()),
            Field::Rtmpt => Values::flag(true),
            Field::Text => self.texts(),
            _ => Values::Unknown,
        }
    }
}
