//! Looks at a text in every way there is, for the property tests and the fuzz target.

use crate::filter::Check;
use crate::filter::Filter;
use crate::filter::check;
use crate::filter::complete::complete;
use crate::filter::field::Field;
use crate::filter::seen::Seen;
use crate::filter::value::Subject;
use crate::filter::value::Values;

/// Cursors at which is asked for what may follow: each parses the text up to there.
const MAX_CURSORS: usize = 64;

/// Looks at a text as an expression.
///
/// # Panics
///
/// When what is told of it does not fit the text. That is what is looked for.
pub fn fuzz_filter(text: &str) {
    let is_part = |range| text.get(range).is_some();
    match check(text) {
        Check::Empty => {}
        Check::Ok(filter) => {
            assert!(Filter::parse(filter.text()).is_ok(), "twice not the same");
            filter.eval(&Nothing);
            filter.eval_seen(&Nothing, &Seen::default());
        }
        Check::Incomplete(error) | Check::Err(error) => {
            let range = error.range.clone();
            assert!(is_part(range), "{error:?} blames what is not there");
            error.with_place(text);
        }
    }
    for cursor in 0..=text.len().min(MAX_CURSORS) {
        let range = complete(text, cursor, &|_| Vec::new()).range;
        assert!(is_part(range.clone()), "{range:?} is no part of the text");
    }
}

/// Knows nothing.
struct Nothing;

impl Subject for Nothing {
    fn value(&self, _: Field) -> Values<'_> {
        Values::Unknown
    }
}
