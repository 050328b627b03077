//! What the dashboard asks of the program around it: whatever needs files, threads or a clock.

use crate::tui::state::moments::ReplayAsk;

/// The program around the dashboard. What is asked for is begun and not waited for.
pub trait Host {
    /// Begins a replay, holds it, changes its speed or ends it. Returns what came of it, or why it
    /// cannot be, in words.
    ///
    /// # Errors
    /// What is read cannot be read again.
    fn replay(&mut self, ask: ReplayAsk) -> Result<String, String>;
}
