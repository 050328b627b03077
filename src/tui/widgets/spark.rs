//! Small pictures of one line: the course of a figure, and a share as a bar.

const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// The course of a figure, its latest `room` values, each as high as its share of the largest.
pub(in crate::tui) fn sparkline(values: &[u32], room: usize) -> String {
    let shown = values
        .get(values.len().saturating_sub(room)..)
        .unwrap_or_default();
    let largest = u64::from(shown.iter().copied().max().unwrap_or(0));
    shown
        .iter()
        .map(|value| {
            if *value == 0 {
                return ' ';
            }
            let level = u64::from(*value).saturating_mul(7).checked_div(largest);
            usize::try_from(level.unwrap_or(0))
                .ok()
                .and_then(|level| LEVELS.get(level))
                .copied()
                .unwrap_or(' ')
        })
        .collect()
}

/// The whole course in at most `room` values: the means of neighbours, where there are more.
pub(in crate::tui) fn resampled(values: &[u32], room: usize) -> Vec<u32> {
    let each = values.len().div_ceil(room.max(1)).max(1);
    let mean = |some: &[u32]| {
        let sum: u64 = some.iter().copied().map(u64::from).sum();
        let count = u64::try_from(some.len()).unwrap_or(1).max(1);
        u32::try_from(sum / count).unwrap_or(u32::MAX)
    };
    values.chunks(each).map(mean).collect()
}

/// A share, 0.0..=1.0, as one of eight heights; nothing at all is blank.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "one of eight, not negative"
)]
pub(in crate::tui) fn level(share: f64) -> char {
    if share <= 0.0 {
        return ' ';
    }
    let at = (share.min(1.0) * 7.0).round() as usize;
    LEVELS.get(at).copied().unwrap_or(' ')
}

/// A share, 0.0..=1.0, as a bar of at most `room` columns.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of a few columns, not negative"
)]
pub(in crate::tui) fn bar(share: f64, room: usize) -> String {
    let eighths = (share.clamp(0.0, 1.0) * room as f64 * 8.0).round() as usize;
    // What is there at all can be seen.
    let eighths = if share > 0.0 { eighths.max(1) } else { 0 };
    let mut out = "█".repeat(eighths / 8);
    if !eighths.is_multiple_of(8)
        && let Some(part) = EIGHTHS.get(eighths % 8)
    {
        out.push(*part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_value_is_the_highest() {
        assert_eq!(sparkline(&[0, 1, 50, 100], 4), " ▁▄█");
        assert_eq!(sparkline(&[9, 9, 1, 2], 2), "▄█");
        assert_eq!(sparkline(&[], 5), "");
        assert_eq!(sparkline(&[0, 0], 5), "  ");
        assert_eq!(sparkline(&[u32::MAX], 1), "█");
    }

    #[test]
    fn a_long_course_is_shown_by_its_means() {
        assert_eq!(resampled(&[1, 3, 5, 7, 9], 3), [2, 6, 9]);
        assert_eq!(resampled(&[1, 2], 3), [1, 2]);
        assert!(resampled(&[], 3).is_empty());
        assert_eq!(resampled(&[u32::MAX, u32::MAX], 1), [u32::MAX]);
        assert_eq!(resampled(&[4, 6], 0), [5]);
    }

    #[test]
    fn a_bar_has_eighths_of_a_column() {
        assert_eq!(bar(1.0, 3), "███");
        assert_eq!(bar(0.5, 3), "█▌");
        assert_eq!(bar(0.0001, 3), "▏");
        assert_eq!(bar(0.0, 3), "");
        assert_eq!(bar(7.0, 1), "█");
    }
}
