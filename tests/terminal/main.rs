//! The program in a real terminal: tmux runs it, presses its keys, and tells what is on the screen.
//! Where there is no tmux that is said, and nothing is tested.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot run a program fails with the cause"
)]

#[path = "../common/mod.rs"]
mod common;
mod compare;
mod dashboard;
mod looks;
mod screen;
mod start;
