//! AMF3 values.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    rtmpscope::rtmp::amf::amf3::fuzz_amf3(data);
});
