//! The calls as a table, where there is no room for arrows.

use ratatui::layout::Rect;

use crate::session::call::Call;
use crate::tui::model::Detail;
use crate::tui::sheet::Sheet;
use crate::tui::state::CALL_LIST;
use crate::tui::state::ViewState;
use crate::tui::theme::arrow;
use crate::tui::units;
use crate::tui::view::calls::about;
use crate::tui::view::calls::answer;
use crate::tui::view::calls::call_name;
use crate::tui::view::calls::outcome;
use crate::tui::view::calls::time;
use crate::tui::widgets::table;
use crate::tui::widgets::table::Cell;
use crate::tui::widgets::table::Column;
use crate::tui::widgets::table::Look;
use crate::tui::widgets::table::fixed;
use crate::tui::widgets::table::flexible;
use crate::tui::widgets::table::number;

const COLUMNS: &[Column] = &[
    number("TIME", 12, 2),
    fixed(" ", 1, 0),
    flexible("CALL", 12, 40, 0),
    fixed("", 1, 0),
    number("LATENCY", 9, 1),
    flexible("ANSWER", 12, 60, 3),
];

/// Draws them.
pub(super) fn render(
    sheet: &mut Sheet<'_>,
    area: Rect,
    detail: &Detail,
    calls: &[&Call],
    selected: usize,
    view: &ViewState,
) {
    let look = Look {
        head: view.theme.dim(),
        selected: Some(if view.pane == CALL_LIST {
            view.theme.selected()
        } else {
            view.theme.selected_elsewhere()
        }),
    };
    table::render(sheet, area, COLUMNS, calls.len(), selected, look, |at| {
        let Some(call) = calls.get(at) else {
            return Vec::new();
        };
        let before = at
            .checked_sub(1)
            .and_then(|at| calls.get(at))
            .map(|call| call.at);
        let (sign, words, style) = outcome(call, view);
        let mut name = call_name(call, detail);
        if let Some(about) = about(call, detail) {
            name.push_str("  ");
            name.push_str(&about);
        }
        vec![
            Cell::styled(time(call.at, before, detail, view), view.theme.dim()),
            Cell::styled(arrow(call.caller), view.theme.side(call.caller)),
            name.into(),
            Cell::styled(sign, style),
            call.latency()
                .map_or_else(|| "-".to_owned(), units::span)
                .into(),
            Cell::styled(
                call.reply
                    .as_ref()
                    .map_or_else(|| words.to_owned(), |reply| answer(reply, detail)),
                style,
            ),
        ]
    });
}
