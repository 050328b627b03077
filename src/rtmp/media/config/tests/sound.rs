//! Records and frame headers of sound.

use super::*;

#[test]
fn aac_lc_stereo_and_5_1() {
    let config = audio("af00119056e500");
    assert_eq!(config.profile_name(), Some("AAC LC"));
    assert_eq!(config.sample_rate_hz, Some(48_000));
    assert_eq!(config.channels, Some(2));
    assert_eq!(config.frame_samples, Some(1024));
    let config = audio("af0011b056e500");
    assert_eq!(config.channels, Some(6));
    assert_eq!(config.channel_mask, Some(0x3F));
}

#[test]
fn he_aac_announced_behind_the_config() {
    // 14496-3 1.6.5: LC 24 kHz stereo, then 0x2B7, type 5, SBR present, 48 kHz. The ending
    // of every config that ffmpeg's encoder writes (56 e5 00) says that SBR is absent.
    let config = audio("af00131056e598");
    assert_eq!(config.object_type, Some(5));
    assert_eq!(config.sample_rate_hz, Some(48_000));
    assert_eq!(config.core_sample_rate_hz, Some(24_000));
    assert_eq!(config.channels, Some(2));
}

#[test]
fn he_aac_announced_first() {
    // Type 5, 22.05 kHz, stereo, extension 44.1 kHz, then type 2.
    let config = audio("af002b920800");
    assert_eq!(config.object_type, Some(5));
    assert_eq!(config.sample_rate_hz, Some(44_100));
    assert_eq!(config.core_sample_rate_hz, Some(22_050));
    assert_eq!(config.channels, Some(2));
}

#[test]
fn he_aac_v2_makes_stereo_of_mono() {
    // Type 29, 22.05 kHz, one channel, extension 44.1 kHz, then type 2.
    let config = audio("af00eb8a0800");
    assert_eq!(config.object_type, Some(29));
    assert_eq!(config.sample_rate_hz, Some(44_100));
    assert_eq!(config.channels, Some(2));
}

#[test]
fn parametric_stereo_announced_behind_the_config() {
    // LC 24 kHz mono, 0x2B7, type 5, SBR at 48 kHz, 0x548, PS present.
    let config = audio("af00130856e59d4880");
    assert_eq!(config.object_type, Some(29));
    assert_eq!(config.channels, Some(2));
    assert_eq!(config.sample_rate_hz, Some(48_000));
}

#[test]
fn an_explicit_frequency() {
    // LC, index 15, 24 bits of 44056, stereo: 00010 1111 (24 bits) 0010 000.
    let config = audio("af0017805 60c10".replace(' ', "").as_str());
    assert_eq!(config.sample_rate_hz, Some(44_056));
    assert_eq!(config.channels, Some(2));
}

#[test]
fn an_escaped_object_type() {
    // 11111 001010: 32 + 10 = 42, then index 3 (48 kHz) and stereo.
    let config = audio("af00f9464000");
    assert_eq!(config.object_type, Some(42));
    assert_eq!(aac::object_type_name(42), Some("xHE-AAC"));
    assert_eq!(config.sample_rate_hz, Some(48_000));
    assert_eq!(config.channels, Some(2));
}

#[test]
fn channels_counted_in_a_program_config_element() {
    // LC 48 kHz, channel configuration 0, then by 14496-3 4.4.1.1: tag 0, object type 1,
    // index 3, 2 front (one pair), 1 side pair, 0 back, 1 LFE, no data, no coupling,
    // no mixdown flags; front: single 0, pair 1; side: pair 2; LFE 0; align; no comment.
    let bits = [
        "00010", "0011", "0000", "000", // config
        "0000", "01", "0011", "0010", "0001", "0000", "01", "000", "0000", "0", "0", "0", "00000",
        "10001", "10010", "0000", // elements
    ]
    .concat();
    let padded = format!("{:0<width$}", bits, width = bits.len().div_ceil(8) * 8) + "00000000";
    let record: Vec<u8> = padded
        .as_bytes()
        .chunks(8)
        .map(|byte| u8::from_str_radix(str::from_utf8(byte).unwrap(), 2).unwrap())
        .collect();
    let (config, notes) = audio_with_notes(&[&[0xAF, 0][..], &record].concat());
    assert_eq!(config.unwrap().channels, Some(6));
    assert_eq!(notes, []);
}

#[test]
fn a_reserved_frequency_is_refused() {
    let (_, notes) = audio_with_notes(&hex("af001690"));
    assert!(notes[0].to_string().contains("reserved sampling frequency"));
}

#[test]
fn opus_stereo_and_5_1() {
    let config = audio("904f7075734f707573486561640102380180bb0000000000");
    assert_eq!(config.sample_rate_hz, Some(48_000));
    assert_eq!(config.channels, Some(2));
    assert_eq!(config.pre_skip, Some(312));
    let config = audio("904f7075734f707573486561640106380180bb00000000010402000401020305");
    assert_eq!(config.channels, Some(6));
    assert_eq!(config.channel_mask, Some(0x3F));
}

#[test]
fn flac() {
    // Signature and block header by the specification, STREAMINFO by ffmpeg.
    let config = audio(
        "90664c6143664c61438000002204000400000000001098\
         0bb802f00000000000000000000000000000000000000000",
    );
    assert_eq!(config.sample_rate_hz, Some(48_000));
    assert_eq!(config.channels, Some(2));
    assert_eq!(config.bits_per_sample, Some(16));
    assert_eq!(config.frame_samples, Some(1024));
}

#[test]
fn flac_without_signature_as_ffmpeg_writes_it() {
    let (config, notes) = audio_with_notes(&hex(
        "90664c61430400040000000000482a17700b700000000000000000000000000000000000000000",
    ));
    let config = config.unwrap();
    assert_eq!(config.sample_rate_hz, Some(96_000));
    assert_eq!(config.channels, Some(6));
    assert_eq!(config.channel_mask, Some(0x3F));
    assert_eq!(config.bits_per_sample, Some(24));
    assert_eq!(notes[0].code(), "media.config_nonstandard");
}

#[test]
fn ac3_and_eac3_frames_describe_themselves() {
    let config = audio("9161632d330b77b50b1e40ebf8403eff99ff0841");
    assert_eq!(config.codec, Codec::Ac3);
    assert_eq!(config.source, AudioSource::FrameHeader);
    assert_eq!(config.sample_rate_hz, Some(48_000));
    assert_eq!(config.bit_rate, Some(448_000));
    assert_eq!(config.channels, Some(6));
    // 5.1 with side speakers: ffmpeg's own MultichannelConfig says 0x60F.
    assert_eq!(config.channel_mask, Some(0x60F));
    let config = audio("9165632d330b7701ff3f87c00020802002");
    assert_eq!(config.codec, Codec::Eac3);
    assert_eq!(config.sample_rate_hz, Some(48_000));
    assert_eq!(config.bit_rate, Some(256_000));
    assert_eq!(config.channel_mask, Some(0x60F));
    assert_eq!(config.frame_samples, Some(1536));
}

#[test]
fn mp3_frames_describe_themselves() {
    let config = audio("2ffffb90640000023d08");
    assert_eq!(config.sample_rate_hz, Some(44_100));
    assert_eq!(config.bit_rate, Some(128_000));
    assert_eq!(config.frame_samples, Some(1152));
    // In an Enhanced RTMP header too.
    let config = audio("912e6d7033fffb94640000017a");
    assert_eq!(config.sample_rate_hz, Some(48_000));
    assert_eq!(config.channels, Some(2));
}

#[test]
fn speex_and_nellymoser_by_the_first_byte() {
    let config = audio("b630549822d2");
    assert_eq!(
        (config.sample_rate_hz, config.channels),
        (Some(16_000), Some(1))
    );
    let config = audio("6aadd5062de7");
    assert_eq!(
        (config.sample_rate_hz, config.channels),
        (Some(22_050), Some(1))
    );
}
