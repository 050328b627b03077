//! Action Message Format: the values inside commands, data messages and shared objects.
//!
//! [`amf0`] and [`amf3`] read into one [`value::Value`]; both work on a [`reader::Reader`], which
//! holds the position, the limits and the reference tables of one message body; a [`mod@reference`] to
//! an earlier value stays one. Nothing fails as
//! a whole: what was understood before a fault is kept, and the fault is noted with its offset.

pub mod amf0;
pub mod amf3;
pub mod reader;
pub mod reference;
pub mod value;
