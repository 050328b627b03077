//! How long something took, many times over: count, extremes and quantiles in bounded memory.

use crate::base::time::Span;

/// Steps in which a doubling is divided: a quantile is told at most a fifth too high.
const STEPS_PER_OCTAVE: u32 = 4;

/// Buckets there are: the last one begins near two minutes, longer spans fall into it. Nobody
/// waits longer for a reply or a message.
const MAX_BUCKETS: usize = 108;

/// Spans of time by size. Where there is none, no memory is needed; for others only that of the
/// sizes that occurred, at most 500 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SpanStats(Option<Box<Sums>>);

/// What any number of spans come to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Sums {
    sum: Span,
    min: Span,
    max: Span,
    /// Number of the bucket that `buckets` begins with.
    lowest: u8,
    buckets: Box<[u32]>,
}

impl SpanStats {
    pub(crate) const NONE: Self = Self(None);

    /// Takes note of one span; a negative one (the capture ran backwards) counts as none.
    pub fn record(&mut self, span: Span) {
        let sums = self.0.get_or_insert_with(|| {
            Box::new(Sums {
                min: Span(i64::MAX),
                ..Sums::default()
            })
        });
        sums.record(span.max(Span::ZERO));
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.0.as_ref().map_or(0, |sums| sums.count())
    }

    /// The shortest; zero when there was none.
    pub fn min(&self) -> Span {
        self.one_or(|sums| sums.min)
    }

    /// The longest; zero when there was none.
    pub fn max(&self) -> Span {
        self.one_or(|sums| sums.max)
    }

    /// The mean; zero when there was none.
    pub fn mean(&self) -> Span {
        self.one_or(|sums| {
            let count = i64::try_from(sums.count()).unwrap_or(i64::MAX).max(1);
            Span(sums.sum.0.checked_div(count).unwrap_or(0))
        })
    }

    /// A span that `percent` (0..=100) of all spans do not exceed: the upper edge of the bucket
    /// in which that quantile lies, which is less than a fifth above it, and never above the
    /// longest span.
    pub fn quantile(&self, percent: u8) -> Span {
        self.one_or(|sums| sums.quantile(percent))
    }

    fn one_or(&self, of_sums: impl FnOnce(&Sums) -> Span) -> Span {
        self.0.as_deref().map_or(Span::ZERO, of_sums)
    }
}

impl Sums {
    fn record(&mut self, span: Span) {
        self.min = self.min.min(span);
        self.max = self.max.max(span);
        self.sum = Span(self.sum.0.saturating_add(span.0));
        let bucket = self.bucket_mut(bucket_of(span));
        *bucket = bucket.saturating_add(1);
    }

    fn count(&self) -> u64 {
        self.buckets
            .iter()
            .fold(0, |sum, bucket| sum.saturating_add(u64::from(*bucket)))
    }

    fn quantile(&self, percent: u8) -> Span {
        let rank = self
            .count()
            .saturating_mul(u64::from(percent.min(100)))
            .div_ceil(100)
            .max(1);
        let mut seen = 0_u64;
        for (number, bucket) in (usize::from(self.lowest)..).zip(&*self.buckets) {
            seen = seen.saturating_add(u64::from(*bucket));
            if seen >= rank {
                return upper_edge(number).min(self.max);
            }
        }
        self.max
    }

    /// The counter of a bucket; makes room for it first.
    fn bucket_mut(&mut self, number: u8) -> &mut u32 {
        if self.buckets.is_empty() {
            self.lowest = number;
        }
        let missing_before = usize::from(self.lowest.saturating_sub(number));
        let index = usize::from(number.saturating_sub(self.lowest));
        if missing_before > 0 || index >= self.buckets.len() {
            let known = missing_before.saturating_add(self.buckets.len());
            let room = known.max(index.saturating_add(1));
            let mut buckets = Vec::with_capacity(room);
            buckets.resize(missing_before, 0);
            buckets.extend_from_slice(&self.buckets);
            buckets.resize(room, 0);
            self.buckets = buckets.into_boxed_slice();
            self.lowest = self.lowest.min(number);
        }
        #[expect(
            clippy::indexing_slicing,
            reason = "the vector was just made to hold this index"
        )]
        &mut self.buckets[index]
    }
}

/// The bucket of a span: microseconds 0..4 have one each, above that every doubling has four.
fn bucket_of(span: Span) -> u8 {
    let micros = span.0.max(0).cast_unsigned().wrapping_div(1000);
    let number = match micros.checked_ilog2() {
        Some(octave @ 2..) => {
            let below = octave.saturating_sub(2);
            let step = micros.checked_shr(below).unwrap_or(0) & 3;
            octave
                .saturating_mul(STEPS_PER_OCTAVE)
                .saturating_add(u32::try_from(step).unwrap_or(0))
        }
        _ => u32::try_from(micros).unwrap_or(0),
    };
    u8::try_from(number).unwrap_or(u8::MAX).min(
        u8::try_from(MAX_BUCKETS)
            .unwrap_or(u8::MAX)
            .saturating_sub(1),
    )
}

/// The end of a bucket; the last one has none.
fn upper_edge(number: usize) -> Span {
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    let micros = if number < 8 {
        u64::from(number).saturating_add(1)
    } else if number.saturating_add(1) >= u32::try_from(MAX_BUCKETS).unwrap_or(0) {
        return Span(i64::MAX);
    } else {
        let octave = number.wrapping_div(STEPS_PER_OCTAVE);
        let step = u64::from(number % STEPS_PER_OCTAVE);
        step.saturating_add(5)
            .checked_shl(octave.saturating_sub(2))
            .unwrap_or(u64::MAX)
    };
    Span(i64::try_from(micros.saturating_mul(1000)).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_millis(millis: impl IntoIterator<Item = i64>) -> SpanStats {
        let mut stats = SpanStats::default();
        for ms in millis {
            stats.record(Span::from_millis(ms));
        }
        stats
    }

    #[test]
    fn nothing_recorded_is_all_zero() {
        let stats = SpanStats::default();
        assert_eq!(stats.quantile(95), Span::ZERO);
        assert_eq!(stats.mean(), Span::ZERO);
    }

    #[test]
    fn extremes_and_mean_are_exact() {
        let stats = of_millis([30, 10, 20]);
        assert_eq!(stats.min(), Span::from_millis(10));
        assert_eq!(stats.max(), Span::from_millis(30));
        assert_eq!(stats.mean(), Span::from_millis(20));
        assert_eq!(stats.count(), 3);
    }

    #[test]
    fn a_quantile_is_less_than_a_quarter_too_high_and_never_too_low() {
        let stats = of_millis(1..=1000);
        for percent in [5_u8, 50, 90, 95, 99] {
            let exact = f64::from(percent) * 10.0;
            let told = stats.quantile(percent).as_millis_f64();
            assert!(told >= exact && told < exact * 1.25, "p{percent}: {told}");
        }
        assert_eq!(stats.quantile(100), Span::from_millis(1000));
    }

    #[test]
    fn shorter_spans_make_room_before_the_first() {
        let stats = of_millis([1000, 1, 1, 1, 1]);
        assert!(stats.quantile(50) < Span::from_millis(2));
        assert_eq!(stats.quantile(100), Span::from_millis(1000));
    }

    #[test]
    fn memory_stays_bounded_whatever_comes() {
        let mut stats = SpanStats::default();
        for shift in 0..63 {
            stats.record(Span(1 << shift));
        }
        stats.record(Span(i64::MIN));
        let sums = stats.0.as_ref().expect("there were 64");
        assert!(sums.buckets.len() <= MAX_BUCKETS);
        assert_eq!(stats.quantile(100), Span(1 << 62));
    }

    #[test]
    fn bucket_edges_follow_each_other() {
        // Section by hand: 4 us is the first of its octave, 5 us the second; 7.999 us the last.
        assert_eq!(bucket_of(Span(3_999)), 3);
        assert_eq!(bucket_of(Span(4_000)), 8);
        assert_eq!(bucket_of(Span(5_000)), 9);
        assert_eq!(upper_edge(8), Span(5_000));
        assert_eq!(bucket_of(Span(7_999)), 11);
        assert_eq!(upper_edge(11), Span(8_000));
        assert_eq!(bucket_of(Span(8_000)), 12);
    }
}
