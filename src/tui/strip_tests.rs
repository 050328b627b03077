use super::*;
use crate::base::ids::FrameNumber;
use crate::base::side::Side;
use crate::tui::entry::Entry;
use crate::tui::feed::Feed;
use crate::tui::ring::Batch;
use crate::tui::ring::Budget;
use crate::tui::ring::Messages;
use crate::tui::screen::Screen;
use crate::tui::shared::Shared;
use crate::tui::state::ViewState;
use crate::tui::testing::at;
use crate::tui::testing::conversation;
use crate::tui::testing::detail;
use crate::tui::testing::raw;

fn kept_of(number: u64, raw: RawMessage) -> Arc<Kept> {
    Arc::new(Kept {
        number,
        side: Side::Client,
        raw,
        is_odd: false,
        is_let_go: false,
    })
}

fn video(number: u64, ms: u32, body: &[u8]) -> Arc<Kept> {
    kept_of(number, raw(MessageTypeId::VIDEO, 6, ms, body))
}

#[test]
fn frames_are_what_their_messages_say() {
    let mut let_go = Kept::clone(&video(5, 120, &[0; 300]));
    let_go.is_let_go = true;
    let_go.raw.body.clear();
    let mut cut = raw(MessageTypeId::VIDEO, 6, 160, &[0x27, 1, 0, 0, 0, 9, 9]);
    cut.length = 1000;
    cut.received = 700;
    let messages = [
        // A configuration is no frame.
        video(1, 0, &[0x17, 0, 0, 0, 0, 1, 100, 0, 31]),
        video(2, 40, &[&[0x17, 1, 0, 0, 80][..], &[7; 900]].concat()),
        kept_of(3, raw(MessageTypeId::AUDIO, 4, 45, &[0xaf, 1, 2, 2, 2])),
        // H.263, which alone has frames that no other needs.
        video(4, 80, &[0x32, 1, 2, 3]),
        Arc::new(let_go),
        kept_of(6, cut),
        // Composition times are signed.
        video(7, 200, &[0x27, 1, 0xff, 0xff, 0xd8, 1]),
    ];
    let strip = Strip::of(&messages, None);
    let seen: Vec<_> = strip
        .frames
        .iter()
        .map(|frame| {
            (
                frame.number,
                frame.timestamp.unwrap().0,
                frame.bytes,
                frame.kind,
                frame.composition_ms,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (2, 40, 900, StripKind::Key, Some(80)),
            (3, 45, 3, StripKind::Sound, None),
            (4, 80, 3, StripKind::Disposable, None),
            (5, 120, 295, StripKind::Unknown, None),
            (6, 160, 995, StripKind::Inter, Some(0)),
            (7, 200, 1, StripKind::Inter, Some(-40)),
        ]
    );
    let incomplete: Vec<u64> = strip
        .frames
        .iter()
        .filter(|frame| frame.is_incomplete)
        .map(|frame| frame.number)
        .collect();
    assert_eq!(incomplete, [6]);
}

#[test]
fn the_frame_of_a_moment_is_the_last_one_before_it() {
    let messages: Vec<Arc<Kept>> = (1..=5)
        .map(|number| {
            let ms = u32::try_from(number).unwrap() * 40;
            video(number, ms, &[0x27, 1, 0, 0, 0, 1])
        })
        .collect();
    let strip = Strip::of(&messages, None);
    let frames: Vec<&StripFrame> = strip.frames.iter().collect();
    let of = |ms| selected(&frames, Some(at(ms, 0).time));
    assert_eq!(of(0), Some(0));
    assert_eq!(of(80), Some(1));
    assert_eq!(of(119), Some(1));
    assert_eq!(of(9000), Some(4));
    assert_eq!(selected(&frames, None), Some(4));
    assert_eq!(selected(&[], None), None);
}

/// An index of so many messages, ten milliseconds apart.
fn index(count: u32, keep: usize) -> Messages {
    let mut messages = Messages::default();
    let mut batch = Batch::default();
    for number in 1..=count {
        let raw = raw(MessageTypeId::VIDEO, 6, number * 10, &[0x27, 1, 0, 0, 0]);
        let body = batch.body(&raw.body);
        let told = FrameNumber(u64::from(number));
        let entry = Entry::new(Side::Client, &raw, false, told, body);
        batch.push(FlowId(1), u64::from(number), entry, None);
    }
    let budget = Budget {
        index: keep,
        bodies: 1 << 20,
    };
    messages.take(&mut batch, budget);
    messages
}

#[test]
fn all_frames_of_the_shown_time_are_there_when_they_are_few() {
    let messages = index(3000, usize::MAX);
    let ring = messages.ring(FlowId(1)).unwrap();
    let shown = [at(10_000, 0).time, at(12_000, 0).time];
    let places = places(ring, ring.len(), shown, Some(at(11_000, 0).time));
    assert_eq!(places.whole, Some(shown));
    // From 10 s to 12 s those with the places 999 to 1199, and as many around the cursor as the
    // strip has columns.
    assert_eq!(places.range, 500..1700);
}

#[test]
fn only_those_around_the_cursor_are_there_when_they_are_many() {
    let messages = index(20_000, usize::MAX);
    let ring = messages.ring(FlowId(1)).unwrap();
    let shown = [at(0, 0).time, at(200_000, 0).time];
    let around = places(ring, ring.len(), shown, Some(at(100_000, 0).time));
    assert_eq!((around.whole, around.range), (None, 9400..10_600));
    // Without a cursor the newest ones.
    let newest = places(ring, ring.len(), shown, None);
    assert_eq!((newest.whole, newest.range), (None, 19_400..20_000));
    // What was frozen ends earlier.
    let frozen = places(ring, 5000, shown, None);
    assert_eq!(frozen.range.end, 5000);
}

#[test]
fn a_time_whose_messages_were_let_go_is_not_whole() {
    let messages = index(3000, 1000 * 72);
    let ring = messages.ring(FlowId(1)).unwrap();
    assert!(ring.left_out >= 1900, "{}", ring.left_out);
    let cursor = Some(at(29_000, 0).time);
    let early = [at(0, 0).time, at(29_500, 0).time];
    assert_eq!(places(ring, ring.len(), early, cursor).whole, None);
    let late = [at(28_000, 0).time, at(29_500, 0).time];
    assert_eq!(places(ring, ring.len(), late, cursor).whole, Some(late));
}

#[test]
fn the_feed_makes_a_strip_for_the_media_alone_and_once() {
    let messages = conversation("cam-77");
    let shared = Shared::new();
    let fill = |from: usize, to: usize| {
        let mut batch = Batch::default();
        for (index, (side, raw)) in messages.iter().enumerate().take(to).skip(from) {
            let body = batch.body(&raw.body);
            let number = u64::try_from(index).unwrap() + 1;
            let entry = Entry::new(*side, raw, false, raw.last.frame, body);
            batch.push(FlowId(1), number, entry, None);
        }
        let budget = Budget {
            index: usize::MAX,
            bodies: 1 << 20,
        };
        shared.lock().messages.take(&mut batch, budget);
    };
    fill(0, 100);
    let open = Arc::new(detail(&messages));
    shared.lock().ended.insert(FlowId(1), open);
    let mut feed = Feed::new(Arc::clone(&shared));
    let mut view = ViewState {
        focus: Some(FlowId(1)),
        screen: Screen::Session,
        ..ViewState::default()
    };
    assert!(feed.snapshot(&mut view).strip.is_none());
    view.screen = Screen::Media;
    let one = feed.snapshot(&mut view).strip.unwrap();
    // All but the seven messages before the media.
    assert_eq!(one.frames.len(), 93);
    assert_eq!(one.frames[0].kind, StripKind::Key);
    let again = feed.snapshot(&mut view).strip.unwrap();
    assert!(Arc::ptr_eq(&one, &again));
    // A frozen picture keeps its frames.
    view.paused = true;
    feed.snapshot(&mut view);
    fill(100, messages.len());
    let frozen = feed.snapshot(&mut view).strip.unwrap();
    assert_eq!(frozen.frames.len(), 93);
    view.paused = false;
    let all = feed.snapshot(&mut view).strip.unwrap();
    assert_eq!(all.frames.len(), 180);
}
