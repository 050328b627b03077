//! The chunk stream (RTMP 1.0 section 5.3): chunks of several interleaved messages become whole
//! messages again.
//!
//! [`header`] reads one header; `stream` remembers what later headers of a chunk stream refer to;
//! `extended` decides about the extended timestamps of type 3 chunks, and `sizes` how chunks are cut;
//! `decoder` goes from header to payload to message, with `incoming` for headers as they come, `plan`
//! for what one means, `carry` for those that a segment cut, `payload` for what follows them and
//! `skim` for what of it is passed over from outside; `complete` does what messages change about
//! chunks, and `keep` says how much payload stays. Where headers are not known, `loss` holds the bytes back until `resync` finds them
//! again and `settle` goes on there, `expected` where they should be, `proven` before the next hole,
//! or elsewhere, by hypotheses that `walk` tries and `evidence` weighs against what `needed` asks,
//! with `passing` for headers on the way that nothing describes and `cutting` for chunk sizes that nothing
//! tells;
//! `undescribed` infers what headers told that nobody saw, `repeated` the same of control messages, and
//! `presume` fills in what nothing tells.

pub mod header;

mod carry;
mod complete;
mod cutting;
mod decoder;
mod evidence;
mod expected;
mod extended;
mod incoming;
mod keep;
mod loss;
mod needed;
mod passing;
mod payload;
mod plan;
mod presume;
mod proven;
mod repeated;
mod resync;
mod settle;
mod sizes;
mod skim;
mod stream;
#[cfg(test)]
mod tests;
mod undescribed;
mod walk;

pub(in crate::rtmp) use decoder::ChunkDecoder;
pub use skim::Skim;
pub(in crate::rtmp) use stream::Partial;
