//! The chunk stream (RTMP 1.0 section 5.3): chunks of several interleaved messages become whole
//! messages again. [`header`] reads one header, `stream` remembers what later headers of a chunk
//! stream refer to, `decoder` goes from header to payload to message.

pub mod header;

mod decoder;
mod stream;

pub(in crate::rtmp) use decoder::ChunkDecoder;
