//! Holes: when they are waited for, when they are given up, and as what.

use super::*;

#[test]
fn a_hole_below_the_acknowledgement_is_lost_by_the_capture_after_sixteen_segments() {
    let mut line = Line::answered();
    line.data(0, "ab").data(5, "f").ack(START + 6);
    line.data(6, "g").data(7, "h");
    for _ in 0..13 {
        line.ack(START + 8);
    }
    assert_eq!(line.out(), "0:ab@3", "the grace is not over");
    line.ack(START + 8);
    assert_eq!(line.out(), "2(3)capture_loss@4 5:f@4 6:g@6 7:h@7");
    line.assert_idle();
    assert_eq!(line.counters().gaps_of(GapCause::CaptureLoss), 1);
    assert_eq!(line.counters().gap_bytes_of(GapCause::CaptureLoss), 3);
}

#[test]
fn a_hole_below_the_acknowledgement_is_lost_by_the_capture_after_half_a_second() {
    let mut line = Line::answered();
    line.data(3, "d").ack(START + 4);
    line.wait_ms(499).data(4, "e");
    assert_eq!(line.out(), "");
    line.wait_ms(1).data(5, "f");
    assert_eq!(line.out(), "0(3)capture_loss@3 3:d@3 4:e@5 5:f@6");
}

#[test]
fn an_acknowledgement_captured_before_its_data_makes_no_gap() {
    let mut line = Line::answered();
    line.ack(START + 6).data(3, "def").data(0, "abc");
    assert_eq!(line.out(), "0:abc@5 3:def@4");
    assert_eq!(line.counters().all_gap_bytes(), 0);
}

#[test]
fn nothing_is_given_up_while_the_receiver_misses_it_too() {
    let mut line = Line::answered();
    line.data(3, "def");
    for _ in 0..50 {
        line.wait_ms(100).sack(START, START + 3, START + 6);
    }
    assert_eq!(line.out(), "");
    line.data(0, "abc");
    assert_eq!(line.out(), "0:abc@54 3:def@3");
    assert_eq!(line.last.waited, 5_000_000_000);
}

#[test]
fn an_acknowledgement_inside_the_hole_is_not_enough() {
    let mut line = Line::answered();
    line.data(4, "ef");
    for _ in 0..5 {
        line.ack(START + 2);
    }
    assert_eq!(line.out(), "");
    line.finish();
    assert_eq!(line.out(), "0(2)capture_loss@3 2(2)undetermined@3 4:ef@3");
}

#[test]
fn two_holes_known_and_acknowledged_go_together() {
    let mut line = Line::answered();
    line.data(1, "b").data(3, "d").ack(START + 4);
    for _ in 0..16 {
        line.ack(START + 4);
    }
    assert_eq!(
        line.out(),
        "0(1)capture_loss@3 1:b@3 2(1)capture_loss@4 3:d@4"
    );
    line.assert_idle();
}

#[test]
fn a_capture_that_loses_every_other_segment_does_not_fall_behind() {
    let mut line = Line::answered();
    let mut most = 0;
    for i in 0..200 {
        line.data(i * 2 + 1, "x");
        most = most.max(line.stream.waiting() / (1 + store::PIECE_OVERHEAD));
        line.ack(START + i * 2 + 2);
    }
    // Two segments each: those of one grace, and those that came until the next.
    assert!(most <= 20, "{most} pieces waited");
    line.finish();
    assert_eq!(line.counters().gaps_of(GapCause::CaptureLoss), 200);
}

#[test]
fn a_partly_filled_hole_begins_a_new_grace() {
    let mut line = Line::answered();
    line.data(4, "e").ack(START + 5).data(5, "f").data(0, "ab");
    line.data(6, "g").data(7, "h");
    assert_eq!(line.out(), "0:ab@6");
    line.data(2, "cd");
    assert_eq!(line.out(), "2:cd@9 4:e@3 5:f@5 6:g@7 7:h@8");
    assert_eq!(line.counters().all_gap_bytes(), 0);
}

#[test]
fn one_sided_a_hole_is_given_up_after_a_second() {
    let mut line = Line::open();
    line.data(3, "def").wait_ms(999).data(6, "g");
    assert_eq!(line.out(), "");
    line.wait_ms(1).data(7, "h");
    assert_eq!(line.out(), "0(3)one_sided@2 3:def@2 6:g@3 7:h@4");
}

#[test]
fn a_hole_is_as_old_as_it_was_when_the_clock_is_set() {
    const HOUR_MS: i64 = 3_600_000;
    for step in [-HOUR_MS, HOUR_MS] {
        let mut line = Line::open();
        line.data(3, "def").wait_ms(600).data(6, "g");
        line.stream.clock_stepped(TimeSpan::from_millis(step));
        line.wait_ms(step).wait_ms(399).data(7, "h");
        assert_eq!(line.out(), "", "{step}");
        line.wait_ms(1).data(8, "i");
        assert!(line.out().starts_with("0(3)one_sided@2 3:def@2"), "{step}");
        // Another hole has its own age.
        line.data(20, "x").wait_ms(999).data(21, "y");
        assert_eq!(line.out(), "", "{step}");
        line.wait_ms(1).data(22, "z");
        assert!(line.out().starts_with("9(11)one_sided"), "{step}");
        line.assert_idle();
    }
}

#[test]
fn the_grace_of_a_hole_goes_on_when_the_clock_is_set() {
    for step in [-3_600_000, 3_600_000] {
        let mut line = Line::answered();
        line.data(2, "c").ack(START + 3).wait_ms(400);
        line.stream.clock_stepped(TimeSpan::from_millis(step));
        line.wait_ms(step).wait_ms(99).ack(START + 3);
        assert_eq!(line.out(), "", "{step}");
        line.wait_ms(1).ack(START + 3);
        assert_eq!(line.out(), "0(2)capture_loss@3 2:c@3", "{step}");
    }
}

#[test]
fn one_sided_a_hole_is_given_up_after_256_kib() {
    let mut line = Line::open();
    let block = "x".repeat(16 << 10);
    let mut offset = 100;
    for _ in 0..15 {
        line.data(offset, &block);
        offset += 16 << 10;
    }
    assert_eq!(line.out(), "");
    line.data(offset, &block);
    assert!(line.out().starts_with("0(100)one_sided@2 100:<16384>@2"));
    line.assert_idle();
}

#[test]
fn one_sided_a_stray_segment_far_ahead_does_not_break_the_stream() {
    let mut line = Line::open();
    line.data(500_000, "stray");
    for i in 0..40 {
        line.wait_ms(100).data(i, "x");
    }
    assert_eq!(line.offset, 40);
    assert_eq!(line.counters().all_gap_bytes(), 0);
}

#[test]
fn late_data_of_a_given_up_hole_is_counted_and_not_delivered() {
    let mut line = Line::open();
    line.data(3, "def").wait_ms(1000).data(6, "g");
    line.out();
    line.data(0, "abc");
    assert_eq!(line.kind(), ArrivalKind::Late);
    line.data(1, "bcdefgh");
    assert_eq!(line.out(), "7:h@5");
    assert_eq!(line.last.duplicate, 4);
    assert_eq!(line.counters().late_bytes, 5);
}

#[test]
fn a_frame_cut_by_the_capture_makes_a_gap_of_exact_length() {
    let mut line = Line::open();
    line.cut(0, "abcdefgh", 3).data(8, "ij");
    assert_eq!(line.out(), "0:abc@2 3(5)snaplen@2 8:ij@3");
    assert_eq!(line.counters().gap_bytes_of(GapCause::Snaplen), 5);
}

#[test]
fn a_cut_frame_keeps_its_place_while_it_waits() {
    let mut line = Line::answered();
    line.cut(4, "efgh", 0).cut(2, "cd", 1).data(0, "ab");
    assert_eq!(line.out(), "0:ab@5 2:c@4 3(1)snaplen@4 4(4)snaplen@3");
}

#[test]
fn a_retransmission_of_the_cut_off_part_is_late() {
    let mut line = Line::open();
    line.cut(0, "abcdef", 2).data(2, "cdef");
    assert_eq!(line.kind(), ArrivalKind::Late);
    assert_eq!(line.out(), "0:ab@2 2(4)snaplen@2");
}

#[test]
fn at_the_end_a_hole_with_nothing_known_is_undetermined() {
    let mut line = Line::answered();
    line.data(3, "def").finish();
    assert_eq!(line.out(), "0(3)undetermined@3 3:def@3");
    line.assert_idle();
}

#[test]
fn at_the_end_a_hole_that_the_receiver_reported_was_not_received() {
    let mut line = Line::answered();
    line.data(3, "def")
        .sack(START, START + 3, START + 6)
        .finish();
    assert_eq!(line.out(), "0(3)not_received@3 3:def@3");
}

#[test]
fn at_the_end_acknowledged_bytes_behind_the_last_ones_are_a_gap() {
    let mut line = Line::answered();
    line.data(0, "abc").ack(START + 10).finish();
    assert_eq!(line.out(), "0:abc@3 3(7)capture_loss@4");
}

#[test]
fn at_the_end_one_acknowledged_number_more_is_an_unseen_fin() {
    let mut line = Line::answered();
    line.data(0, "abc").ack(START + 4).finish();
    assert_eq!(line.out(), "0:abc@3");
}

#[test]
fn at_the_end_bytes_missing_before_the_fin_are_a_gap() {
    let mut line = Line::answered();
    line.data(0, "abc").send(START + 8, TcpFlags::FIN, b"");
    line.ack(START + 5).finish();
    assert_eq!(line.out(), "0:abc@3 3(2)capture_loss@5 5(3)undetermined@5");
}

#[test]
fn finishing_twice_adds_nothing() {
    let mut line = Line::answered();
    line.data(3, "def").ack(START + 9).finish();
    line.out();
    line.finish();
    assert_eq!(line.out(), "");
}
