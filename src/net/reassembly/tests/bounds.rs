//! What may wait, for one direction and for all together.

use super::*;

fn fill(line: &mut Line, from: u32, blocks: u32) {
    let block = "x".repeat(8 << 10);
    for i in 0..blocks {
        line.data(from + i * (8 << 10), &block);
    }
}

#[test]
fn at_its_bound_the_hole_is_given_up_and_nothing_else() {
    let mut line = Line::answered();
    fill(&mut line, 100, 7);
    assert_eq!(line.out(), "");
    fill(&mut line, 100 + 7 * (8 << 10), 1);
    let out = line.out();
    assert!(out.starts_with("0(100)bound@3 100:<8192>@3"), "{out}");
    line.assert_idle();
    assert_eq!(line.offset, 100 + 8 * (8 << 10));
    assert_eq!(line.counters().gaps_of(GapCause::Bound), 1);
}

#[test]
fn only_as_many_holes_are_given_up_as_must_be() {
    let mut line = Line::answered();
    fill(&mut line, 100, 4);
    let second = 200 + 4 * (8 << 10);
    fill(&mut line, second, 4);
    assert_eq!(line.counters().gaps_of(GapCause::Bound), 1);
    assert!(line.stream.waiting() > 4 * (8 << 10));
    line.data(second - 100, &"y".repeat(100));
    line.assert_idle();
}

#[test]
fn the_bound_follows_the_window() {
    let mut line = Line::answered();
    let mut segment = line.segment(TcpFlags::ACK, b"");
    segment.ack = START;
    line.peer(&segment, Some(1 << 20));
    fill(&mut line, 100, 100);
    assert_eq!(line.out(), "");
    line.peer(&segment, Some(0));
    fill(&mut line, 100 + 100 * (8 << 10), 20);
    assert_eq!(
        line.out(),
        "",
        "what is under way was allowed by the wider window"
    );
}

#[test]
fn tiny_pieces_are_bounded_too() {
    let mut line = Line::answered();
    let mut segment = line.segment(TcpFlags::ACK, b"");
    segment.ack = START;
    line.peer(&segment, Some(8 << 20));
    for i in 0..20_000 {
        line.data(1 + i * 2, "x");
    }
    let store = line.stream.store.as_ref().expect("waits");
    assert_eq!(store.pieces(), MAX_PIECES);
    assert!(line.counters().gaps_of(GapCause::Bound) > 0);
    line.finish();
    line.assert_idle();
}

#[test]
fn one_segment_larger_than_the_bound_may_wait() {
    let mut line = Line::answered();
    let big = "x".repeat(100_000);
    line.data(3, &big);
    assert_eq!(line.out(), "");
    line.data(0, "abc");
    assert_eq!(line.out(), "0:abc@4 3:<100000>@3");
}

#[test]
fn when_shared_memory_is_short_the_hole_is_given_up() {
    let mut line = Line::answered();
    line.budget = ReassemblyBudget::new(1000);
    line.data(3, &"x".repeat(400));
    assert_eq!(line.out(), "");
    line.data(403, &"x".repeat(400));
    assert_eq!(line.out(), "0(3)bound@3 3:<400>@3 403:<400>@4");
    assert_eq!(line.budget.refusals(), 1);
    assert_eq!(line.budget.high_water(), 400 + store::PIECE_OVERHEAD);
    line.assert_idle();
}

#[test]
fn others_always_find_some_room() {
    // Each direction may hold what is free besides: half of all, half of the rest, and so on.
    let mut budget = ReassemblyBudget::new(1 << 20);
    let mut lines: Vec<Line> = (0..4).map(|_| Line::answered()).collect();
    for line in &mut lines {
        std::mem::swap(&mut line.budget, &mut budget);
        line.stream.window = Some(8 << 20);
        for i in 0..200 {
            line.data(100 + i * 8192, &"x".repeat(8192));
            if !line.out.is_empty() {
                break;
            }
        }
        // Holding again up to the share.
        let from = u32::try_from(line.offset).expect("small") + 100;
        for i in 0..200 {
            let free = (1 << 20) - line.budget.used();
            if line.stream.waiting() + 2 * 8300 > free {
                break;
            }
            line.data(from + i * 8192, &"x".repeat(8192));
        }
        std::mem::swap(&mut line.budget, &mut budget);
    }
    let held: Vec<usize> = lines.iter().map(|line| line.stream.waiting()).collect();
    assert!(held[0] > 400 << 10, "{held:?}");
    assert!(held[3] > 30 << 10, "{held:?}");
    assert!(budget.high_water() <= 1 << 20);
}

#[test]
fn held_data_is_let_go_when_memory_is_short() {
    let mut line = Line::midway();
    line.budget = ReassemblyBudget::new(200);
    line.data(0, &"x".repeat(300)).data(300, "y");
    assert_eq!(line.out(), "0:<300>@1 300:y@2");
    line.assert_idle();
}

#[test]
fn a_reassembler_with_nothing_waiting_is_small() {
    assert!(
        size_of::<Reassembler>() <= 200,
        "{}",
        size_of::<Reassembler>()
    );
    let mut line = Line::answered();
    line.data(0, "abc");
    assert!(line.stream.store.is_none() && line.stream.rare.is_none());
}
