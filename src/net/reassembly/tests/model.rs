//! Random segments against a naive model: an array in which the first byte for a place wins.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Length of the streams: several segments, small enough for many cases.
const LEN: usize = 200;

#[derive(Debug, Clone)]
struct Cut {
    start: usize,
    len: usize,
    /// Added to the bytes, so that copies may differ.
    twist: u8,
    /// Leading part that the capture holds, of 8.
    captured: usize,
    acked: bool,
    millis: i64,
}

fn cuts(twisted: bool, cut: bool) -> impl Strategy<Value = Vec<Cut>> {
    let twist = if twisted { 0..3u8 } else { 0..1 };
    let captured = if cut { 0..9usize } else { 8..9 };
    let one = (0..LEN, 1..40usize, twist, captured, any::<bool>(), 0..30i64).prop_map(
        |(start, len, twist, captured, acked, millis)| Cut {
            start,
            len: len.min(LEN - start),
            twist,
            captured,
            acked,
            millis,
        },
    );
    vec(one, 1..60)
}

/// What comes out, as one value for each place: a byte, or none for a gap.
fn collect(out: &mut Vec<Option<u8>>, span: Span<'_>) {
    match span {
        Span::Data { offset, bytes, .. } => {
            assert_eq!(offset, out.len() as u64);
            out.extend(bytes.iter().copied().map(Some));
        }
        Span::Gap { offset, len, .. } => {
            assert_eq!(offset, out.len() as u64);
            out.extend(std::iter::repeat_n(
                None,
                usize::try_from(len).expect("short"),
            ));
        }
    }
}

fn content(place: usize, twist: u8) -> u8 {
    u8::try_from(place % 250)
        .expect("below 250")
        .wrapping_add(twist)
}

struct Run {
    line: Line,
    out: Vec<Option<u8>>,
    model: [Option<u8>; LEN],
    isn: u32,
}

impl Run {
    fn new(isn: u32) -> Self {
        let mut line = Line::midway();
        line.send(isn, TcpFlags::SYN, b"");
        Self {
            line,
            out: Vec::new(),
            model: [None; LEN],
            isn,
        }
    }

    fn seq(&self, place: usize) -> u32 {
        self.isn
            .wrapping_add(1)
            .wrapping_add(u32::try_from(place).expect("short"))
    }

    fn send(&mut self, cut: &Cut) {
        let bytes: Vec<u8> = (cut.start..cut.start + cut.len)
            .map(|place| content(place, cut.twist))
            .collect();
        let captured = (bytes.len() * cut.captured).div_ceil(8).min(bytes.len());
        let mut segment = self.line.segment(TcpFlags::ACK, &bytes[..captured]);
        segment.seq = self.seq(cut.start);
        segment.wire_payload = u32::try_from(cut.len).expect("short");
        let out = &mut self.out;
        let arrival = self
            .line
            .stream
            .push(&segment, &mut self.line.budget, &mut |span| {
                collect(out, span);
            });
        self.line.arrived(arrival);
    }

    /// The peer acknowledges all that lies without a hole, as an honest one does.
    fn acknowledge(&mut self, place: usize) {
        let mut segment = self.line.segment(TcpFlags::ACK, b"");
        segment.ack = self.seq(place);
        let out = &mut self.out;
        self.line
            .stream
            .on_peer(&segment, Some(65_535), &mut self.line.budget, &mut |span| {
                collect(out, span);
            });
    }

    fn finish(&mut self) {
        let at = self.line.segment(TcpFlags::ACK, b"").at;
        let out = &mut self.out;
        self.line
            .stream
            .finish(at, &mut self.line.budget, &mut |span| collect(out, span));
        self.line.assert_idle();
    }
}

proptest! {
    /// With an honest receiver and everything sent at last, each byte comes out, and where copies
    /// differ the first one.
    #[test]
    fn every_byte_comes_out_once_and_the_first_wins(isn: u32, cuts in cuts(true, false)) {
        let mut run = Run::new(isn);
        let mut prefix = 0;
        let last = Cut { start: 0, len: LEN, twist: 0, captured: 8, acked: true, millis: 0 };
        for cut in cuts.iter().chain([&last]) {
            // A single byte at the end of what was seen is a keep-alive: its byte does not count.
            run.line.wait_ms(cut.millis);
            run.send(cut);
            for place in cut.start..cut.start + cut.len {
                run.model[place].get_or_insert(content(place, cut.twist));
            }
            while run.model.get(prefix).is_some_and(Option::is_some) {
                prefix += 1;
            }
            if cut.acked {
                run.acknowledge(prefix);
            }
        }
        run.finish();
        prop_assert_eq!(&run.out[..], &run.model[..]);
        prop_assert_eq!(run.line.counters().all_gap_bytes(), 0);
        let c = run.line.counters();
        prop_assert_eq!(run.line.in_order.1 + c.filling_bytes + c.ahead_bytes, LEN as u64);
    }

    /// Whatever is lost, cut off or acknowledged: the spans have no seam, no byte is wrong, and
    /// every byte that was captured before its place was passed comes out.
    #[test]
    fn nothing_is_invented(
        isn: u32,
        cuts in cuts(false, true),
        syn: bool,
        acks in vec(0..LEN, 60),
    ) {
        let mut run = Run::new(isn);
        if !syn {
            run.line.stream = Reassembler::default();
        }
        let mut seen = 0;
        let mut first = LEN;
        for (cut, ack) in cuts.iter().zip(acks) {
            run.line.wait_ms(cut.millis);
            run.send(cut);
            seen = seen.max(cut.start + cut.len);
            first = first.min(cut.start);
            if cut.acked {
                run.acknowledge(ack.min(seen));
            }
        }
        run.finish();
        // Where the stream starts: behind the SYN, or joined midway somewhere up to the first byte.
        let base = if syn { 0 } else { seen - run.out.len().min(seen) };
        prop_assert!(run.out.len() <= seen);
        for (offset, byte) in run.out.iter().enumerate() {
            if let Some(byte) = byte {
                prop_assert_eq!(*byte, content(base + offset, 0));
            }
        }
        if syn {
            prop_assert_eq!(run.out.len(), seen);
        }
        let c = run.line.counters();
        let data = run.out.iter().flatten().count() as u64;
        prop_assert_eq!(data + c.all_gap_bytes(), run.out.len() as u64);
    }

    /// Cutting a stream differently and delaying segments changes nothing of the bytes.
    #[test]
    fn reordering_within_the_window_loses_nothing(
        isn: u32,
        sizes in vec(1..30usize, 1..40),
        swaps in vec((0..40usize, 0..40usize), 0..40),
    ) {
        let mut segments = Vec::new();
        let mut start = 0;
        for size in sizes {
            let len = size.min(LEN - start);
            segments.push(Cut { start, len, twist: 0, captured: 8, acked: false, millis: 0 });
            start += len;
            if start == LEN {
                break;
            }
        }
        for (a, b) in swaps {
            let count = segments.len();
            segments.swap(a % count, b % count);
        }
        let mut run = Run::new(isn);
        run.acknowledge(0);
        for cut in &segments {
            run.send(cut);
        }
        prop_assert_eq!(run.out.len(), start);
        prop_assert!(run.out.iter().all(Option::is_some));
        run.line.assert_idle();
    }
}
