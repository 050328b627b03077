//! What the pipeline says of frames, by direction.

use std::collections::BTreeMap;

use rtmpscope::base::ids::ByteRange;
use rtmpscope::base::ids::FrameNumber;
use rtmpscope::base::ids::Mark;
use rtmpscope::base::side::Side;
use rtmpscope::capture::Frame;
use rtmpscope::capture::InterfaceIndex;
use rtmpscope::capture::memory::StoredFrame;
use rtmpscope::pipeline::Connection;
use rtmpscope::pipeline::Gap;
use rtmpscope::pipeline::Heard;
use rtmpscope::pipeline::Observer;
use rtmpscope::pipeline::Options;
use rtmpscope::pipeline::Pipeline;
use rtmpscope::rtmp::anomaly::Anomaly;
use rtmpscope::rtmp::anomaly::AnomalyKind;
use rtmpscope::rtmp::event::RawMessage;

use crate::packet::Way;

/// What was said of a direction, in the order in which it was said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Said {
    Message(RawMessage),
    Anomaly(AnomalyKind, ByteRange),
    Gap(ByteRange),
}

/// A direction with what was said of it.
pub(crate) type Directions = BTreeMap<Way, Vec<Said>>;

/// Decodes frames.
pub(crate) fn decode(frames: &[StoredFrame]) -> Directions {
    let mut pipeline = Pipeline::new(Options::default());
    let mut observer = Collector::default();
    for (index, frame) in frames.iter().enumerate() {
        let frame = Frame {
            number: FrameNumber(index as u64 + 1),
            time: frame.time,
            link: frame.link,
            interface: InterfaceIndex::FIRST,
            wire_len: frame.wire_len,
            data: &frame.data,
        };
        pipeline.push(&frame, &mut observer);
    }
    pipeline.finish(&mut observer);
    observer.said
}

/// The same without frame numbers and capture times, and without what is said of frames alone.
pub(crate) fn timeless(directions: Directions) -> Directions {
    let mut directions = directions;
    for said in directions.values_mut() {
        for each in said {
            if let Said::Message(message) = each {
                message.first = Mark::default();
                message.last = Mark::default();
            }
        }
    }
    directions
}

#[derive(Debug, Default)]
struct Collector {
    said: Directions,
}

impl Collector {
    fn of(&mut self, connection: &Connection, side: Side) -> &mut Vec<Said> {
        let (from, to) = (connection.ends.of(side), connection.ends.of(side.other()));
        self.said.entry((*from, *to)).or_default()
    }
}

impl Observer for Collector {
    fn message(&mut self, connection: &Connection, heard: &Heard<'_>) {
        if !heard.raw.from_aggregate {
            let said = Said::Message(heard.raw.clone());
            self.of(connection, heard.side).push(said);
        }
    }

    fn anomaly(&mut self, connection: &Connection, side: Side, anomaly: &Anomaly) {
        let said = Said::Anomaly(anomaly.kind.clone(), anomaly.range);
        self.of(connection, side).push(said);
    }

    fn gap(&mut self, connection: &Connection, gap: &Gap) {
        let said = Said::Gap(gap.range);
        self.of(connection, gap.side).push(said);
    }
}
