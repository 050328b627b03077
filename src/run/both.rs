//! What a capture holds, told to the one who shows it and to the one who writes packets.

use rtmpscope::base::side::Side;
use rtmpscope::base::time::Timestamp;
use rtmpscope::net::connection::Connection as Tcp;
use rtmpscope::pipeline::Connection;
use rtmpscope::pipeline::Gap;
use rtmpscope::pipeline::Heard;
use rtmpscope::pipeline::Observer;
use rtmpscope::report::packets::Recorder;
use rtmpscope::rtmp::anomaly::Anomaly;
use rtmpscope::rtmp::event::Lock;
use rtmpscope::session::fact::Fact;

/// Two observers.
pub(super) struct Both<'a> {
    pub(super) shown: &'a mut dyn Observer,
    pub(super) recorder: &'a mut Recorder,
}

impl Observer for Both<'_> {
    fn clock(&mut self, now: Timestamp) {
        self.shown.clock(now);
    }

    fn opened(&mut self, connection: &Connection) {
        self.shown.opened(connection);
        self.recorder.opened(connection);
    }

    fn message(&mut self, connection: &Connection, message: &Heard<'_>) {
        self.shown.message(connection, message);
        self.recorder.message(connection, message);
    }

    fn fact(&mut self, connection: &Connection, fact: &Fact) {
        self.shown.fact(connection, fact);
        self.recorder.fact(connection, fact);
    }

    fn anomaly(&mut self, connection: &Connection, side: Side, anomaly: &Anomaly) {
        self.shown.anomaly(connection, side, anomaly);
        self.recorder.anomaly(connection, side, anomaly);
    }

    fn locked(&mut self, connection: &Connection, side: Side, lock: &Lock) {
        self.shown.locked(connection, side, lock);
    }

    fn gap(&mut self, connection: &Connection, gap: &Gap) {
        self.shown.gap(connection, gap);
    }

    fn relieve(&mut self) -> bool {
        self.shown.relieve()
    }

    fn ended(&mut self, connection: &Connection, tcp: &Tcp) {
        self.shown.ended(connection, tcp);
    }
}
