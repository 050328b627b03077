//! Reassembly of one connection's segments.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    rtmpscope_fuzz::segments::run(data);
});
