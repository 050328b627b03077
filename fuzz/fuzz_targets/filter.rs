//! Display filters, as they are typed.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        rtmpscope::filter::fuzz_filter(text);
    }
});
