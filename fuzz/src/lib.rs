//! Bodies of the fuzz targets that see more than one layer of the library. `tests/fuzzed.rs`
//! includes them too, so that they keep compiling, and runs them on the samples and on inputs that
//! once failed.

pub mod capture_file;
pub mod conversation;
pub mod dashboard;
pub mod prediction;
pub mod segments;
pub mod whole;
