//! Message bodies of every type.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    rtmpscope::rtmp::message::fuzz_message(data);
});
