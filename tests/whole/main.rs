//! Whole captures through the library, from frames to messages and reports, against what other
//! programs say of them. One program, so that it is linked once.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot read its captures fails with the cause"
)]

#[path = "../common/captures.rs"]
mod captures;
mod differential;
mod extract;
mod golden;
mod metrics;
mod packaging;
mod reading;
mod split;
