//! What the dashboard asks of the program around it: whatever needs files, threads or a clock.

use crate::tui::model::Replay;
use crate::tui::saving::Outcome;
use crate::tui::saving::Progress;
use crate::tui::saving::Request;
use crate::tui::state::moments::ReplayAsk;

/// The program around the dashboard. What is asked for is begun and not waited for.
pub trait Host {
    /// Begins a replay, holds it, changes its speed or ends it. Returns what came of it, or why it
    /// cannot be, in words.
    ///
    /// # Errors
    /// What is read cannot be read again.
    fn replay(&mut self, ask: ReplayAsk) -> Result<String, String>;

    /// How the capture is replayed right now, when it is.
    fn replaying(&self) -> Option<Replay>;

    /// Begins to save something. Returns whether it began; not while something else is being
    /// saved.
    fn save(&mut self, request: Request) -> bool;

    /// How far saving has come; `None` when nothing is being saved.
    fn saving(&self) -> Option<Progress>;

    /// What came of saving: once, when it is over.
    fn saved(&mut self) -> Option<Outcome>;

    /// Ends what is being saved.
    fn cancel_saving(&mut self);
}
