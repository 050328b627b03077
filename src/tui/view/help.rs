//! The keys of the screen, from the table that dispatches them, and what the signs mean.

use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::text::Span;

use crate::base::severity::Severity;
use crate::base::units::INFERRED;
use crate::tui::commands::Command;
use crate::tui::commands::Scope;
use crate::tui::keys;
use crate::tui::keys::Press;
use crate::tui::screen::Screen;
use crate::tui::sheet::Sheet;
use crate::tui::state::ViewState;
use crate::tui::theme::sign;
use crate::tui::view::pane;
use crate::tui::view::scrolled;
use crate::tui::widgets::text::pad;
use crate::tui::widgets::text::wrap;

/// Draws the help.
pub(super) fn render(sheet: &mut Sheet<'_>, area: Rect, all: bool, view: &ViewState) {
    let title = if all {
        "All keys and signs".to_owned()
    } else {
        format!(
            "Keys on {} (? again: all keys and signs)",
            view.screen.title()
        )
    };
    let inner = pane(sheet, area, &title, true, view);
    let room = usize::from(inner.width);
    let theme = view.theme;
    let mut lines = Vec::new();
    let everywhere = |scope| scope == Scope::Everywhere;
    if all {
        for screen in Screen::ALL {
            let keys = view.keys.of(screen);
            let keys = keys.filter(|(command, _)| !everywhere(command.scope));
            section(
                &mut lines,
                &format!("On {}", screen.title()),
                keys,
                room,
                view,
            );
        }
    } else {
        let keys = view.keys.of(view.screen);
        let keys = keys.filter(|(command, _)| !everywhere(command.scope));
        section(&mut lines, "On this screen", keys, room, view);
    }
    let keys = view.keys.of(view.screen);
    let keys = keys.filter(|(command, _)| everywhere(command.scope));
    section(&mut lines, "Everywhere", keys, room, view);
    lines.push(Line::raw(""));
    lines.push(Line::styled(" Signs", theme.head()));
    let signs = [
        (
            Some(Severity::Critical),
            "critical: the stream never started or is dead",
        ),
        (Some(Severity::Error), "error: something was lost or broken"),
        (
            Some(Severity::Warning),
            "warning: will bite with some peers",
        ),
        (Some(Severity::Info), "worth knowing, nothing is wrong"),
        (None, "nothing odd"),
    ];
    for (severity, text) in signs {
        lines.push(Line::from(vec![
            Span::styled(
                format!("  {} ", pad(sign(severity), 11, false)),
                theme.severity(severity),
            ),
            Span::raw(text),
        ]));
    }
    lines.push(Line::from(vec![
        Span::styled(
            format!("  {} ", pad(&INFERRED.to_string(), 11, false)),
            theme.head(),
        ),
        Span::raw("inferred, not seen: the details say from what"),
    ]));
    scrolled(sheet, inner, &lines, view.scroll, view);
}

/// Keys with their explanations below a heading; nothing where there are none.
fn section<'k>(
    lines: &mut Vec<Line<'_>>,
    title: &str,
    keys: impl Iterator<Item = (&'static Command, &'k [Press])>,
    room: usize,
    view: &ViewState,
) {
    let theme = view.theme;
    let mut has_heading = false;
    for (command, keys) in keys {
        if !has_heading {
            has_heading = true;
            if !lines.is_empty() {
                lines.push(Line::raw(""));
            }
            lines.push(Line::styled(format!(" {title}"), theme.head()));
        }
        let keys = keys::shown(keys);
        let help = wrap(command.help, room.saturating_sub(15).max(8));
        for (at, text) in help.into_iter().enumerate() {
            let shown = if at == 0 { keys.as_str() } else { "" };
            lines.push(Line::from(vec![
                Span::styled(format!("  {} ", pad(shown, 11, false)), theme.key()),
                Span::raw(text),
            ]));
        }
    }
}
