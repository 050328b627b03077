//! Bytes in hexadecimal and as text, with a range of them marked.

use std::ops::Range;

use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

/// Stands between headers and what they are of.
const SEAM: &str = "┊";

/// Bytes in a line that is `room` columns wide: 16, 8 or 4.
pub(in crate::tui) fn per_line(room: usize) -> usize {
    // An offset of four digits, three columns per byte, a gap in the middle, and the text.
    match room {
        72.. => 16,
        40.. => 8,
        _ => 4,
    }
}

/// What is shown of bytes beside them.
#[derive(Debug, Clone, Copy)]
pub(in crate::tui) struct Marks<'a> {
    /// The selected ones.
    pub(in crate::tui) selected: &'a Range<usize>,
    /// How those look.
    pub(in crate::tui) mark: Style,
    /// How offsets look, and bytes of headers.
    pub(in crate::tui) dim: Style,
    /// Bytes of headers, in order: a line stands where they begin and end.
    pub(in crate::tui) headers: &'a [Range<usize>],
    /// Places whose bytes nobody knows.
    pub(in crate::tui) missing: &'a [Range<usize>],
}

impl Marks<'_> {
    fn is_header(&self, at: usize) -> bool {
        let behind = self.headers.partition_point(|header| header.end <= at);
        self.headers
            .get(behind)
            .is_some_and(|header| header.contains(&at))
    }

    /// Whether a header begins or ends before the byte.
    fn is_seam(&self, at: usize) -> bool {
        at.checked_sub(1)
            .is_some_and(|before| self.is_header(before) != self.is_header(at))
    }

    fn style(&self, at: usize) -> Style {
        let header = if self.is_header(at) {
            self.dim
        } else {
            Style::new()
        };
        if self.selected.contains(&at) {
            header.patch(self.mark)
        } else {
            header
        }
    }
}

/// Digits of an offset: four, or six where there are so many bytes.
pub(in crate::tui) fn digits(count: usize) -> usize {
    if count > 0x1_0000 { 6 } else { 4 }
}

/// The column of a byte in its line.
pub(in crate::tui) fn column(at: usize, count: usize, per_line: usize) -> usize {
    let place = at.checked_rem(per_line).unwrap_or(0);
    let middle = usize::from(place >= per_line / 2);
    place
        .saturating_mul(3)
        .saturating_add(middle)
        .saturating_add(digits(count))
        .saturating_add(2)
}

/// The lines `first..first + height` of the bytes.
pub(in crate::tui) fn lines<'a>(
    bytes: &[u8],
    first: usize,
    height: usize,
    per_line: usize,
    marks: Marks<'_>,
) -> Vec<Line<'a>> {
    let digits = digits(bytes.len());
    bytes
        .chunks(per_line.max(1))
        .enumerate()
        .skip(first)
        .take(height)
        .map(|(row, chunk)| {
            let start = row.saturating_mul(per_line);
            let seam = if marks.is_seam(start) { SEAM } else { " " };
            let offset = format!("{start:0digits$x} {seam}");
            let mut spans = vec![Span::styled(offset, marks.dim)];
            let mut text: Vec<Span<'_>> = vec![Span::raw(" ")];
            for column in 0..per_line {
                let at = start.saturating_add(column);
                let next = at.saturating_add(1);
                let style = marks.style(at);
                let is_missing = marks.missing.iter().any(|range| range.contains(&at));
                match chunk.get(column) {
                    Some(_) if is_missing => {
                        spans.push(Span::styled("--", style));
                        text.push(Span::styled(" ", style));
                    }
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
                let is_last = column.saturating_add(1) == per_line;
                let is_inner = !is_last && chunk.get(column.saturating_add(1)).is_some();
                if is_inner && marks.is_seam(next) {
                    spans.push(Span::styled(SEAM, marks.dim));
                } else {
                    // The blank between two marked bytes is marked too, so that a field is one
                    // block.
                    let selected = marks.selected;
                    let joined = selected.contains(&at) && selected.contains(&next);
                    let between = if joined { marks.mark } else { Style::new() };
                    spans.push(Span::styled(" ", between));
                }
                if column.saturating_add(1) == per_line / 2 {
                    spans.push(Span::raw(" "));
                }
            }
            spans.extend(text);
            Line::from(spans)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use ratatui::style::Modifier;

    use super::*;

    fn marks(selected: &Range<usize>) -> Marks<'_> {
        Marks {
            selected,
            mark: Style::new().reversed(),
            dim: Style::new().dim(),
            headers: &[],
            missing: &[],
        }
    }

    fn marked(line: &Line<'_>) -> String {
        line.spans
            .iter()
            .filter(|span| span.style.add_modifier.contains(Modifier::REVERSED))
            .map(|span| span.content.as_ref())
            .collect()
    }

    #[test]
    fn bytes_stand_beside_their_text() {
        let lines = lines(b"\x02\x00\x07connect\xff", 0, 9, 8, marks(&(1..3)));
        assert_eq!(
            lines[0].to_string(),
            "0000  02 00 07 63  6f 6e 6e 65  ···conne"
        );
        assert_eq!(lines[1].to_string(), "0008  63 74 ff                  ct·");
        assert_eq!(marked(&lines[0]), "00 07··");
    }

    #[test]
    fn lines_stand_where_headers_begin_and_end() {
        let bytes = b"\xc4ABCDEFGH\xc4I";
        let missing = 3..5;
        let shown = Marks {
            headers: &[0..1, 8..10],
            missing: std::slice::from_ref(&missing),
            ..marks(&(2..9))
        };
        let lines = lines(bytes, 0, 9, 8, shown);
        assert_eq!(
            lines[0].to_string(),
            "0000  c4┊41 42 --  -- 45 46 47  ·AB  EFG"
        );
        assert_eq!(lines[1].to_string(), "0008 ┊48 c4┊49                  H·I");
        // A marked header is marked, and still looks like one.
        let header = &lines[1].spans[1];
        assert!(header.style.add_modifier.contains(Modifier::DIM));
        assert_eq!(marked(&lines[1]), "48H");
    }

    #[test]
    fn offsets_of_many_bytes_have_more_digits() {
        let lines = lines(&vec![7; 70_000], 4375 - 1, 2, 16, marks(&(0..0)));
        assert!(lines[0].to_string().starts_with("011160  07 07"));
        assert_eq!(lines.len(), 1);
        assert_eq!(column(69_999, 70_000, 16), 6 + 2 + 45 + 1);
        assert_eq!(column(0, 100, 16), 6);
    }

    #[test]
    fn only_the_asked_lines_are_made() {
        let lines = lines(&[0; 64], 1, 2, 16, marks(&(0..0)));
        assert_eq!(lines.len(), 2);
        assert!(lines[0].to_string().starts_with("0010"));
    }
}
