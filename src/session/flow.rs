//! Flow control of RTMP itself: acknowledgement windows and peer bandwidth (RTMP 1.0 sections
//! 5.4.3 to 5.4.5).

use std::ops::Deref;

use crate::base::ids::Mark;
use crate::rtmp::control::LimitType;

/// Bytes of the handshake in one direction. Some peers count them in their acknowledgements,
/// some do not.
const HANDSHAKE_BYTES: u64 = 3073;

/// How many windows may go by without an acknowledgement before it is overdue. Peers acknowledge
/// at a tenth of the window to the whole of it.
const OVERDUE_WINDOWS: u64 = 2;

/// Windows by which an acknowledgement may lie behind and still name a position: beyond, the
/// peer counts in its own way.
const SLACK_WINDOWS: u64 = 4;

/// Window assumed where none was announced, in bytes: that of most servers.
const USUAL_WINDOW: u32 = 5_000_000;

/// A Set Peer Bandwidth message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerBandwidth {
    /// Window in bytes.
    pub window: u32,
    /// Limit type; `None` if the message had none.
    pub limit: Option<LimitType>,
}

/// Flow control of the bytes that one side sends. Its figures are those of [`WindowState`], of
/// which some message spoke in nearly every connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SendWindow(Option<WindowState>);

/// What the messages of flow control said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowState {
    /// Window Acknowledgement Size that the sender announced, in bytes: how often it wants to
    /// be acknowledged.
    pub announced: Option<u32>,
    /// Set Peer Bandwidth that the receiver sent: how much may be on its way.
    pub peer_bandwidth: Option<PeerBandwidth>,
    /// Bytes sent: position in the direction's stream.
    pub sent: u64,
    /// Largest number of unacknowledged bytes.
    pub unacked_max: u64,
    /// Position at the latest acknowledgement, minus what it left unacknowledged.
    acked: u64,
    said: Option<Box<Acks>>,
}

/// What acknowledgements said. Short connections, and many peers, send none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acks {
    /// Acknowledgements that the receiver sent.
    pub acks: u64,
    /// Sequence number of the latest acknowledgement: bytes received, modulo 2^32.
    pub last_sequence: Option<u32>,
    /// What brought the latest acknowledgement.
    pub last_ack: Option<Mark>,
    /// Fewest bytes from one acknowledgement to the next, by sequence numbers.
    pub interval_min: Option<u32>,
    /// Most bytes from one acknowledgement to the next, by sequence numbers.
    pub interval_max: Option<u32>,
    /// Acknowledgements whose sequence number was lower than the one before, without a wrap.
    pub resets: u32,
    /// Position when the latest acknowledgement came.
    sent_at_ack: u64,
    /// Whether the wait for the next acknowledgement was already told.
    told: bool,
}

impl Acks {
    const NONE: Self = Self {
        acks: 0,
        last_sequence: None,
        last_ack: None,
        interval_min: None,
        interval_max: None,
        resets: 0,
        sent_at_ack: 0,
        told: false,
    };
}

impl Deref for WindowState {
    type Target = Acks;

    fn deref(&self) -> &Acks {
        static NONE: Acks = Acks::NONE;
        self.said.as_deref().unwrap_or(&NONE)
    }
}

impl WindowState {
    const EMPTY: Self = Self {
        announced: None,
        peer_bandwidth: None,
        sent: 0,
        unacked_max: 0,
        acked: 0,
        said: None,
    };

    fn said(&mut self) -> &mut Acks {
        self.said.get_or_insert_with(|| Box::new(Acks::NONE))
    }

    /// Bytes sent since the byte that the latest acknowledgement names. When its number cannot
    /// be a position (the capture began later, or the peer counts in its own way), since the
    /// acknowledgement itself.
    pub fn unacked(&self) -> u64 {
        self.sent.saturating_sub(self.acked)
    }

    /// The window that counts: the announced one, or the receiver's Set Peer Bandwidth.
    pub fn window(&self) -> Option<u32> {
        self.announced
            .or(self.peer_bandwidth.map(|bandwidth| bandwidth.window))
            .filter(|window| *window > 0)
    }

    /// By how much an acknowledgement may lie behind what was sent.
    fn slack(&self) -> u64 {
        let window = self.window().unwrap_or(USUAL_WINDOW);
        u64::from(window)
            .saturating_mul(SLACK_WINDOWS)
            .saturating_add(HANDSHAKE_BYTES)
    }

    /// The position in the stream that a sequence number names: the latest one not behind what
    /// was sent, if it is near.
    fn position_of(&self, sequence: u32) -> Option<u64> {
        let low = self.sent & u64::from(u32::MAX);
        let behind = low.wrapping_sub(u64::from(sequence)) & u64::from(u32::MAX);
        let near = self.slack();
        // An acknowledgement may be captured before the bytes that it acknowledges.
        let ahead = u64::from(u32::MAX).saturating_sub(behind);
        if behind <= near {
            Some(self.sent.saturating_sub(behind))
        } else if ahead <= HANDSHAKE_BYTES {
            Some(self.sent)
        } else {
            None
        }
    }
}

impl Deref for SendWindow {
    type Target = WindowState;

    fn deref(&self) -> &WindowState {
        static EMPTY: WindowState = WindowState::EMPTY;
        self.0.as_ref().unwrap_or(&EMPTY)
    }
}

impl SendWindow {
    /// The side sent bytes up to a position. True once when an acknowledgement is overdue.
    pub(crate) fn send(&mut self, position: u64) -> bool {
        let Some(state) = &mut self.0 else {
            return false;
        };
        state.sent = state.sent.max(position);
        let unacked = state.unacked();
        state.unacked_max = state.unacked_max.max(unacked);
        let Some(window) = state.announced.filter(|window| *window > 0) else {
            return false;
        };
        let overdue = unacked > u64::from(window).saturating_mul(OVERDUE_WINDOWS);
        let tell = overdue && !state.told;
        if tell {
            state.said().told = true;
        }
        tell
    }

    /// The side sent bytes that were not captured: perhaps they were acknowledged in a hole of
    /// the other direction, so they are not held against the receiver.
    pub(crate) fn skip(&mut self, position: u64) {
        if let Some(state) = &mut self.0 {
            state.sent = state.sent.max(position);
            state.acked = state.sent;
        }
    }

    /// The side announced its window, having sent up to `position`.
    pub(crate) fn announce(&mut self, window: u32, position: u64) {
        self.state(position).announced = Some(window);
    }

    /// The other side limited what may be on its way.
    pub(crate) fn limit(&mut self, bandwidth: PeerBandwidth, position: u64) {
        self.state(position).peer_bandwidth = Some(bandwidth);
    }

    /// The other side acknowledged. True if the sequence number went back.
    pub(crate) fn acknowledge(&mut self, sequence: u32, at: Mark, position: u64) -> bool {
        let state = self.state(position);
        let (sent, slack) = (state.sent, state.slack());
        let acks = state.said();
        let mut went_back = false;
        if let Some(last) = acks.last_sequence {
            let interval = sequence.wrapping_sub(last);
            // A number below the last one is a wrap only when that much was sent.
            let since = sent.saturating_sub(acks.sent_at_ack);
            if sequence < last && u64::from(interval) > since.saturating_add(slack) {
                went_back = true;
                acks.resets = acks.resets.saturating_add(1);
            } else {
                acks.interval_min = Some(acks.interval_min.map_or(interval, |m| m.min(interval)));
                acks.interval_max = Some(acks.interval_max.map_or(interval, |m| m.max(interval)));
            }
        }
        acks.acks = acks.acks.saturating_add(1);
        acks.last_sequence = Some(sequence);
        acks.last_ack = Some(at);
        acks.sent_at_ack = sent;
        acks.told = false;
        state.acked = state.position_of(sequence).unwrap_or(sent);
        went_back
    }

    fn state(&mut self, position: u64) -> &mut WindowState {
        self.0.get_or_insert(WindowState {
            sent: position,
            // What was sent before is not held against the receiver.
            acked: position,
            ..WindowState::EMPTY
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acked(window: &mut SendWindow, sequence: u32) -> bool {
        window.acknowledge(sequence, Mark::default(), 0)
    }

    #[test]
    fn unacknowledged_bytes_are_those_behind_the_sequence_number() {
        let mut window = SendWindow::default();
        window.announce(2_500_000, 0);
        window.send(1_500_000);
        acked(&mut window, 1_250_000);
        assert_eq!(window.unacked(), 250_000);
        window.send(2_600_000);
        assert_eq!(window.unacked(), 1_350_000);
        acked(&mut window, 2_500_000);
        assert_eq!(window.unacked(), 100_000);
        assert_eq!(window.interval_min, Some(1_250_000));
        assert_eq!(window.unacked_max, 1_500_000);
    }

    #[test]
    fn an_acknowledgement_is_overdue_after_two_windows_and_told_once() {
        let mut window = SendWindow::default();
        window.announce(1000, 0);
        assert!(!window.send(2000));
        assert!(window.send(2001));
        assert!(!window.send(3000));
        acked(&mut window, 3000);
        assert!(!window.send(5000));
        assert!(window.send(5001));
    }

    #[test]
    fn without_a_window_nothing_is_overdue() {
        let mut window = SendWindow::default();
        assert!(!window.send(u64::MAX));
    }

    #[test]
    fn the_wrap_of_the_sequence_number_is_no_step_back() {
        let mut window = SendWindow::default();
        window.announce(2_500_000, 0);
        window.send(0xFFFF_FF00);
        acked(&mut window, 0xFFFF_0000);
        window.send(0x1_0010_0000);
        assert!(!acked(&mut window, 0x0008_0000));
        assert_eq!(window.resets, 0);
        assert_eq!(window.unacked(), 0x8_0000);
    }

    #[test]
    fn a_number_that_went_back_is_a_reset() {
        let mut window = SendWindow::default();
        window.announce(5_000_000, 0);
        window.send(0xF000_1000);
        acked(&mut window, 0xF000_0000);
        window.send(0xF050_0000);
        // nginx-rtmp begins again at 0.
        assert!(acked(&mut window, 5_000_000));
        assert_eq!(window.resets, 1);
        assert_eq!(window.unacked(), 0);
    }

    #[test]
    fn numbers_that_cannot_be_positions_do_not_count_against_the_peer() {
        // A capture that began late: position 1000, but the peer counts from the connection's
        // begin.
        let mut window = SendWindow::default();
        window.announce(100_000, 0);
        window.send(1000);
        acked(&mut window, 77_000_000);
        assert_eq!(window.unacked(), 0);
        window.send(51_000);
        assert_eq!(window.unacked(), 50_000);
    }
}
