//! Order, overlap, repetition.

use super::*;

#[test]
fn data_in_order_goes_straight_through() {
    let mut line = Line::open();
    line.data(0, "abc").data(3, "def");
    assert_eq!(line.out(), "0:abc@2 3:def@3");
    assert_eq!(line.kind(), ArrivalKind::InOrder);
    line.assert_idle();
    assert_eq!(line.in_order, (2, 6));
}

#[test]
fn a_borrowed_slice_is_the_frame_itself() {
    let mut line = Line::open();
    let mut segment = line.segment(TcpFlags::ACK, b"payload");
    segment.seq = START;
    let mut seen = None;
    line.stream.push(&segment, &mut line.budget, &mut |span| {
        if let Span::Data { bytes, .. } = span {
            seen = Some(bytes.as_ptr());
        }
    });
    assert_eq!(seen, Some(segment.payload.as_ptr()));
}

#[test]
fn two_segments_swapped() {
    let mut line = Line::answered();
    line.data(3, "def");
    assert_eq!(line.kind(), ArrivalKind::Ahead);
    assert_eq!(line.out(), "");
    line.wait_ms(2).data(0, "abc");
    assert_eq!(line.out(), "0:abc@4 3:def@3");
    assert_eq!(line.kind(), ArrivalKind::Fills);
    assert_eq!(line.last.waited, 2_000_000);
    line.assert_idle();
}

#[test]
fn four_segments_reversed() {
    let mut line = Line::answered();
    line.data(9, "jkl")
        .data(6, "ghi")
        .data(3, "def")
        .data(0, "abc");
    assert_eq!(line.out(), "0:abc@6 3:def@5 6:ghi@4 9:jkl@3");
    line.assert_idle();
}

#[test]
fn one_of_two_holes_filled() {
    let mut line = Line::answered();
    line.data(2, "c").data(4, "e").data(0, "ab");
    assert_eq!(line.out(), "0:ab@5 2:c@3");
    assert_eq!(line.stream.waiting(), 1 + store::PIECE_OVERHEAD);
    line.data(3, "d");
    assert_eq!(line.out(), "3:d@6 4:e@4");
    line.assert_idle();
}

#[test]
fn a_hole_filled_from_its_far_end() {
    let mut line = Line::answered();
    line.data(6, "gh").data(4, "ef").data(0, "abcd");
    assert_eq!(line.out(), "0:abcd@5 4:ef@4 6:gh@3");
}

#[test]
fn a_hole_filled_byte_by_byte() {
    let mut line = Line::answered();
    line.data(3, "d").data(0, "a").data(1, "b").data(2, "c");
    assert_eq!(line.out(), "0:a@4 1:b@5 2:c@6 3:d@3");
    assert_eq!(line.counters().filling_segments, 3);
}

#[test]
fn the_whole_segment_again() {
    let mut line = Line::open();
    line.data(0, "abc").data(0, "abc");
    assert_eq!(line.out(), "0:abc@2");
    assert_eq!(line.kind(), ArrivalKind::Duplicate);
    assert_eq!(line.last.duplicate, 3);
    assert_eq!(line.counters().duplicate_segments, 1);
}

#[test]
fn again_with_more_behind_it() {
    let mut line = Line::open();
    line.data(0, "abc").data(0, "abcdef");
    assert_eq!(line.out(), "0:abc@2 3:def@3");
    assert_eq!(line.last.fresh, 3);
    assert_eq!(line.last.duplicate, 3);
    assert_eq!(line.counters().partly_duplicate_segments, 1);
}

#[test]
fn a_retransmission_cut_differently_reaches_over_what_waits() {
    // Keyed by exact sequence numbers, the waiting piece would never be found again.
    let mut line = Line::answered();
    line.data(0, "aaa")
        .data(6, "ccc")
        .data(3, "bbbcc")
        .data(9, "ddd");
    assert_eq!(line.out(), "0:aaa@3 3:bbb@5 6:ccc@4 9:ddd@6");
    line.assert_idle();
}

#[test]
fn a_retransmission_covers_several_waiting_pieces() {
    let mut line = Line::answered();
    line.data(2, "c").data(5, "f").data(0, "abcdefgh");
    assert_eq!(line.out(), "0:ab@5 2:c@3 3:de@5 5:f@4 6:gh@5");
    assert_eq!(line.last.fresh, 6);
    assert_eq!(line.last.duplicate, 2);
    line.assert_idle();
}

#[test]
fn a_waiting_piece_overlapped_in_front_behind_and_within() {
    let mut line = Line::answered();
    line.data(4, "efgh")
        .data(2, "cdef")
        .data(6, "ghij")
        .data(5, "fg");
    assert_eq!(line.last.kind, ArrivalKind::Duplicate);
    assert_eq!(line.stream.store.as_ref().expect("waits").to_string(), {
        let at = |n: u64| ORIGIN + n;
        format!(
            "[{}..{} {}..{} {}..{}]",
            at(2),
            at(4),
            at(4),
            at(8),
            at(8),
            at(10)
        )
    });
    line.data(0, "ab");
    assert_eq!(line.out(), "0:ab@7 2:cd@4 4:efgh@3 8:ij@5");
}

#[test]
fn a_waiting_segment_spans_two_that_wait() {
    let mut line = Line::answered();
    line.data(2, "c")
        .data(6, "g")
        .data(1, "bcdefgh")
        .data(0, "a");
    assert_eq!(line.out(), "0:a@6 1:b@5 2:c@3 3:def@5 6:g@4 7:h@5");
    line.assert_idle();
}

#[test]
fn first_bytes_win_over_others_for_the_same_place() {
    let mut line = Line::answered();
    line.data(3, "def").data(3, "dXf");
    assert_eq!(line.last.conflicting, 1);
    line.data(0, "abcYYY");
    assert_eq!(line.last.conflicting, 3);
    assert_eq!(line.out(), "0:abc@5 3:def@3");
    assert_eq!(line.counters().conflicting_segments, 2);
    assert_eq!(line.counters().conflicting_bytes, 4);
}

#[test]
fn the_sequence_wraps_within_a_segment_and_between() {
    let mut line = Line::open_at(0xffff_fffe);
    line.send(0xffff_fffe, TcpFlags::ACK, b"abcd");
    line.send(2, TcpFlags::ACK, b"ef");
    assert_eq!(line.out(), "0:abcd@2 4:ef@3");
}

#[test]
fn out_of_order_across_the_wrap() {
    let mut line = Line::open_at(0xffff_fffc);
    line.ack(0xffff_fffc);
    line.send(2, TcpFlags::ACK, b"gh");
    line.send(0xffff_fffe, TcpFlags::ACK, b"cdef");
    line.send(0xffff_fffc, TcpFlags::ACK, b"ab");
    assert_eq!(line.out(), "0:ab@5 2:cdef@4 6:gh@3");
}

#[test]
fn a_stream_wraps_more_than_once() {
    // 9 GiB in steps of 96 MiB, whose bytes were cut off: the offsets are what counts.
    let mut line = Line::open();
    let step = 96u32 << 20;
    let mut seq = START;
    for _ in 0..96 {
        let mut segment = line.segment(TcpFlags::ACK, b"");
        segment.seq = seq;
        segment.wire_payload = step;
        line.put(&segment);
        seq = seq.wrapping_add(step);
        line.out.clear();
    }
    assert_eq!(line.offset, 9 << 30);
    line.send(seq.wrapping_add(1), TcpFlags::ACK, b"b");
    line.send(seq, TcpFlags::ACK, b"a");
    assert_eq!(
        line.out(),
        format!("{0}:a@99 {1}:b@98", 9u64 << 30, (9u64 << 30) + 1)
    );
}

#[test]
fn data_before_the_start_is_no_data() {
    let mut line = Line::open();
    line.send(START - 10, TcpFlags::ACK, b"0123456789");
    assert_eq!(line.kind(), ArrivalKind::Outside);
    line.send(START - 2, TcpFlags::ACK, b"89ab");
    assert_eq!(line.out(), "0:ab@3");
    assert_eq!(line.counters().before_start_bytes, 12);
}

#[test]
fn padding_beyond_the_ip_length_is_no_data() {
    let mut line = Line::open();
    let mut segment = line.segment(TcpFlags::ACK, b"ab\0\0\0\0");
    segment.seq = START;
    segment.wire_payload = 2;
    line.put(&segment);
    assert_eq!(line.out(), "0:ab@2");
}
