//! The keys of the screen, from the table that dispatches them, and what the signs mean.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::text::Span;

use crate::base::severity::Severity;
use crate::base::units::INFERRED;
use crate::tui::keys::Scope;
use crate::tui::keys::keys_of;
use crate::tui::state::ViewState;
use crate::tui::theme::sign;
use crate::tui::view::pane;
use crate::tui::view::scrolled;
use crate::tui::widgets::text::pad;
use crate::tui::widgets::text::wrap;

/// Draws the help.
pub(super) fn render(buffer: &mut Buffer, area: Rect, view: &ViewState) {
    let title = format!("Keys on {}", view.screen.title());
    let inner = pane(buffer, area, &title, true, view);
    let room = usize::from(inner.width);
    let theme = view.theme;
    let mut lines = Vec::new();
    let mut section = |title: &'static str, special: bool| {
        let keys: Vec<_> = keys_of(view.screen)
            .filter(|key| (key.scope != Scope::Everywhere) == special)
            .collect();
        if keys.is_empty() {
            return;
        }
        if !lines.is_empty() {
            lines.push(Line::raw(""));
        }
        lines.push(Line::styled(format!(" {title}"), theme.head()));
        for key in keys {
            let help = wrap(key.help, room.saturating_sub(13).max(8));
            for (at, text) in help.into_iter().enumerate() {
                let shown = if at == 0 { key.shown } else { "" };
                lines.push(Line::from(vec![
                    Span::styled(format!("  {} ", pad(shown, 9, false)), theme.key()),
                    Span::raw(text),
                ]));
            }
        }
    };
    section("On this screen", true);
    section("Everywhere", false);
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
                format!("  {} ", pad(sign(severity), 9, false)),
                theme.severity(severity),
            ),
            Span::raw(text),
        ]));
    }
    lines.push(Line::from(vec![
        Span::styled(
            format!("  {} ", pad(&INFERRED.to_string(), 9, false)),
            theme.head(),
        ),
        Span::raw("inferred, not seen: the details say from what"),
    ]));
    scrolled(buffer, inner, &lines, view.scroll, view);
}
