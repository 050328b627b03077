//! Makes of a connection what the dashboard shows of it: its row in the list, its detail, and what
//! was odd about it.

use crate::base::severity::Severity;
use crate::base::side::PerSide;
use crate::base::side::Side;
use crate::base::text::printable;
use crate::net::connection::Connection as Tcp;
use crate::net::health::Health;
use crate::pipeline::Connection;
use crate::pipeline::Gap;
use crate::rtmp::anomaly::Anomaly;
use crate::rtmp::secret::Secrecy;
use crate::session::Session;
use crate::session::anomaly::SessionAnomaly;
use crate::session::channel::Direction;
use crate::session::history::Bucket;
use crate::session::mask::Mask;
use crate::session::skew::Skew;
use crate::session::track::Track;
use crate::tui::model::Detail;
use crate::tui::model::Oddity;
use crate::tui::model::Row;
use crate::tui::model::RowInferred;
use crate::tui::model::RowMore;
use crate::tui::model::SPARK_LEN;
use crate::tui::model::label;
use crate::tui::units::bytes;

/// The row of a connection.
pub(super) fn row(
    connection: &Connection,
    tcp: &Tcp,
    show_secrets: bool,
    oddities: &[std::sync::Arc<Oddity>],
) -> Row {
    let session = &connection.session;
    let summary = session.summary();
    let health = tcp.health();
    let missing = connection.missing();
    let sum = |of: fn(&Direction) -> u64| {
        let directions = &session.directions;
        of(&directions.client).saturating_add(of(&directions.server))
    };
    Row {
        id: connection.id,
        ends: connection.ends,
        label: label(session, show_secrets),
        role: summary.role,
        inferred: RowInferred {
            sides: connection.sides_from().is_some(),
            role: summary.role_from.is_some(),
            skew: summary.skew_from.is_some(),
        },
        stage: summary.stage,
        end: summary.end,
        codecs: codecs(summary.video, summary.audio),
        kbits: summary.kbits,
        spark: spark(summary.video, summary.audio),
        frame_rate: summary.video.and_then(Track::frame_rate),
        keyframe_ms: summary
            .video
            .and_then(|track| track.gops.as_ref())
            .and_then(|gops| gops.interval_mean_ms()),
        skew_ms: summary.skew.and_then(Skew::timestamp_ms),
        lag_ms: summary
            .lag
            .map(super::super::base::time::Span::as_millis_f64),
        retransmitted: share_sent_again(health),
        missing: missing.client.saturating_add(missing.server),
        messages: sum(Direction::messages),
        aggregate_parts: sum(|direction| direction.aggregated),
        first: connection.first,
        last: connection.last,
        worst: oddities.iter().map(|oddity| oddity.severity).max(),
        anomalies: u32::try_from(oddities.len()).unwrap_or(u32::MAX),
        more: more(connection, show_secrets, oddities),
    }
}

fn more(
    connection: &Connection,
    show_secrets: bool,
    oddities: &[std::sync::Arc<Oddity>],
) -> RowMore {
    let session = &connection.session;
    let summary = session.summary();
    let mask = Mask::new(session, show_secrets);
    let shown = |text: Option<&str>, secrecy: Secrecy| {
        text.map(|text| printable(&mask.text(text, secrecy)))
    };
    let stats = &session.calls.stats;
    let codecs = session.tracks.iter().filter_map(|track| track.codec);
    let size = summary.video.and_then(Track::picture_size);
    RowMore {
        app: shown(summary.app, Secrecy::Url),
        stream: shown(summary.stream_name, Secrecy::Whole),
        tc_url: shown(summary.tc_url, Secrecy::Url),
        software: PerSide {
            client: shown(summary.client_software, Secrecy::Open),
            server: shown(summary.server_software, Secrecy::Open),
        },
        codecs: codecs.map(|codec| codec.to_string()).collect(),
        picture: size.map(|size| (size.width, size.height)),
        codes: oddities.iter().map(|oddity| oddity.code).collect(),
        calls: stats.calls.into(),
        calls_failed: stats.failed,
        calls_unanswered: stats.unanswered,
        calls_waiting: session.calls.waiting().into(),
        end_cause: session.end.map(|end| end.cause.name()),
    }
}

/// The detail of a connection.
pub(super) fn detail(connection: &Connection, tcp: &Tcp, show_secrets: bool) -> Detail {
    Detail {
        id: connection.id,
        ends: connection.ends,
        tunnel: connection.tunnel,
        begins: PerSide {
            client: tcp.streams().client.first_number(),
            server: tcp.streams().server.first_number(),
        },
        first: connection.first,
        last: connection.last,
        missing: connection.missing(),
        sides_from: connection.sides_from(),
        session: connection.session.clone(),
        health: tcp.health().clone(),
        show_secrets,
    }
}

/// About how many bytes a detail takes.
pub(super) fn weight(detail: &Detail) -> usize {
    const CALL: usize = 400;
    const TRACK: usize = 1500;
    const GOP: usize = 48;
    let session = &detail.session;
    let tracks: usize = session
        .tracks
        .iter()
        .map(|track| {
            let buckets = track
                .history
                .buckets()
                .len()
                .saturating_mul(size_of::<Bucket>());
            let gops = track.gops.as_ref().map_or(0, |gops| gops.iter().count());
            buckets
                .saturating_add(gops.saturating_mul(GOP))
                .saturating_add(TRACK)
        })
        .sum();
    let calls = session.calls.iter().count().saturating_mul(CALL);
    size_of::<Session>()
        .saturating_add(size_of::<Detail>())
        .saturating_add(tracks)
        .saturating_add(calls)
}

/// Codecs of the main tracks.
pub(super) fn codecs(video: Option<&Track>, audio: Option<&Track>) -> String {
    let name = |track: &Track| {
        track
            .codec
            .map_or_else(|| "?".to_owned(), |codec| codec.to_string())
    };
    let mut parts = Vec::new();
    if let Some(track) = video {
        let size = track.picture_size().map(|size| format!(" {size}"));
        parts.push(format!("{}{}", name(track), size.unwrap_or_default()));
    }
    parts.extend(audio.map(name));
    parts.join("+")
}

fn spark(video: Option<&Track>, audio: Option<&Track>) -> Vec<u32> {
    let Some(track) = video.or(audio) else {
        return Vec::new();
    };
    let buckets = track.history.closed();
    let from = buckets.len().saturating_sub(SPARK_LEN);
    let shown = buckets.get(from..).unwrap_or_default();
    shown.iter().map(|bucket| bucket.bytes).collect()
}

fn share_sent_again(health: &PerSide<Health>) -> f64 {
    let side = |health: &Health| (u64::from(health.retransmitted_packets), health.packets);
    let (client, server) = (side(&health.client), side(&health.server));
    let packets = client.1.saturating_add(server.1);
    let again = client.0.saturating_add(server.0);
    #[expect(clippy::cast_precision_loss, reason = "a share with two figures")]
    let share = again as f64 / packets.max(1) as f64;
    share
}

/// What the session found odd.
pub(super) fn session_oddities(
    connection: &Connection,
    show_secrets: bool,
) -> impl Iterator<Item = Oddity> {
    let name = label(&connection.session, show_secrets);
    connection
        .session
        .anomalies
        .iter()
        .map(move |anomaly: &SessionAnomaly| Oddity {
            flow: connection.id,
            label: name.clone(),
            code: anomaly.kind.code(),
            severity: anomaly.kind.severity(),
            side: anomaly.side,
            first: anomaly.first,
            last: anomaly.last,
            count: anomaly.count,
            what: shown(connection, &anomaly.kind.to_string(), show_secrets),
        })
}

/// What a decoder found odd.
pub(super) fn wire_oddity(
    connection: &Connection,
    side: Side,
    anomaly: &Anomaly,
    show_secrets: bool,
) -> Oddity {
    Oddity {
        flow: connection.id,
        label: label(&connection.session, show_secrets),
        code: anomaly.kind.code(),
        severity: anomaly.kind.severity(),
        side,
        first: anomaly.at,
        last: anomaly.at,
        count: 1,
        what: shown(connection, &anomaly.kind.to_string(), show_secrets),
    }
}

/// Bytes that are missing.
pub(super) fn gap_oddity(connection: &Connection, gap: &Gap, show_secrets: bool) -> Oddity {
    Oddity {
        flow: connection.id,
        label: label(&connection.session, show_secrets),
        code: "tcp.gap",
        severity: Severity::Warning,
        side: gap.side,
        first: gap.at,
        last: gap.at,
        count: 1,
        what: format!("{} are missing in the capture", bytes(gap.range.len())),
    }
}

fn shown(connection: &Connection, text: &str, show_secrets: bool) -> String {
    if show_secrets {
        printable(text)
    } else {
        printable(&connection.session.redactor().text(text))
    }
}
