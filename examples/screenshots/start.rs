//! The Start screen on a machine that is made up: what a picture shows must not be of the machine
//! on which it was made.

use std::path::PathBuf;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use rtmpscope::capture::bpf::Checked;
use rtmpscope::tui::start::model::Filter;
use rtmpscope::tui::start::model::Interface;
use rtmpscope::tui::start::model::Recent;
use rtmpscope::tui::start::model::Snapshot;
use rtmpscope::tui::start::state::View;
use rtmpscope::tui::start::view;
use rtmpscope::tui::theme::Ground;

use crate::stage::events;
use crate::stage::theme;

/// Seconds of a day.
const DAY: u64 = 86_400;

/// What is on the screen after some keys.
pub(crate) fn frame(keys: &str, (width, height): (u16, u16)) -> Buffer {
    let snapshot = machine();
    let mut view = View::new(&snapshot, "", theme(Ground::Dark));
    for event in events(keys) {
        view.key(event, &snapshot);
    }
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    view::fit_to(area, &snapshot, &mut view);
    view::render(&mut buffer, area, &snapshot, &view);
    buffer
}

fn machine() -> Snapshot {
    Snapshot {
        interfaces: vec![
            interface("any", "all interfaces", 9, 4),
            interface("eth0", "192.0.2.10 2001:db8:1::10", 7, 3),
            interface("eth1", "198.51.100.4", 2, 0),
            interface("lo", "127.0.0.1 ::1", 1, 1),
        ],
        recent: vec![
            recent("/srv/captures/evening-show.pcapng", 2400, 48_120_000),
            recent("/srv/captures/ingest-eu.pcap.zst", 3 * DAY, 1_204_000_000),
            recent("/home/me/player-stalled.pcap", 9 * DAY, 402_000),
        ],
        remembers: true,
        filter: Filter::Checked(Checked::Valid),
        home: Some(PathBuf::from("/home/me")),
        ..Snapshot::default()
    }
}

fn interface(name: &str, about: &str, share: u32, connections: usize) -> Interface {
    // A stream of some Mbit/s that stops for a moment and catches up.
    let course = [52, 55, 50, 58, 54, 51, 20, 0, 0, 96, 88, 57, 53, 55, 52, 56];
    let course: Vec<u32> = course.map(|bytes| bytes * share * 900).to_vec();
    Interface {
        name: name.to_owned(),
        about: about.to_owned(),
        is_up: true,
        rate: course.last().copied().map(u64::from),
        course,
        connections,
    }
}

fn recent(path: &str, age: u64, size: u64) -> Recent {
    Recent {
        path: PathBuf::from(path),
        age,
        size: Some(size),
    }
}
