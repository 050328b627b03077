//! AMF0 values.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    rtmpscope::rtmp::amf::amf0::fuzz_amf0(data);
});
