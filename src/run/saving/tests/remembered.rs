//! What pipes and interfaces leave in memory, saved.

use std::collections::BTreeMap;

use rtmpscope::base::side::PerSide;
use rtmpscope::capture::again::Remembering;
use rtmpscope::net::Endpoint;
use rtmpscope::pipeline::Connection;
use rtmpscope::pipeline::Observer;

use super::*;

#[derive(Default)]
struct Ends(Vec<(FlowId, PerSide<Endpoint>)>);

impl Observer for Ends {
    fn opened(&mut self, connection: &Connection) {
        self.0.push((connection.id, connection.ends));
    }
}

/// What was said of saving the packets of the player, of so many remembered bytes.
fn saved_of(budget: usize) -> String {
    let files = FileSource::new([FileInput::named(sample(SAMPLE))]);
    let (mut source, again) = Remembering::new(Box::new(files), budget);
    let mut pipeline = Pipeline::new(Options::default());
    let mut ends = Ends::default();
    while let Ok(Next::Frame(frame)) = source.next_frame() {
        pipeline.push(&frame, &mut ends);
    }
    pipeline.finish(&mut ends);
    let player = ends.0.get(1).copied().expect("a second connection");
    let (mut saver, _folder) = of_sample(SAMPLE);
    saver.remember(again, &cli(&[]).flags, Options::default());
    let mut asked = request(Purpose::Packets, Some(player.0.0));
    asked.ends = BTreeMap::from([player]);
    saved(&mut saver, asked).1
}

/// The player has 539 packets, as tshark counts them.
#[test]
fn all_that_is_remembered_is_saved() {
    let text = saved_of(8 << 20);
    assert!(text.contains("wrote 539 packets"), "{text}");
    assert!(!text.contains("remembered"), "{text}");
}

/// Where the begin is forgotten, connections have other numbers, and are found by their addresses.
#[test]
fn a_connection_is_found_by_its_addresses_where_the_begin_is_forgotten() {
    let text = saved_of(250_000);
    assert!(text.contains("of what is remembered, from frame"), "{text}");
    let count = text
        .split_whitespace()
        .nth(1)
        .and_then(|count| count.parse::<u32>().ok());
    assert!(
        count.is_some_and(|count| (20..539).contains(&count)),
        "{text}"
    );
}
