//! Bytes in hexadecimal and as text, with a range of them marked.

use std::ops::Range;

use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

/// Bytes in a line that is `room` columns wide: 16, 8 or 4.
pub(in crate::tui) fn per_line(room: usize) -> usize {
    // An offset of four digits, three columns per byte, a gap in the middle, and the text.
    match room {
        72.. => 16,
        40.. => 8,
        _ => 4,
    }
}

/// The lines `first..first + height` of the bytes. `marked` bytes are shown in `mark`; `dim` is
/// for offsets.
pub(in crate::tui) fn lines<'a>(
    bytes: &[u8],
    first: usize,
    height: usize,
    per_line: usize,
    marked: &Range<usize>,
    mark: Style,
    dim: Style,
) -> Vec<Line<'a>> {
    bytes
        .chunks(per_line.max(1))
        .enumerate()
        .skip(first)
        .take(height)
        .map(|(row, chunk)| {
            let start = row.saturating_mul(per_line);
            let mut spans = vec![Span::styled(format!("{start:04x}  "), dim)];
            let mut text: Vec<Span<'_>> = vec![Span::raw(" ")];
            for column in 0..per_line {
                let at = start.saturating_add(column);
                let style = if marked.contains(&at) {
                    mark
                } else {
                    Style::new()
                };
                // The blank between two marked bytes is marked too, so that a field is one block.
                let joined = marked.contains(&at) && marked.contains(&at.saturating_add(1));
                let between = if joined { style } else { Style::new() };
                let is_middle = column.saturating_add(1) == per_line / 2;
                match chunk.get(column) {
                    Some(byte) => {
                        spans.push(Span::styled(format!("{byte:02x}"), style));
                        let shown = if byte.is_ascii_graphic() || *byte == b' ' {
                            char::from(*byte)
                        } else {
                            '·'
                        };
                        text.push(Span::styled(shown.to_string(), style));
                    }
                    None => spans.push(Span::raw("  ")),
                }
                spans.push(Span::styled(if is_middle { "  " } else { " " }, between));
            }
            spans.extend(text);
            Line::from(spans)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_stand_beside_their_text() {
        let lines = lines(
            b"\x02\x00\x07connect\xff",
            0,
            9,
            8,
            &(1..3),
            Style::new().reversed(),
            Style::new(),
        );
        assert_eq!(
            lines[0].to_string(),
            "0000  02 00 07 63  6f 6e 6e 65  ···conne"
        );
        assert_eq!(lines[1].to_string(), "0008  63 74 ff                  ct·");
        let marked: String = lines[0]
            .spans
            .iter()
            .filter(|span| span.style == Style::new().reversed())
            .map(|span| span.content.as_ref())
            .collect();
        assert_eq!(marked, "00 07··");
    }

    #[test]
    fn only_the_asked_lines_are_made() {
        let lines = lines(&[0; 64], 1, 2, 16, &(0..0), Style::new(), Style::new());
        assert_eq!(lines.len(), 2);
        assert!(lines[0].to_string().starts_with("0010"));
    }
}
