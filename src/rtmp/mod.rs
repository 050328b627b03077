//! RTMP from the bytes of one direction: handshake, chunks, messages, AMF, media headers.
//! Knows nothing of packets or TCP: bytes, holes and capture time come in, events are polled out.
//!
//! Specifications: Adobe RTMP 1.0 (2012), AMF0, AMF3, FLV/F4V 10.1, Enhanced RTMP v1 and v2.

// Tests may overflow: they stop, and that is what a test is for.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

pub mod aggregate;
pub mod amf;
pub mod anomaly;
pub mod chunk;
pub mod command;
pub mod control;
pub mod data;
pub mod decoder;
pub mod digest;
pub mod event;
pub mod field;
pub mod handshake;
pub mod inferred;
pub mod media;
pub mod message;
pub mod problem;
pub mod queue;
pub mod secret;
pub mod shared_object;
#[cfg(test)]
pub(crate) mod testdata;
#[doc(hidden)]
pub mod testing;
pub mod types;
pub(crate) mod vocabulary;
