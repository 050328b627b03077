//! SYN, FIN, RST, probes, and streams without a beginning.

use super::*;

#[test]
fn data_on_the_syn_starts_the_stream() {
    let mut line = Line::midway();
    line.send(START - 1, TcpFlags::SYN, b"abc").data(3, "def");
    assert_eq!(line.out(), "0:abc@1 3:def@2");
}

#[test]
fn data_on_the_syn_that_was_not_taken_comes_again() {
    let mut line = Line::midway();
    line.send(START - 1, TcpFlags::SYN, b"abc")
        .ack(START)
        .data(0, "abc");
    assert_eq!(line.out(), "0:abc@1");
    assert_eq!(line.last.duplicate, 3);
}

#[test]
fn a_retransmitted_syn_changes_nothing() {
    let mut line = Line::answered();
    line.send(START - 1, TcpFlags::SYN, b"").data(0, "abc");
    line.send(START - 1, TcpFlags::SYN, b"").data(3, "d");
    assert_eq!(line.out(), "0:abc@4 3:d@6");
}

#[test]
fn a_syn_with_another_number_before_any_data_starts_anew() {
    let mut line = Line::open();
    line.send(77_000, TcpFlags::SYN, b"")
        .send(77_001, TcpFlags::ACK, b"abc");
    assert_eq!(line.out(), "0:abc@3");
}

#[test]
fn a_syn_with_another_number_amid_the_stream_is_ignored() {
    let mut line = Line::open();
    line.data(0, "abc")
        .send(77_000, TcpFlags::SYN, b"")
        .data(3, "d");
    assert_eq!(line.out(), "0:abc@2 3:d@4");
}

#[test]
fn the_four_way_handshake_has_a_syn_each_way() {
    // A, SYN; B, ACK alone; B, SYN; A, SYN-ACK with the number of its first SYN.
    let mut line = Line::open();
    line.ack(START)
        .send(START - 1, TcpFlags(0x12), b"")
        .data(0, "abc");
    assert_eq!(line.out(), "0:abc@4");
}

#[test]
fn data_before_its_syn_in_the_capture() {
    let mut line = Line::midway();
    line.data(3, "def").send(START - 1, TcpFlags::SYN, b"");
    assert_eq!(line.out(), "");
    line.data(0, "abc");
    assert_eq!(line.out(), "0:abc@3 3:def@1");
}

#[test]
fn data_older_than_the_syn_is_dropped_when_the_syn_comes() {
    let mut line = Line::midway();
    line.send(START - 3, TcpFlags::ACK, b"xxxab");
    line.send(START - 1, TcpFlags::SYN, b"");
    assert_eq!(line.out(), "0:ab@1");
    assert_eq!(line.counters().before_start_bytes, 3);
}

#[test]
fn a_syn_ack_tells_the_start_when_the_syn_was_not_captured() {
    let mut line = Line::midway();
    let mut segment = line.segment(TcpFlags(0x12), b"");
    segment.ack = START;
    line.peer(&segment, None);
    line.data(3, "def").data(0, "abc");
    assert_eq!(line.out(), "0:abc@3 3:def@2");
}

#[test]
fn midway_the_first_data_is_held_for_three_segments() {
    let mut line = Line::midway();
    line.data(3, "def").data(6, "ghi").data(0, "abc");
    assert_eq!(line.out(), "");
    assert!(!line.stream.is_settled());
    line.data(9, "jkl");
    assert_eq!(line.out(), "0:abc@3 3:def@1 6:ghi@2 9:jkl@4");
    assert!(line.stream.is_settled());
    line.data(12, "m");
    assert_eq!(line.out(), "12:m@5");
    line.assert_idle();
}

#[test]
fn midway_the_first_data_is_held_for_50_ms() {
    let mut line = Line::midway();
    line.data(0, "abc").wait_ms(50).ack(START + 3);
    assert_eq!(line.out(), "0:abc@1");
}

#[test]
fn midway_nothing_is_held_when_the_receiver_has_all_before_it() {
    let mut line = Line::midway();
    line.ack(START).data(0, "abc");
    assert_eq!(line.out(), "0:abc@2");
    line.assert_idle();
}

#[test]
fn midway_a_hole_among_the_first_data_is_judged_after_the_start_is_settled() {
    let mut line = Line::midway();
    line.data(0, "a").data(2, "c").data(3, "d").data(4, "e");
    assert_eq!(line.out(), "0:a@1");
    line.data(1, "b");
    assert_eq!(line.out(), "1:b@5 2:c@2 3:d@3 4:e@4");
}

#[test]
fn midway_data_before_a_settled_start_is_outside() {
    let mut line = Line::midway();
    line.data(3, "d").wait_ms(60).data(4, "e");
    assert_eq!(line.out(), "0:d@1 1:e@2");
    line.data(0, "abc");
    assert_eq!(line.kind(), ArrivalKind::Outside);
}

#[test]
fn midway_the_end_lets_out_what_is_held() {
    let mut line = Line::midway();
    line.data(0, "abc").finish();
    assert_eq!(line.out(), "0:abc@1");
    line.assert_idle();
}

#[test]
fn a_keep_alive_with_one_byte_of_garbage_is_no_data() {
    let mut line = Line::open();
    line.data(0, "abc").data(2, "\0").data(3, "d");
    assert_eq!(line.out(), "0:abc@2 3:d@4");
    assert_eq!(line.counters().keep_alives, 1);
    assert_eq!(line.counters().conflicting_bytes, 0);
}

#[test]
fn a_keep_alive_behind_a_hole_is_no_data() {
    let mut line = Line::answered();
    line.data(0, "a").data(2, "c").data(2, "\0");
    assert_eq!(line.kind(), ArrivalKind::KeepAlive);
    line.data(1, "b");
    assert_eq!(line.out(), "0:a@3 1:b@6 2:c@4");
    assert_eq!(line.counters().conflicting_bytes, 0);
}

#[test]
fn a_keep_alive_without_payload() {
    let mut line = Line::open();
    line.data(0, "abc").data(2, "");
    assert_eq!(line.kind(), ArrivalKind::KeepAlive);
    line.data(3, "");
    assert_eq!(line.kind(), ArrivalKind::Empty);
    assert_eq!(line.out(), "0:abc@2");
}

#[test]
fn a_probe_of_a_closed_window_is_the_next_byte() {
    let mut line = Line::open();
    line.data(0, "abc").data(3, "d").data(3, "def");
    assert_eq!(line.out(), "0:abc@2 3:d@3 4:ef@4");
}

#[test]
fn fin_with_data() {
    let mut line = Line::open();
    line.send(START, TcpFlags::FIN, b"abc");
    assert_eq!(line.out(), "0:abc@2");
    line.send(START, TcpFlags::FIN, b"abc").finish();
    assert_eq!(line.out(), "");
    assert_eq!(line.kind(), ArrivalKind::Duplicate);
}

#[test]
fn fin_before_the_data_in_front_of_it() {
    let mut line = Line::answered();
    line.send(START + 3, TcpFlags::FIN, b"def")
        .data(0, "abc")
        .finish();
    assert_eq!(line.out(), "0:abc@4 3:def@3");
}

#[test]
fn data_behind_the_fin_is_no_data() {
    let mut line = Line::open();
    line.data(0, "abc").send(START + 3, TcpFlags::FIN, b"d");
    line.data(4, "efg").data(3, "dxx");
    assert_eq!(line.out(), "0:abc@2 3:d@3");
    assert_eq!(line.counters().behind_fin_bytes, 5);
}

#[test]
fn a_fin_below_data_already_seen_is_not_believed() {
    let mut line = Line::open();
    line.data(0, "abcdef")
        .send(START + 2, TcpFlags::FIN, b"")
        .data(6, "g");
    assert_eq!(line.out(), "0:abcdef@2 6:g@4");
}

#[test]
fn a_fin_before_the_syn_is_not_believed() {
    // As middleboxes inject them to tear down a connection that does not stand yet.
    let mut line = Line::midway();
    line.send(START, TcpFlags::FIN, b"");
    line.send(START - 1, TcpFlags::SYN, b"").data(0, "abc");
    assert_eq!(line.out(), "0:abc@3");
}

#[test]
fn the_payload_of_a_reset_is_no_data() {
    let mut line = Line::open();
    line.data(0, "abc")
        .send(START + 3, TcpFlags::RST, b"go away");
    assert_eq!(line.kind(), ArrivalKind::Empty);
    line.finish();
    assert_eq!(line.out(), "0:abc@2");
}

#[test]
fn the_acknowledgement_of_a_reset_is_not_believed() {
    let mut line = Line::answered();
    line.data(3, "d");
    for _ in 0..5 {
        let mut segment = line.segment(TcpFlags(0x14), b"");
        segment.ack = START + 4;
        line.peer(&segment, None);
    }
    assert_eq!(line.out(), "");
}

#[test]
fn nothing_seen_nothing_out() {
    let mut line = Line::midway();
    line.finish();
    assert_eq!(line.out(), "");
}
