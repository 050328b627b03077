//! A conversation of two peers, through everything up to the reports.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    rtmpscope_fuzz::conversation::run(data);
});
