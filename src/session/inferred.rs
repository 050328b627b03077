//! What of a connection is inferred, in all: for whoever has to say it in one place.

use crate::base::side::Side;
use crate::rtmp::event::ChunkSize;
use crate::rtmp::inferred::Inference;
use crate::session::Session;

/// What may be inferred of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Whether the client publishes or plays.
    Role,
    /// The chunk size of a sender.
    ChunkSize(Side),
    /// Timestamps of a sender.
    Timestamps(Side),
    /// Message streams of a sender.
    MessageStreams(Side),
    /// Types and lengths of messages of a sender.
    Headers(Side),
}

impl Session {
    /// Everything of the session that is inferred, each once: what of the latest message of each
    /// chunk stream, and of the first of each track.
    pub fn inferences(&self) -> Vec<(Subject, Inference)> {
        let mut all = Vec::new();
        let mut add = |subject, from: Option<Inference>| {
            if let Some(from) = from
                && !all.contains(&(subject, from))
            {
                all.push((subject, from));
            }
        };
        add(Subject::Role, self.summary().role_from);
        for side in Side::BOTH {
            let direction = self.directions.of(side);
            if matches!(direction.chunk_size, ChunkSize::Inferred(_)) {
                add(Subject::ChunkSize(side), Some(Inference::Headers));
            }
            let tracks = self.tracks.iter().filter(|t| t.key.side == side);
            for clock in tracks.filter_map(|track| track.clock.as_ref()) {
                add(Subject::Timestamps(side), clock.first_from);
            }
            for channel in &direction.channels {
                let inferred = channel.inferred;
                add(Subject::Timestamps(side), inferred.timestamp);
                add(Subject::MessageStreams(side), inferred.stream_id);
                add(Subject::Headers(side), inferred.header);
            }
        }
        all
    }
}
