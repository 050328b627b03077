//! Parts of screens that know nothing of RTMP.

pub(super) mod chart;
pub(super) mod hex;
pub(super) mod ladder;
pub(super) mod spark;
pub(super) mod table;
pub(super) mod text;
