//! The question of what is to be saved.
//!
//! ```text
//! ┌ save ──────────────────────────────────────────────────────────────┐
//! │ ▸ packets   packets for Wireshark, with what was found as comments │
//! │   flv       sound and pictures for a player                        │
//! │   …                                                                │
//! │ of      ‹ this connection: #3 live/****1a2b ›                      │
//! │ time    ‹ 5 s around 11:49:02.417 ›                                │
//! │ name      ingest-conn3-packets.pcapng                              │
//! │ Enter saves   Tab next line   ←→ other choice   Esc cancels        │
//! └────────────────────────────────────────────────────────────────────┘
//! ```

use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::text::Span;

use crate::tui::model::Snapshot;
use crate::tui::saving::Purpose;
use crate::tui::sheet::Sheet;
use crate::tui::state::ViewState;
use crate::tui::state::save::SaveDialog;
use crate::tui::state::save::SaveLine;
use crate::tui::units;
use crate::tui::view::overlay::typed;
use crate::tui::view::popup;
use crate::tui::widgets::text::fit;
use crate::tui::widgets::text::fit_parts;
use crate::tui::widgets::text::pad;

/// Most columns of the question.
const WIDTH: u16 = 84;

/// Draws the question over the middle of the screen.
pub(super) fn render(
    sheet: &mut Sheet<'_>,
    area: Rect,
    dialog: &SaveDialog,
    snapshot: &Snapshot,
    view: &ViewState,
) {
    let lines = u16::try_from(Purpose::ALL.len()).unwrap_or(u16::MAX);
    let place = popup::middle(area, (WIDTH, lines.saturating_add(6)));
    let title = if dialog.force {
        "a file of that name is there: Enter replaces it"
    } else {
        "save"
    };
    let inner = popup::open(sheet, place, title, view);
    let all = all_lines(dialog, snapshot, usize::from(inner.width), view);
    let selected = match dialog.line {
        SaveLine::Purpose => dialog.purpose,
        SaveLine::Of => Purpose::ALL.len(),
        SaveLine::Around => Purpose::ALL.len().saturating_add(1),
        SaveLine::Name => Purpose::ALL.len().saturating_add(2),
    };
    // The line with the name shows its own place to type at.
    let chosen = (dialog.line != SaveLine::Name).then_some(selected);
    let line = |at: usize| all.get(at).cloned().unwrap_or_default();
    popup::choices(sheet, inner, all.len(), selected, chosen, view, line);
}

fn all_lines<'a>(
    dialog: &SaveDialog,
    snapshot: &Snapshot,
    room: usize,
    view: &ViewState,
) -> Vec<Line<'a>> {
    let theme = view.theme;
    let mut lines: Vec<Line<'_>> = Purpose::ALL
        .iter()
        .enumerate()
        .map(|(at, purpose)| {
            let marker = if at == dialog.purpose { "▸" } else { " " };
            Line::from(vec![
                Span::styled(
                    format!(" {marker} {}", pad(purpose.name(), 10, false)),
                    theme.head(),
                ),
                Span::raw(pad(purpose.explanation(), room.saturating_sub(13), false)),
            ])
        })
        .collect();
    let choices = SaveDialog::choices(snapshot, view);
    let of = choices
        .get(dialog.of)
        .map_or_else(String::new, |choice| choice.label.clone());
    let time = match (dialog.seconds(), view.cursor) {
        (Some(seconds), Some(at)) => {
            format!("{seconds} s before and behind {}", units::time_of_day(at))
        }
        (_, Some(_)) => "all of it".to_owned(),
        (_, None) => "all of it (no moment is selected)".to_owned(),
    };
    for (name, value) in [("of", of), ("time", time)] {
        let value = fit(&value, room.saturating_sub(13));
        lines.push(Line::from(vec![
            Span::styled(format!(" {} ‹ ", pad(name, 6, false)), theme.head()),
            Span::raw(value),
            Span::styled(" ›", theme.head()),
        ]));
    }
    let mut name = vec![Span::styled(
        format!(" {}   ", pad("name", 6, false)),
        theme.head(),
    )];
    let name_room = room.saturating_sub(11);
    if dialog.line == SaveLine::Name {
        name.extend(typed(&dialog.name, name_room, view));
    } else {
        name.push(Span::raw(fit(dialog.name.text(), name_room)));
    }
    lines.push(Line::from(name));
    let masked = if dialog.purpose().is_masked() {
        "stream keys are masked"
    } else {
        "packets are as captured, with their stream keys"
    };
    let masked = if view.shows_secrets {
        "with stream keys"
    } else {
        masked
    };
    let parts = [
        (" Enter saves".to_owned(), theme.key()),
        (masked.to_owned(), theme.warn()),
        ("Tab next line".to_owned(), theme.dim()),
        ("← → other".to_owned(), theme.dim()),
    ];
    lines.push(fit_parts(&parts, "   ", room));
    lines
}
