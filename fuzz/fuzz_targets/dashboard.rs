//! The dashboard over a conversation, with keys pressed.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    rtmpscope_fuzz::dashboard::run(data);
});
