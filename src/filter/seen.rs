//! What the messages of a connection answered, so that it can be told at the end whether an
//! expression was true of any of them: with what is known of the connection then.

use smallvec::SmallVec;

use crate::filter::Filter;
use crate::filter::value::Subject;
use crate::filter::value::Truth;

/// Most different answers that are kept of a connection. Eight terms can have no more, and messages
/// are of few kinds. With more of them it is taken for possible that the expression was true.
pub const MAX_ANSWERS: usize = 256;

/// The different answers that messages of one connection gave to the terms that ask messages.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// A bit for each term, sorted.
    answers: SmallVec<[u64; 4]>,
    is_full: bool,
}

impl Seen {
    /// Takes note of a message.
    pub fn note(&mut self, filter: &Filter, message: &(impl Subject + ?Sized)) {
        if filter.of_message.is_empty() {
            return;
        }
        let mut bits = 0_u64;
        for (bit, term) in filter.of_message.iter().enumerate() {
            if filter.ask(*term, message) == Truth::True {
                bits |= flag(bit);
            }
        }
        if let Err(place) = self.answers.binary_search(&bits) {
            if self.answers.len() < MAX_ANSWERS {
                self.answers.insert(place, bits);
            } else {
                self.is_full = true;
            }
        }
    }
}

/// The bit of a term.
fn flag(bit: usize) -> u64 {
    let shifted = u32::try_from(bit)
        .ok()
        .and_then(|bit| 1_u64.checked_shl(bit));
    shifted.unwrap_or(0)
}

impl Filter {
    /// Whether it is true of a connection all messages of which were seen: of itself, or of
    /// one of its messages.
    pub fn eval_seen(&self, connection: &(impl Subject + ?Sized), seen: &Seen) -> Truth {
        let own = self.eval(connection);
        if own == Truth::True || self.of_message.is_empty() {
            return own;
        }
        // Of a field that only messages have a connection says nothing, and what its messages said
        // is known.
        let mut any = if self.asks_messages() {
            Truth::False
        } else {
            own
        };
        for bits in &seen.answers {
            let answer = self.root.walk(&|term| {
                let bit = self.of_message.iter().position(|known| *known == term);
                match bit {
                    Some(bit) => Truth::from(bits & flag(bit) != 0),
                    None => self.ask(term, connection),
                }
            });
            any = any.max(answer);
        }
        if seen.is_full {
            any = any.max(Truth::Unknown);
        }
        any
    }
}
