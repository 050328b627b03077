//! Two sequences laid beside each other, so that as many of their members as possible stand
//! opposite an equal one, in order: the longest common subsequence.

/// Most members of a sequence that are aligned; the table has as many cells as the product. What
/// lies behind them stands alone.
pub(super) const MAX_ALIGNED: usize = 256;

/// A place in two aligned sequences, by the index in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aligned {
    /// Equal members stand opposite each other.
    Both(usize, usize),
    /// Nothing stands opposite this one of the left.
    Left(usize),
    /// Nothing stands opposite this one of the right.
    Right(usize),
}

/// Lays two sequences beside each other. Where both have something of their own between two equal
/// members, that of the left comes first.
pub fn align<K: PartialEq>(left: &[K], right: &[K]) -> Vec<Aligned> {
    let (rows, columns) = (left.len().min(MAX_ALIGNED), right.len().min(MAX_ALIGNED));
    let width = columns.saturating_add(1);
    let cell = |row: usize, column: usize| row.saturating_mul(width).saturating_add(column);
    // The length of the longest common subsequence of what begins at each place.
    let mut lengths = vec![0_u16; cell(rows.saturating_add(1), 0)];
    let at = |lengths: &[u16], row, column| lengths.get(cell(row, column)).copied().unwrap_or(0);
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            let (next_row, next_column) = (row.saturating_add(1), column.saturating_add(1));
            let length = if left.get(row) == right.get(column) {
                at(&lengths, next_row, next_column).saturating_add(1)
            } else {
                at(&lengths, next_row, column).max(at(&lengths, row, next_column))
            };
            if let Some(place) = lengths.get_mut(cell(row, column)) {
                *place = length;
            }
        }
    }
    let mut aligned = Vec::new();
    let (mut row, mut column) = (0, 0);
    while row < rows && column < columns {
        let (next_row, next_column) = (row.saturating_add(1), column.saturating_add(1));
        if left.get(row) == right.get(column) {
            aligned.push(Aligned::Both(row, column));
            (row, column) = (next_row, next_column);
        } else if at(&lengths, next_row, column) >= at(&lengths, row, next_column) {
            aligned.push(Aligned::Left(row));
            row = next_row;
        } else {
            aligned.push(Aligned::Right(column));
            column = next_column;
        }
    }
    aligned.extend((row..left.len()).map(Aligned::Left));
    aligned.extend((column..right.len()).map(Aligned::Right));
    aligned
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(left: &str, right: &str) -> String {
        let (left, right): (Vec<char>, Vec<char>) =
            (left.chars().collect(), right.chars().collect());
        let mut out = String::new();
        for place in align(&left, &right) {
            match place {
                Aligned::Both(one, other) => {
                    assert_eq!(left[one], right[other]);
                    out.push(left[one]);
                }
                Aligned::Left(at) => out.extend(['<', left[at]]),
                Aligned::Right(at) => out.extend(['>', right[at]]),
            }
        }
        out
    }

    #[test]
    fn equal_members_stand_opposite_each_other() {
        assert_eq!(shown("abc", "abc"), "abc");
        assert_eq!(shown("abd", "abcd"), "ab>cd");
        assert_eq!(shown("axb", "ayb"), "a<x>yb");
        assert_eq!(shown("ab", "ba"), "<ab>a");
    }

    #[test]
    fn an_empty_side_leaves_the_other_alone() {
        assert_eq!(shown("", "ab"), ">a>b");
        assert_eq!(shown("ab", ""), "<a<b");
        assert_eq!(shown("", ""), "");
    }

    #[test]
    fn as_many_as_possible_are_opposite() {
        // By hand: connect, createStream and publish, with releaseStream and FCPublish between.
        assert_eq!(shown("crfsp", "csp"), "c<r<fsp");
        // The longest one wins over the one that is found first.
        assert_eq!(shown("xabcx", "abcxx"), "<xabcx>x");
    }

    #[test]
    fn what_is_too_much_stands_alone() {
        let long = vec![7; MAX_ALIGNED + 3];
        let aligned = align(&long, &long);
        assert_eq!(aligned.len(), MAX_ALIGNED + 6);
        assert_eq!(aligned.first(), Some(&Aligned::Both(0, 0)));
        assert_eq!(aligned.last(), Some(&Aligned::Right(MAX_ALIGNED + 2)));
    }
}
