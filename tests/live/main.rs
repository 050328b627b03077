//! Capturing on interfaces: the loopback by itself, real programs that stream over it, and interfaces
//! that come and go in a network namespace. What the machine does not permit, or has no program
//! for, is skipped with a word.

#![cfg(feature = "live")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot run a program fails with the cause"
)]

#[path = "../common/mod.rs"]
mod common;
mod exchange;
mod interfaces;
mod loopback;
mod pipes;
mod rights;
mod sensor;
mod signals;
mod streaming;
mod watch;
