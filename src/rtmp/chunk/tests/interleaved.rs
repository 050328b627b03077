//! Messages of several chunk streams between each other: all of them come out as they went in, however
//! the bytes are cut.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::rtmp::testing::interleaved::Sender;
use crate::rtmp::testing::interleaved::Told;
use crate::rtmp::testing::interleaved::messages;
use crate::rtmp::testing::interleaved::turns;

proptest! {
    #[test]
    fn chunks_of_several_chunk_streams_between_each_other_are_told_apart(
        messages in messages(),
        turns in turns(),
        pieces in vec(1..1460_usize, 1..20),
        repeats_extended in any::<bool>(),
    ) {
        let mut sender = Sender::default();
        sender.wire.repeat_extended = repeats_extended;
        sender.send(&messages, &turns);
        let mut decoder = decoder(Start::Chunks);
        let mut out = EventQueue::default();
        let mut rest = &sender.wire.bytes[..];
        let mut at = 0;
        for piece in pieces.iter().cycle() {
            let (here, behind) = rest.split_at((*piece).min(rest.len()));
            decoder.push(at, Mark::default(), here, &mut out);
            at += u64::try_from(here.len()).expect("small");
            rest = behind;
            if rest.is_empty() {
                break;
            }
        }
        decoder.finish(Mark::default(), &mut out);
        let seen = drain(&mut out);
        let told: Vec<Told> = seen
            .messages
            .iter()
            .filter(|message| message.is_complete())
            .map(|message| (message.csid.0, message.type_id.0, message.length, message.timestamp.0))
            .collect();
        prop_assert_eq!(told, sender.told, "{:?}", seen.codes());
    }
}
