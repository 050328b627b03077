//! What becomes of a capture that is damaged in one way at a time, against the undamaged one. A
//! damage that loses no bytes must change nothing; one that does must cost no more than it has
//! to, and never make the decoder invent a message.
//!
//!     cargo test --test damage                                    # few seeds
//!     cargo test --release --test damage -- --ignored --nocapture # the table of docs/robustness.md

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot read its captures fails with the cause"
)]

mod beside_tshark;
#[path = "../common/captures.rs"]
mod captures;
mod decoded;
mod encapsulation;
mod harm;
mod judge;
mod lossless;
mod lossy;
mod made;
mod packet;
mod random;
mod run;
mod table;
