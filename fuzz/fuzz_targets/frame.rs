//! The fast path of frames against the general one.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = rtmpscope::net::fast::fuzz_fast_vs_slow(data);
});
