//! The courses of figures against those done by hand, and the screen with a cursor.

use std::sync::Arc;

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;
use crossterm::event::MouseButton;
use crossterm::event::MouseEvent;
use crossterm::event::MouseEventKind;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::base::ids::FlowId;
use crate::base::side::Side;
use crate::base::time::Span;
use crate::base::time::Timestamp;
use crate::rtmp::event::RawMessage;
use crate::rtmp::types::MessageTypeId;
use crate::session::track::MediaKind;
use crate::tui;
use crate::tui::model::Detailed;
use crate::tui::model::Kept;
use crate::tui::model::Snapshot;
use crate::tui::screen::Screen;
use crate::tui::sheet::Target;
use crate::tui::sheet::Zones;
use crate::tui::state::MEDIA_FRAMES;
use crate::tui::state::MEDIA_TRACKS;
use crate::tui::state::ViewState;
use crate::tui::strip::Strip;
use crate::tui::strip::busiest;
use crate::tui::testing::SIZES;
use crate::tui::testing::at;
use crate::tui::testing::detail;
use crate::tui::testing::draw;
use crate::tui::testing::raw;
use crate::tui::testing::snapshot;
use crate::tui::testing::symbols;
use crate::tui::view;
use crate::tui::view::media::course;
use crate::tui::view::media::course::Course;
use crate::tui::view::media::course::Points;

/// A frame of video of `bytes` with a timestamp that arrives at a time.
fn frame(timestamp: u32, arrival: i64, bytes: usize) -> (Side, RawMessage) {
    let body = [&[0x27, 1, 0, 0, 0][..], &vec![1; bytes]].concat();
    let mut raw = raw(MessageTypeId::VIDEO, 6, timestamp, &body);
    let mark = at(arrival, u64::try_from(arrival).unwrap() + 1);
    (raw.first, raw.last) = (mark, mark);
    (Side::Client, raw)
}

/// What a course over the frames from the `from`-th on computes.
fn course_of<T>(
    messages: &[(Side, RawMessage)],
    from: usize,
    of: impl FnOnce(&Course<'_>) -> T,
) -> T {
    let detail = detail(messages);
    let kept: Vec<Arc<Kept>> = messages
        .iter()
        .zip(1..)
        .skip(from)
        .map(|((side, raw), number)| {
            Arc::new(Kept {
                number,
                side: *side,
                raw: raw.clone(),
                is_odd: false,
                is_let_go: false,
            })
        })
        .collect();
    let strip = Strip::of(&kept, None);
    let track = busiest(&detail.session, MediaKind::Video).unwrap();
    of(&Course {
        track,
        frames: Some(strip.track(track.key)),
        begin: detail.first.time,
        shown: [detail.first.time, detail.last.time],
    })
}

fn lag_of(course: &Course<'_>) -> Points {
    course.lag()
}

fn gaps_of(course: &Course<'_>) -> Points {
    course.gaps()
}

fn kbits_of(course: &Course<'_>) -> (Points, Span) {
    course.kbits()
}

fn assert_points(points: &Points, expected: &[(f64, f64)]) {
    assert_eq!(points.len(), expected.len(), "{points:?}");
    for (point, expected) in points.iter().zip(expected) {
        let is_near = |a: f64, b: f64| (a - b).abs() < 1e-6;
        assert!(
            is_near(point.0, expected.0) && is_near(point.1, expected.1),
            "{points:?}"
        );
    }
}

#[test]
fn the_lag_of_each_frame_is_its_arrival_against_its_timestamp() {
    // The third comes 30 ms late, the fourth is back in time.
    let messages = [
        frame(1000, 200, 10),
        frame(1040, 240, 10),
        frame(1080, 310, 10),
        frame(1120, 320, 10),
    ];
    let lag = course_of(&messages, 0, lag_of);
    let expected = [(0.2, 0.0), (0.24, 0.0), (0.31, 30.0), (0.32, 0.0)];
    assert_points(&lag, &expected);
    // It is the same when the first frames are in sight no more.
    let lag = course_of(&messages, 2, lag_of);
    assert_points(&lag, &expected[2..]);
}

#[test]
fn behind_a_jump_the_lag_is_that_of_the_history() {
    // Every 40 ms; with the 40th frame the timestamps jump ahead by a minute.
    let messages: Vec<_> = (0..120_u32)
        .map(|number| {
            let jumped = if number < 40 { 0 } else { 60_000 };
            let late = if number >= 30 { 25 } else { 0 };
            frame(number * 40 + jumped, i64::from(number) * 40 + late, 10)
        })
        .collect();
    let lag = course_of(&messages, 60, lag_of);
    assert_eq!(lag.len(), 60);
    assert!(
        lag.iter().all(|(_, lag)| (lag - 25.0).abs() < 2.0),
        "{lag:?}"
    );
}

#[test]
fn gaps_are_those_between_captured_frames_in_their_order() {
    // The second was sent again and came behind the third.
    let messages = [
        frame(0, 100, 10),
        frame(40, 300, 10),
        frame(80, 180, 10),
        frame(120, 310, 10),
    ];
    let gaps = course_of(&messages, 0, gaps_of);
    assert_points(&gaps, &[(0.18, 80.0), (0.3, 120.0), (0.31, 10.0)]);
    assert_eq!(
        course::quantiles(&gaps, [50, 95, 100]),
        Some([80.0, gaps[1].1, gaps[1].1])
    );
    assert_eq!(course::quantiles(&Points::new(), [50]), None);
}

#[test]
fn a_bitrate_is_all_bytes_of_a_fifth_of_a_second() {
    // 1000 bytes each 40 ms are 200 kbit/s.
    let messages: Vec<_> = (0..50_u32)
        .map(|number| frame(number * 40, i64::from(number) * 40, 1000))
        .collect();
    let (points, width) = course_of(&messages, 0, kbits_of);
    assert_eq!(width, Span::from_millis(200));
    // The tenth stretch is still filling.
    assert_eq!(points.len(), 9);
    assert_points(&points[..2].to_vec(), &[(0.1, 200.0), (0.3, 200.0)]);
}

#[test]
fn a_time_too_short_to_be_divided_has_one_bitrate() {
    // 3000 bytes in an eighth of a second are 192 kbit/s.
    let messages = [frame(0, 0, 1000), frame(40, 60, 1000), frame(80, 125, 1000)];
    let (points, width) = course_of(&messages, 0, kbits_of);
    assert_eq!(width, Span::from_millis(125));
    assert_points(&points, &[(0.0, 192.0), (0.125, 192.0)]);
}

#[test]
fn what_is_clipped_has_its_figures_at_the_edges() {
    let points = vec![(0.0, 0.0), (10.0, 100.0), (20.0, 100.0)];
    let clipped = course::clipped(&points, [5.0, 15.0]);
    assert_eq!(clipped, [(5.0, 50.0), (10.0, 100.0), (15.0, 100.0)]);
    let within = course::clipped(&points, [11.0, 12.0]);
    assert_eq!(within, [(11.0, 100.0), (12.0, 100.0)]);
    assert_eq!(course::value_at(&points, 19.0), Some(100.0));
    assert_eq!(course::value_at(&points, -1.0), Some(0.0));
}

#[test]
fn sound_ahead_of_the_picture_is_positive() {
    let detail = detail(&[]);
    let mut frames = Vec::new();
    for (number, ms) in (1..).zip((0..1000).step_by(20)) {
        let is_video = ms % 40 == 0;
        let mut raw = if is_video {
            raw(MessageTypeId::VIDEO, 6, ms, &[0x27, 1, 0, 0, 0, 1])
        } else {
            raw(MessageTypeId::AUDIO, 4, ms, &[0xaf, 1, 2])
        };
        // Sound has timestamps of 60 ms later than when it comes.
        if !is_video {
            raw.timestamp.0 += 60;
        }
        frames.push(Arc::new(Kept {
            number,
            side: Side::Client,
            raw,
            is_odd: false,
            is_let_go: false,
        }));
    }
    let strip = Strip::of(&frames, None);
    let of = |kind| {
        let frames = strip.frames.iter();
        frames
            .filter(|frame| frame.track.kind == kind)
            .collect::<Vec<_>>()
    };
    let points = course::skew_of(&of(MediaKind::Video), &of(MediaKind::Audio), |time| {
        time.since(detail.first.time).as_secs_f64()
    });
    let last = points.last().unwrap();
    assert!((last.1 - 60.0).abs() < 1e-6, "{last:?}");
}

fn on_media() -> ViewState {
    ViewState {
        screen: Screen::Media,
        focus: Some(FlowId(1)),
        ..ViewState::default()
    }
}

fn press(view: &mut ViewState, snapshot: &Snapshot, code: KeyCode) {
    view.key(KeyEvent::new(code, KeyModifiers::NONE), snapshot);
}

fn last_time(snapshot: &Snapshot) -> Timestamp {
    snapshot.detail.known().unwrap().last.time
}

fn zones_of(snapshot: &Snapshot, view: &mut ViewState, size: (u16, u16)) -> Zones {
    tui::fit_to(view, size.0, size.1);
    let area = Rect::new(0, 0, size.0, size.1);
    view::render(&mut Buffer::empty(area), area, snapshot, view)
}

#[test]
fn the_cursor_moves_by_one_column_and_has_a_line_there() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = on_media();
    draw(&snapshot, &mut view, (120, 30));
    press(&mut view, &snapshot, KeyCode::Left);
    let column = |view: &mut ViewState| {
        let buffer = draw(&snapshot, view, (120, 30));
        let frame = symbols(&buffer);
        let line = frame.lines().find(|line| line.contains("├──")).unwrap();
        line.chars().position(|symbol| symbol == '┃').unwrap()
    };
    let before = column(&mut view);
    for _ in 0..3 {
        press(&mut view, &snapshot, KeyCode::Left);
    }
    assert_eq!(column(&mut view), before - 3);
    press(&mut view, &snapshot, KeyCode::Right);
    assert_eq!(column(&mut view), before - 2);
    // The line goes through the charts where they are blank.
    let frame = symbols(&draw(&snapshot, &mut view, (120, 30)));
    let crossed = frame
        .lines()
        .filter(|line| line.chars().nth(before - 2) == Some('│'))
        .count();
    assert!(crossed > 3, "{frame}");
}

#[test]
fn a_zoomed_chart_stands_still_until_the_cursor_leaves_it() {
    let snapshot = snapshot("cam-77", 5);
    let detail = snapshot.detail.known().unwrap();
    let (first, last) = (detail.first.time, detail.last.time);
    let mut view = on_media();
    draw(&snapshot, &mut view, (120, 30));
    // Nearly four seconds: the nearest span of two.
    press(&mut view, &snapshot, KeyCode::Char('z'));
    let shown = view.chart_span(first, last);
    assert_eq!(shown[1].since(shown[0]), Span::from_secs(2));
    assert_eq!(shown[1], last_time(&snapshot));
    for _ in 0..20 {
        press(&mut view, &snapshot, KeyCode::Left);
        assert_eq!(view.chart_span(first, last), shown);
    }
    // Left of its edge another half of a page is to be seen, with the cursor.
    for _ in 0..100 {
        press(&mut view, &snapshot, KeyCode::Left);
    }
    let turned = view.chart_span(first, last);
    assert_eq!(shown[0].since(turned[0]), Span::from_secs(1));
    let cursor = view.cursor.unwrap();
    assert!(turned[0] <= cursor && cursor <= turned[1]);
    press(&mut view, &snapshot, KeyCode::Char('Z'));
    assert_eq!(view.chart_span(first, last), [first, last]);
}

#[test]
fn a_column_of_a_chart_is_a_moment_for_the_mouse() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = on_media();
    let zones = zones_of(&snapshot, &mut view, (120, 30));
    let mut event = MouseEvent {
        kind: MouseEventKind::Down(MouseButton::Left),
        column: 40,
        row: 12,
        modifiers: KeyModifiers::NONE,
    };
    view.mouse(event, &zones, &snapshot);
    let one = view.cursor.unwrap();
    assert_eq!(
        zones.at(40, 12).map(|zone| zone.target),
        Some(Target::Moment(one))
    );
    event.kind = MouseEventKind::Drag(MouseButton::Left);
    event.column = 60;
    view.mouse(event, &zones, &snapshot);
    let detail = snapshot.detail.known().unwrap();
    let all = detail.last.time.since(detail.first.time).nanos();
    let moved = view.cursor.unwrap().since(one).nanos();
    assert!((moved - all * 20 / 111).abs() <= all / 111, "{moved}");
}

#[test]
fn from_frame_to_frame_and_to_its_message() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = on_media();
    view.pane = MEDIA_FRAMES;
    draw(&snapshot, &mut view, (120, 30));
    view.cursor = Some(at(210, 0).time);
    press(&mut view, &snapshot, KeyCode::Right);
    assert_eq!(view.cursor, Some(at(240, 0).time));
    press(&mut view, &snapshot, KeyCode::Right);
    press(&mut view, &snapshot, KeyCode::Right);
    press(&mut view, &snapshot, KeyCode::Left);
    assert_eq!(view.cursor, Some(at(280, 0).time));
    // Seven messages came before the media, then picture and sound by turns.
    press(&mut view, &snapshot, KeyCode::Enter);
    assert_eq!(view.screen, Screen::Messages);
    assert_eq!(view.messages.selected, Some(7 + 5));
}

#[test]
fn a_group_of_pictures_is_that_of_the_cursor() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = on_media();
    view.cursor = Some(at(2100, 0).time);
    let frame = symbols(&draw(&snapshot, &mut view, (120, 30)));
    assert!(frame.contains("GOP 1 of 2  2.000 s  50 frames"), "{frame}");
    view.cursor = Some(at(2210, 0).time);
    let frame = symbols(&draw(&snapshot, &mut view, (120, 30)));
    assert!(frame.contains("GOP 2 of 2  still open"), "{frame}");
    assert!(
        frame.contains("keyframe #108  at 2200 ms  900 B"),
        "{frame}"
    );
}

#[test]
fn a_gap_stands_between_the_frames() {
    let mut messages: Vec<_> = (0..20_u32)
        .map(|number| frame(number * 40, i64::from(number) * 40, 100))
        .collect();
    for number in 20..30_u32 {
        // Two seconds of nothing.
        messages.push(frame(
            number * 40 + 2000,
            i64::from(number) * 40 + 2000,
            100,
        ));
    }
    let mut snapshot = snapshot("cam-77", 5);
    let detail = detail(&messages);
    let kept: Vec<Arc<Kept>> = messages
        .iter()
        .zip(1..)
        .map(|((side, raw), number)| {
            Arc::new(Kept {
                number,
                side: *side,
                raw: raw.clone(),
                is_odd: false,
                is_let_go: false,
            })
        })
        .collect();
    snapshot.strip = Some(Arc::new(Strip::of(&kept, None)));
    snapshot.detail = Detailed::Known(Arc::new(detail));
    let frame = symbols(&draw(&snapshot, &mut on_media(), (120, 30)));
    let expected = format!("{}✖{}", "·".repeat(20), "·".repeat(10));
    assert!(frame.contains(&expected), "{frame}");
}

#[test]
fn zoomed_with_cursor_and_mark_at_every_size() {
    let snapshot = snapshot("cam-77", 5);
    for size in SIZES {
        let mut view = on_media();
        draw(&snapshot, &mut view, size);
        view.cursor = Some(at(2400, 0).time);
        press(&mut view, &snapshot, KeyCode::Char('z'));
        view.mark = Some(at(1800, 0).time);
        let frame = symbols(&draw(&snapshot, &mut view, size));
        insta::assert_snapshot!(format!("media-zoomed-{}x{}", size.0, size.1), frame);
    }
}

#[test]
fn a_pane_alone_has_the_screen() {
    let snapshot = snapshot("cam-77", 5);
    for (pane, name) in [(MEDIA_FRAMES, "frames"), (MEDIA_TRACKS, "tracks")] {
        let mut view = on_media();
        view.pane = pane;
        press(&mut view, &snapshot, KeyCode::Char('\\'));
        let frame = symbols(&draw(&snapshot, &mut view, (80, 24)));
        insta::assert_snapshot!(format!("media-{name}-alone"), frame);
    }
}

#[test]
fn charts_that_there_is_no_room_for_come_with_the_keys() {
    let snapshot = snapshot("cam-77", 5);
    let mut view = on_media();
    let first = symbols(&draw(&snapshot, &mut view, (40, 10)));
    assert!(first.contains("▸lag"), "{first}");
    for _ in 0..9 {
        press(&mut view, &snapshot, KeyCode::Down);
    }
    let last = symbols(&draw(&snapshot, &mut view, (40, 10)));
    assert!(last.contains("▸A/V skew"), "{last}");
    press(&mut view, &snapshot, KeyCode::Up);
    let before = symbols(&draw(&snapshot, &mut view, (40, 10)));
    assert!(before.contains("▸frame gap"), "{before}");
}
