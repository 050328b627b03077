//! Round-trip times in a fixed amount of memory.

use crate::base::time::Span;

/// Exponent of the first bucket's upper end: everything below 2^13 ns (8 µs) counts as one,
/// shorter round trips are those of a loopback interface.
const FIRST_OCTAVE: u32 = 13;

/// Two buckets for each doubling: up to 2^33 ns (8.6 s), beyond which the last one takes all.
const BUCKETS: usize = 40;

/// Buckets that need no memory of their own: round trips of most connections lie within five
/// doublings.
const NEAR: usize = 10;

/// Counts per half octave. Halved together when one is full, so that the shares stay.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Buckets {
    /// Those from `lowest` on; all others are empty.
    Near { lowest: u8, counts: [u16; NEAR] },
    /// All of them.
    All(Box<[u16; BUCKETS]>),
}

/// Round-trip times seen between this point of the network and the receiver: from a segment to
/// the acknowledgement that covers it. The receiver's delay before acknowledging is in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoundTrips {
    count: u32,
    last: Span,
    min: Span,
    max: Span,
    buckets: Buckets,
}

impl Default for RoundTrips {
    fn default() -> Self {
        Self {
            count: 0,
            last: Span::ZERO,
            min: Span::ZERO,
            max: Span::ZERO,
            buckets: Buckets::Near {
                lowest: 0,
                counts: [0; NEAR],
            },
        }
    }
}

impl RoundTrips {
    /// Number of round trips that were measured.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The last one.
    pub fn last(&self) -> Option<Span> {
        self.when_any(self.last)
    }

    /// The shortest one: nearest to the length of the path.
    pub fn min(&self) -> Option<Span> {
        self.when_any(self.min)
    }

    /// The longest one.
    pub fn max(&self) -> Option<Span> {
        self.when_any(self.max)
    }

    /// The median, within 20 %.
    pub fn median(&self) -> Option<Span> {
        self.quantile(50)
    }

    /// What 95 % of the round trips stay below, within 20 %.
    pub fn p95(&self) -> Option<Span> {
        self.quantile(95)
    }

    /// Takes a measured round trip; a negative one, of a capture that ran backwards, is not one.
    pub(super) fn add(&mut self, rtt: Span) {
        if rtt < Span::ZERO {
            return;
        }
        let index = bucket_of(rtt);
        self.min = if self.count == 0 {
            self.buckets = Buckets::around(index);
            rtt
        } else {
            self.min.min(rtt)
        };
        self.max = self.max.max(rtt);
        self.last = rtt;
        self.count = self.count.saturating_add(1);
        self.buckets.add(index);
    }

    fn when_any(&self, value: Span) -> Option<Span> {
        (self.count > 0).then_some(value)
    }

    fn quantile(&self, percent: u64) -> Option<Span> {
        let (lowest, counts) = self.buckets.counts();
        let total: u64 = counts.iter().copied().map(u64::from).sum();
        let wanted = total.saturating_mul(percent).div_ceil(100);
        let mut below = 0u64;
        for (index, &count) in (lowest..).zip(counts) {
            below = below.saturating_add(u64::from(count));
            if count > 0 && below >= wanted {
                return Some(middle_of(index).clamp(self.min, self.max));
            }
        }
        None
    }
}

impl Buckets {
    /// Empty buckets around the first that is to be counted. Round trips are more often longer
    /// than the first one, which is that of the SYN, than shorter.
    fn around(index: usize) -> Self {
        let lowest = index.saturating_sub(NEAR / 4);
        Self::Near {
            lowest: u8::try_from(lowest).unwrap_or(0),
            counts: [0; NEAR],
        }
    }

    /// The same counts with room for a bucket outside of those there are: elsewhere, where that
    /// suffices, because the first round trip is seldom like the others.
    fn around_all(lowest: usize, counts: &[u16; NEAR], index: usize) -> Self {
        let filled = || (lowest..).zip(counts).filter(|(_, count)| **count > 0);
        let (low, high) = filled().fold((index, index), |(low, high), (bucket, _)| {
            (low.min(bucket), high.max(bucket))
        });
        if high.saturating_sub(low) < NEAR {
            let mut moved = [0; NEAR];
            for (place, bucket) in moved.iter_mut().zip(low..) {
                let count = filled().find(|(filled, _)| *filled == bucket);
                *place = count.map_or(0, |(_, count)| *count);
            }
            return Self::Near {
                lowest: u8::try_from(low).unwrap_or(0),
                counts: moved,
            };
        }
        let mut all = Box::new([0; BUCKETS]);
        for (place, count) in all.iter_mut().skip(lowest).zip(counts) {
            *place = *count;
        }
        Self::All(all)
    }

    fn add(&mut self, index: usize) {
        if let Self::Near { lowest, counts } = self
            && !(usize::from(*lowest)..usize::from(*lowest).saturating_add(NEAR)).contains(&index)
        {
            *self = Self::around_all(usize::from(*lowest), counts, index);
        }
        let (index, counts) = match self {
            Self::Near { lowest, counts } => {
                (index.checked_sub(usize::from(*lowest)), &mut counts[..])
            }
            Self::All(counts) => (Some(index), &mut counts[..]),
        };
        let Some(index) = index else {
            return;
        };
        if counts.get(index) == Some(&u16::MAX) {
            for bucket in &mut *counts {
                *bucket = bucket.div_ceil(2);
            }
        }
        if let Some(bucket) = counts.get_mut(index) {
            *bucket = bucket.saturating_add(1);
        }
    }

    /// The number of the first bucket, and the counts from there on.
    fn counts(&self) -> (usize, &[u16]) {
        match self {
            Self::Near { lowest, counts } => (usize::from(*lowest), counts),
            Self::All(counts) => (0, &counts[..]),
        }
    }
}

fn bucket_of(rtt: Span) -> usize {
    let nanos = rtt.nanos().max(1).cast_unsigned();
    let octave = nanos.ilog2();
    let Some(above) = octave.checked_sub(FIRST_OCTAVE) else {
        return 0;
    };
    // The bit below the leading one tells the half of the octave.
    let half = (nanos >> octave.saturating_sub(1)) & 1;
    let index = u64::from(above).saturating_mul(2).saturating_add(half);
    usize::try_from(index)
        .unwrap_or(BUCKETS)
        .min(BUCKETS.saturating_sub(1))
}

fn middle_of(index: usize) -> Span {
    let index = u32::try_from(index).unwrap_or(0);
    let octave = 1i64 << (index / 2).saturating_add(FIRST_OCTAVE);
    // Halves of an octave begin at 1 and 1.5 times its start; their middles are 1.25 and 1.75.
    let quarters = if index.is_multiple_of(2) { 5 } else { 7 };
    Span((octave >> 2).saturating_mul(quarters))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_round_trip_unlike_the_others_takes_no_memory() {
        // 40 ms, then eight doublings below: with nothing between them ten buckets hold neither
        // both nor the way; two doublings below they do.
        let mut far = of_millis(&[40]);
        far.add(Span(40_000_000 / 256));
        assert!(matches!(far.buckets, Buckets::All(_)));
        let mut near = of_millis(&[40, 10, 10, 5]);
        assert!(matches!(near.buckets, Buckets::Near { .. }));
        near.add(Span::from_millis(100));
        assert!(matches!(near.buckets, Buckets::Near { .. }));
        assert_eq!(near.count(), 5);
        let median = near.median().unwrap().as_millis_f64();
        assert!((8.0..12.0).contains(&median), "{median}");
    }

    fn of_millis(millis: &[i64]) -> RoundTrips {
        let mut rtt = RoundTrips::default();
        for &ms in millis {
            rtt.add(Span::from_millis(ms));
        }
        rtt
    }

    fn near(actual: Option<Span>, millis: i64) -> bool {
        let actual = actual.expect("measured").as_millis_f64();
        let wanted = Span::from_millis(millis).as_millis_f64();
        (actual - wanted).abs() <= wanted / 5.0
    }

    #[test]
    fn nothing_measured_is_not_zero() {
        assert_eq!(RoundTrips::default().min(), None);
        assert_eq!(RoundTrips::default().median(), None);
    }

    #[test]
    fn extremes_are_exact_and_quantiles_near() {
        let rtt = of_millis(&[10; 94]);
        let mut rtt = rtt;
        for _ in 0..6 {
            rtt.add(Span::from_millis(200));
        }
        assert_eq!(rtt.min(), Some(Span::from_millis(10)));
        assert_eq!(rtt.max(), Some(Span::from_millis(200)));
        assert_eq!(rtt.count(), 100);
        assert!(near(rtt.median(), 10));
        assert!(near(rtt.p95(), 200), "{:?}", rtt.p95());
    }

    #[test]
    fn a_full_bucket_keeps_the_shares() {
        let mut rtt = RoundTrips::default();
        for i in 0..200_000 {
            rtt.add(Span::from_millis(if i % 4 == 0 { 80 } else { 20 }));
        }
        assert!(near(rtt.median(), 20));
        assert!(near(rtt.p95(), 80));
    }

    #[test]
    fn a_capture_running_backwards_measures_nothing() {
        assert_eq!(of_millis(&[-5]).count(), 0);
    }

    #[test]
    fn the_longest_spans_stay_in_the_last_bucket() {
        let mut rtt = RoundTrips::default();
        rtt.add(Span(i64::MAX));
        rtt.add(Span(0));
        assert_eq!(rtt.max(), Some(Span(i64::MAX)));
        assert!(rtt.p95().is_some());
    }
}
