//! Acknowledgement windows, and the health of TCP.

use ratatui::text::Line;
use ratatui::text::Span;

use crate::base::side::Side;
use crate::base::time::Span as Time;
use crate::tui::model::Detail;
use crate::tui::state::ViewState;
use crate::tui::units;
use crate::tui::view::session::Fact;
use crate::tui::view::session::Facts;
use crate::tui::widgets::text::pad;

pub(super) fn flow<'a>(detail: &Detail, view: &ViewState) -> Facts<'a> {
    let theme = view.theme;
    let worry = |is: bool| if is { theme.warn() } else { theme.plain() };
    let mut all = Vec::new();
    let heading = Line::styled(
        format!("{:<19}{:>12}{:>12}", "", "→ client", "← server"),
        theme.dim(),
    );
    let mut row = |name: &str, value: &dyn Fn(Side) -> (String, bool)| {
        let mut spans = vec![Span::styled(format!(" {name:<18}"), theme.dim())];
        for side in Side::BOTH {
            let (text, is_worry) = value(side);
            let text = if is_worry {
                format!("▲ {text}")
            } else {
                text
            };
            spans.push(Span::styled(pad(&text, 12, true), worry(is_worry)));
        }
        all.push(Fact::new(Line::from(spans), None));
    };
    let health = |side: Side| detail.health.of(side);
    let time = |span: Option<Time>| span.map_or_else(|| "-".to_owned(), units::span);
    row("RTT median", &|side| {
        (time(health(side).round_trips.median()), false)
    });
    row("RTT p95", &|side| {
        (time(health(side).round_trips.p95()), false)
    });
    row("packets", &|side| {
        (units::grouped(health(side).packets), false)
    });
    row("bytes", &|side| (units::bytes(health(side).bytes), false));
    row("retransmitted", &|side| {
        let count = health(side).retransmitted_packets;
        (units::grouped(u64::from(count)), count > 0)
    });
    row("out of order", &|side| {
        let count = health(side).out_of_order_packets;
        (units::grouped(u64::from(count)), count > 0)
    });
    row("zero windows", &|side| {
        let count = health(side).zero_windows;
        (units::grouped(u64::from(count)), count > 0)
    });
    row("in flight at most", &|side| {
        (units::bytes(u64::from(health(side).in_flight_max())), false)
    });
    row("missing in capture", &|side| {
        let missing = *detail.missing.of(side);
        (units::bytes(missing), missing > 0)
    });
    row("RTMP ack window", &|side| {
        let window = detail.session.windows.of(side).window();
        let text = window.map_or_else(|| "-".to_owned(), |window| units::bytes(u64::from(window)));
        (text, false)
    });
    row("not acknowledged", &|side| {
        let window = detail.session.windows.of(side);
        if window.acks == 0 && window.announced.is_none() {
            return ("-".to_owned(), false);
        }
        let unacked = window.unacked();
        let limit = window.announced.map_or(u64::MAX, u64::from);
        (units::bytes(unacked), unacked > limit.saturating_mul(2))
    });
    row("RTMP acks", &|side| {
        (units::grouped(detail.session.windows.of(side).acks), false)
    });
    Facts {
        heading: Some(heading),
        all,
    }
}
