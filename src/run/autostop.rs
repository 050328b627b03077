//! -c and -a: when a capture has had enough.

use rtmpscope::base::time::Span;
use rtmpscope::base::time::Timestamp;

use crate::cli::Flags;
use crate::cli::Limit;

/// What ends a capture by itself.
#[derive(Debug, Default)]
pub(super) struct Autostop {
    packets: Option<u64>,
    bytes: Option<u64>,
    span: Option<Span>,
    begin: Option<Timestamp>,
    taken: u64,
    is_set: bool,
}

impl Autostop {
    pub(super) fn new(flags: &Flags) -> Self {
        let mut stop = Self {
            packets: flags.count,
            ..Self::default()
        };
        for limit in &flags.packets.autostop {
            match *limit {
                Limit::Packets(packets) => {
                    stop.packets = Some(stop.packets.map_or(packets, |count| count.min(packets)));
                }
                Limit::Bytes(bytes) => stop.bytes = Some(bytes),
                Limit::Span(span) => stop.span = Some(span),
                // Of files there is no word here.
                Limit::Files(_) => {}
            }
        }
        stop.is_set = stop.packets.is_some() || stop.bytes.is_some() || stop.span.is_some();
        stop
    }

    /// Whether there is anything to look for.
    pub(super) fn is_set(&self) -> bool {
        self.is_set
    }

    /// A packet was taken in.
    pub(super) fn note(&mut self) {
        self.taken = self.taken.saturating_add(1);
    }

    /// Whether it is enough, at this capture time and with so many bytes written.
    pub(super) fn is_enough(&mut self, now: Timestamp, written: u64) -> bool {
        let begin = *self.begin.get_or_insert(now);
        self.packets.is_some_and(|most| self.taken >= most)
            || self.bytes.is_some_and(|most| written >= most)
            || self.span.is_some_and(|most| now.since(begin) >= most)
    }

    /// The clock was set.
    pub(super) fn clock_stepped(&mut self, by: Span) {
        if let Some(begin) = &mut self.begin {
            begin.0 = begin.0.saturating_add(by.nanos());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(secs: i64) -> Timestamp {
        Timestamp(secs * 1_000_000_000)
    }

    #[test]
    fn time_counts_from_the_first_look() {
        let mut stop = Autostop {
            span: Some(Span::from_secs(5)),
            ..Autostop::default()
        };
        assert!(!stop.is_enough(after(100), 0) && !stop.is_enough(after(104), 0));
        // Set back by a minute.
        stop.clock_stepped(Span::from_secs(-60));
        assert!(!stop.is_enough(after(44), 0) && stop.is_enough(after(45), 0));
    }

    #[test]
    fn packets_and_bytes_are_counted() {
        let mut stop = Autostop {
            packets: Some(2),
            bytes: Some(10),
            ..Autostop::default()
        };
        stop.note();
        assert!(!stop.is_enough(after(0), 9) && stop.is_enough(after(0), 10));
        stop.note();
        assert!(stop.is_enough(after(0), 0));
    }
}
