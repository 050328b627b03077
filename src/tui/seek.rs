//! Finds the places that a view knows by another name than their number: the message of a frame,
//! the one at a time, the next one behind the time cursor, the next one with a text.

use crate::tui::bodies::Bodies;
use crate::tui::feed::line_text;
use crate::tui::model::Detail;
use crate::tui::ring::Ring;
use crate::tui::state::ViewState;
use crate::tui::state::moments::Seek;

/// Messages that are looked through for a text before a frame is drawn: some milliseconds.
const FIND_STEP: usize = 4000;

/// Where looking for a text goes on with the next frame.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Looking {
    at: Option<usize>,
}

/// Finds a place among the first `end` messages and tells the view its number. Returns whether
/// there is more to look through.
pub(super) fn resolve(
    seek: Seek,
    looking: &mut Looking,
    ring: &Ring,
    bodies: &Bodies,
    end: usize,
    detail: &Detail,
    view: &mut ViewState,
) -> bool {
    let last = end.saturating_sub(1);
    let upto = |time| ring.partition_point(|entry| entry.completed().time <= time);
    let at = match seek {
        Seek::Frame(frame) => ring.partition_point(|entry| entry.completed().frame.0 < frame),
        Seek::Time(time) => upto(time).saturating_sub(1),
        Seek::Next => view.cursor.map_or(0, upto),
        Seek::Previous => {
            let at = view.cursor;
            let before = at.map_or(0, |at| {
                ring.partition_point(|entry| entry.completed().time < at)
            });
            before.saturating_sub(1)
        }
        Seek::Text { forward } => {
            return find(forward, looking, ring, bodies, end, detail, view);
        }
    };
    *looking = Looking::default();
    let at = at.min(last);
    if let Some(entry) = ring.entry(at).filter(|_| at < end) {
        view.messages.selected = Some(ring.number(at));
        if matches!(seek, Seek::Next | Seek::Previous) {
            view.cursor = Some(entry.completed().time);
        }
    }
    false
}

fn find(
    forward: bool,
    looking: &mut Looking,
    ring: &Ring,
    bodies: &Bodies,
    end: usize,
    detail: &Detail,
    view: &mut ViewState,
) -> bool {
    let wanted = view.find.to_lowercase();
    let from = looking.at.unwrap_or_else(|| {
        let at = ring.place(view.messages.selected.unwrap_or(0));
        if forward { at.saturating_add(1) } else { at }
    });
    let contains = |at: &usize| {
        let kept = ring.message(*at, bodies);
        kept.is_some_and(|kept| line_text(&kept, detail).contains(&wanted))
    };
    let (found, next, is_over) = if forward {
        let to = from.saturating_add(FIND_STEP).min(end);
        ((from..to).find(contains), to, to >= end)
    } else {
        let to = from.saturating_sub(FIND_STEP);
        ((to..from.min(end)).rev().find(contains), to, to == 0)
    };
    if let Some(at) = found {
        view.messages.selected = Some(ring.number(at));
        view.messages.field = 0;
        view.messages.byte = 0;
    } else if !is_over {
        *looking = Looking { at: Some(next) };
        view.seek = Some(Seek::Text { forward });
        return true;
    } else {
        let way = if forward { "further" } else { "earlier" };
        view.notice = Some(format!("no {way} message contains \"{}\"", view.find));
    }
    *looking = Looking::default();
    false
}
