//! Records made by other software: ffmpeg 9.0.2 with x264, x265, SVT-AV1, libaom, libvpx and
//! VVenC. Expected values are what ffprobe 5.1 says of the same stream (and ffmpeg 9 for VVC and
//! the sound codecs), and for the rest what the encoder was told.

use super::*;
use crate::rtmp::field::FieldTree;
use crate::rtmp::media::audio;
use crate::rtmp::media::problem::MediaProblem;
use crate::rtmp::media::video;

fn hex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn video(message: &str) -> VideoConfig {
    let (config, notes) = video_with_notes(&hex(message));
    assert_eq!(notes, []);
    config.unwrap()
}

fn video_with_notes(body: &[u8]) -> (Option<VideoConfig>, Vec<MediaProblem>) {
    let len = u32::try_from(body.len()).unwrap();
    let (tag, notes) = video::parse(body, len, &mut FieldTree::default());
    let track = tag.tracks.first().unwrap();
    (track.config.as_deref().cloned(), notes)
}

fn audio(message: &str) -> AudioConfig {
    let (config, notes) = audio_with_notes(&hex(message));
    assert_eq!(notes, []);
    config.unwrap()
}

fn audio_with_notes(body: &[u8]) -> (Option<AudioConfig>, Vec<MediaProblem>) {
    let len = u32::try_from(body.len()).unwrap();
    let (tag, notes) = audio::parse(body, len, &mut FieldTree::default());
    (tag.tracks.first().unwrap().config, notes)
}

/// Profile, level, size and frame rate in one line.
fn line(config: &VideoConfig) -> String {
    let rate = config.frame_rate.map_or("-".to_owned(), |r| r.to_string());
    format!(
        "{}@{} {} {rate} {}bit {}",
        config.profile_name.unwrap(),
        config.level.unwrap(),
        config.size.unwrap(),
        config.bit_depth.unwrap(),
        config.chroma.unwrap(),
    )
}

fn color(config: &VideoConfig) -> [Option<u8>; 3] {
    let color = config.color.unwrap();
    [color.primaries, color.transfer, color.matrix]
}

mod sound;

mod avc {
    use super::*;

    #[test]
    fn high_with_cropping() {
        let config = video(
            "17000000000164000dffe100196764000dacd941519e226c04400000fa40003a9803c50a658001\
             000668ebe3cb22c0fdf8f800",
        );
        assert_eq!(line(&config), "High@1.3 322x182 30000/1001 8bit 4:2:0");
        assert_eq!(config.nal_length_size, Some(4));
        assert_eq!(config.sample_aspect, Ratio::new(1, 1));
        assert_eq!(config.interlaced, Some(false));
        assert_eq!(config.max_reorder_frames, Some(2));
        assert_eq!(config.color, None);
    }

    #[test]
    fn interlaced_422_with_colour_and_aspect() {
        let config = video(
            "1700000000017a0028ffe1001f677a0028b6cd94078044fcb87350910094000003000400000300\
             c87c58b65801000768fba3cb3002c0fefafa00",
        );
        assert_eq!(line(&config), "High 4:2:2@4.0 1920x1080 25/1 10bit 4:2:2");
        assert_eq!(config.interlaced, Some(true));
        assert_eq!(config.sample_aspect, Ratio::new(4, 3));
        assert_eq!(config.display_size().unwrap().to_string(), "2560x1080");
        assert_eq!(color(&config), [Some(9), Some(16), Some(9)]);
        assert_eq!(config.color.unwrap().hdr_name(), Some("PQ"));
    }

    #[test]
    fn high_444_with_scaling_lists_and_hrd() {
        let config = video(
            "170000000001f4000dffe1002667f4000d919b282a33c7c5602200000300020000030064c04003\
             d08000f427261803c50a658001002068ebec44e3d1841ce8c63239c41911e8c20e7463191ce20c\
             884010c200840440fff8f800",
        );
        assert_eq!(
            line(&config),
            "High 4:4:4 Predictive@1.3 322x183 25/1 8bit 4:4:4"
        );
        assert_eq!(config.max_reorder_frames, Some(2));
    }

    #[test]
    fn monochrome() {
        let config = video(
            "17000000000164000cffe100196764000cf36505067e37016c800000030080000019078a14cb01\
             000668ebe3cb22c0fcf8f800",
        );
        assert_eq!(line(&config), "High@1.2 320x180 25/1 8bit 4:0:0");
        assert_eq!(config.color.unwrap().full_range, Some(true));
    }

    #[test]
    fn baseline_level_1b() {
        let config = video(
            "17000000000142d00bffe100166742d00bd902c4ec0440000003004000000783c4899201000568\
             cb83cb20",
        );
        assert_eq!(
            line(&config),
            "Constrained Baseline@1b 176x144 15/1 8bit 4:2:0"
        );
        assert_eq!(config.max_reorder_frames, Some(0));
    }

    #[test]
    fn a_cut_parameter_set_keeps_what_was_read() {
        // As the first record, ending within the parameter set.
        let body = hex("17000000000164000dffe100196764000dacd9");
        let (config, notes) = video_with_notes(&body);
        let config = config.unwrap();
        assert_eq!(config.profile_name, Some("High"));
        assert_eq!(config.size, None);
        assert_eq!(notes[0].code(), "media.config_unreadable");
    }

    #[test]
    fn a_record_beyond_what_was_kept_is_not_blamed() {
        let body = hex("17000000000164000dffe100196764000dacd9");
        let (tag, notes) = video::parse(&body, 51, &mut FieldTree::default());
        assert!(tag.tracks.first().unwrap().config.is_some());
        assert_eq!(notes, []);
    }

    #[test]
    fn cropping_beyond_the_picture_is_refused() {
        // One macroblock of 16x16, cropped by 8 chroma samples on the left, Baseline:
        // ue(0) sps id, ue(0) frame num, ue(2) poc type, ue(0) refs, gaps 0, ue(0) width,
        // ue(0) height, frame_mbs_only 1, direct 8x8 0, cropping 1, ue(8) ue(0) ue(0) ue(0), 0.
        let sps = [0x67, 66, 0, 10, 0b1101_1101, 0b1101_0001, 0b0011_1101];
        let mut body = vec![0x17, 0, 0, 0, 0, 1, 66, 0, 10, 0xFF, 0xE1, 0, 7];
        body.extend(sps);
        body.extend([1, 0, 1, 0x68]);
        let (config, notes) = video_with_notes(&body);
        assert_eq!(config.unwrap().size, None);
        assert!(notes[0].to_string().contains("cropping leaves no picture"));
    }
}

mod hevc {
    use super::*;

    #[test]
    fn main_with_scaling_lists() {
        let config = video(
            "90687663310101600000009000000000003cf000fcfdf8f800000f03200001001840010c01ffff\
             01600000030090000003000003003c959409210001002942010101600000030090000003000003\
             003ca00a480b9c9596565924e5780b40400000fa40001d4c0222000100074401c172b46240",
        );
        assert_eq!(line(&config), "Main@2.0 322x182 30000/1001 8bit 4:2:0");
        assert_eq!(config.nal_length_size, Some(4));
        assert_eq!(config.max_reorder_frames, Some(2));
        assert_eq!(config.high_tier, Some(false));
    }

    #[test]
    fn main_10_with_hdr_colour() {
        let config = video(
            "906876633101022000000090000000000099f000fcfdfafa00000f04200001001840010c01ffff\
             022000000300900000030000030099959409210001002e42010102200000030090000003000003\
             0099a001e020021c4d965654a4c2f046a122012080000003008000001e0422000100064401c073\
             c18927000200094e01900403e8019080001e4e01891833c286c41d4c0bb884d03e803d13404200\
             989680000003000180",
        );
        assert_eq!(line(&config), "Main 10@5.1 3840x2160 60/1 10bit 4:2:0");
        assert_eq!(color(&config), [Some(9), Some(16), Some(9)]);
        // aspect_ratio_idc 4.
        assert_eq!(config.sample_aspect, Ratio::new(16, 11));
    }

    #[test]
    fn fields_of_422_with_temporal_sub_layers() {
        let config = video(
            "90687663310104080000004d080000000078f000fcfef8f800001304200001001b40010c02ffff\
             0408000003004d0800000300007800009594aca048210001002f4201020408000003004d080000\
             030000780000b00280802e1f1f965652b2a5261780b434000003000400000300c8202200010006\
             4401c073c18927000100064e0181010f80",
        );
        assert_eq!(
            line(&config),
            "Range Extensions@4.0 1280x722 50/1 8bit 4:2:2"
        );
        assert_eq!(config.interlaced, Some(true));
    }
}

mod vvc {
    use super::*;

    #[test]
    fn main_10_with_cropping() {
        let config = video(
            "9076766331ff00655f010220800000014800b80000028f000100ee007900ab0220800000802920\
             2e7251a801cdffeb084d958c10209c004c404104108184210b110859210b5085e8f56a4bc926a4\
             b2445a88bc449a88914911264889351962210b24216a10bc2126a1091490849921097524212122\
             2109144421262210975110848a32109319084ba8c8428105842080c44206488352013304104161\
             0020b100808408040542040203484080405881008088201016410080908040c808088404059080\
             80910103408092040e08188042c81022102059081024408341024820e106408b4209210e21a12e\
             472a041610020b1008084080405420402043304671400000fa40001d4c0620900001000b008100\
             0014901722241f41",
        );
        assert_eq!(line(&config), "Main 10@2.0 322x182 - 10bit 4:2:0");
        assert_eq!(config.nal_length_size, Some(4));
    }
}

mod av1 {
    use super::*;

    #[test]
    fn main_by_svt() {
        let config = video("906176303181000c000a0b0200000561e836a017c002");
        assert_eq!(line(&config), "Main@2.0 322x182 - 8bit 4:2:0");
        assert_eq!(config.color.unwrap().full_range, Some(false));
    }

    #[test]
    fn main_10_bit_with_matrix() {
        let config = video("906176303181014c000a0e0000000cc4ff6736be5408082410");
        assert_eq!(line(&config), "Main@2.1 640x360 - 10bit 4:2:0");
        assert_eq!(color(&config), [Some(2), Some(2), Some(9)]);
    }

    #[test]
    fn main_10_bit_hdr() {
        let config = video("906176303181014c000a0f0200000d6627fb3805f0a122012080");
        assert_eq!(line(&config), "Main@2.1 640x360 - 10bit 4:2:0");
        assert_eq!(color(&config), [Some(9), Some(16), Some(9)]);
    }

    #[test]
    fn high_444() {
        let config = video("9061763031812100000a0b2000000cc4ff6736be4080");
        assert_eq!(line(&config), "High@2.1 640x360 - 8bit 4:4:4");
    }

    #[test]
    fn a_record_without_its_header_says_no_size() {
        let config = video("906176303181000c00");
        assert_eq!(config.size, None);
        assert_eq!(config.bit_depth, Some(8));
    }

    #[test]
    fn an_empty_record_as_ffmpeg_sends_before_libaom_has_one() {
        let (config, notes) = video_with_notes(&hex("9061763031"));
        assert_eq!(config, None);
        assert_eq!(notes[0].code(), "media.config_empty");
    }

    #[test]
    fn timing_in_the_sequence_header() {
        // AV1 5.5.1 by hand: profile 0, timing info with 1001 units of 60000 and equal intervals
        // of one tick, no decoder model, one operating point at level 8 (4.0) of high tier,
        // 1920x1080 in 11 bits each, no tools, 8 bits 4:2:0.
        let bits = [
            "000",
            "0",
            "0",                                // seq_profile, still_picture, reduced
            "1",                                // timing_info_present_flag
            "00000000000000000000001111101001", // 1001
            "00000000000000001110101001100000", // 60000
            "1",
            "1", // equal_picture_interval, uvlc 0
            "0",
            "0", // decoder model, display delay
            "00000",
            "000000000000",
            "01000",
            "1", // points, idc, level, tier
            "1010",
            "1010",
            "11101111111",
            "10000110111", // size
            "0",
            "000", // frame ids, block size and filters
            "0000",
            "0",
            "1",
            "1",   // tools, order hint, choose, choose
            "000", // superres, cdef, restoration
            "0",
            "0",
            "0",
            "0",
            "00",
            "0",
            "0", // colour, position, separate uv, film grain
            "1000000",
        ]
        .concat();
        let obu: Vec<u8> = bits
            .as_bytes()
            .chunks(8)
            .map(|byte| {
                let text = format!("{:0<8}", str::from_utf8(byte).unwrap());
                u8::from_str_radix(&text, 2).unwrap()
            })
            .collect();
        let mut body = hex("906176303181082c00");
        body[7] = 0x8C;
        body.extend([0x0A, u8::try_from(obu.len()).unwrap()]);
        body.extend(obu);
        let (config, notes) = video_with_notes(&body);
        assert_eq!(notes, []);
        let config = config.unwrap();
        assert_eq!(line(&config), "Main@4.0 1920x1080 60000/1001 8bit 4:2:0");
        assert_eq!(config.high_tier, Some(true));
    }

    #[test]
    fn the_descriptor_of_a_transport_stream() {
        // AV1 in MPEG-2 TS 2.2: tag 0x80, length 4, then profile 0, level 8, 10 bits 4:2:0.
        let config = video("95617630318004810 84c00".replace(' ', "").as_str());
        assert_eq!(config.level.unwrap().to_string(), "4.0");
        assert_eq!(config.bit_depth, Some(10));
        assert_eq!(config.chroma, Some(Chroma::Yuv420));
    }
}

mod vp {
    use super::*;

    #[test]
    fn vp9_with_the_box_version_before_the_record() {
        // ffmpeg leaves version and flags of the MP4 box in place.
        let (config, notes) = video_with_notes(&hex("907670303901000000000b820202020000"));
        assert_eq!(notes[0].code(), "media.config_nonstandard");
        let config = config.unwrap();
        assert_eq!(config.profile_name, Some("Profile 0"));
        assert_eq!(config.level.unwrap().to_string(), "1.1");
        assert_eq!(config.bit_depth, Some(8));
        assert_eq!(config.chroma, Some(Chroma::Yuv420));
        assert_eq!(config.size, None);
    }

    #[test]
    fn vp9_profile_2_without_the_box_version() {
        let config = video("9076703039021fa20202090000");
        assert_eq!(config.profile_name, Some("Profile 2"));
        assert_eq!(config.level.unwrap().to_string(), "3.1");
        assert_eq!(config.bit_depth, Some(10));
        assert_eq!(color(&config), [Some(2), Some(2), Some(9)]);
    }
}

mod key_frames {
    use super::*;

    fn size(message: &str) -> String {
        let body = hex(message);
        let (tag, _) = video::parse(&body, 5000, &mut FieldTree::default());
        tag.tracks
            .first()
            .unwrap()
            .picture_size
            .unwrap()
            .to_string()
    }

    #[test]
    fn size_in_the_header() {
        // ffmpeg's testsrc of 322x182 or as given, by each encoder.
        assert_eq!(size("9176703039824983420014100b560638241c184a"), "322x182");
        assert_eq!(size("9176703039924983425027f8167b031c120e0c2c"), "1280x720");
        assert_eq!(size("916176303112000a0b0200000561e836a357cc02"), "322x182");
        assert_eq!(size("120000840112a620202021ffff310101"), "352x288");
        assert_eq!(size("120000840080a1005b122620202021ff"), "322x182");
        assert_eq!(size("13314230b60129789cedd8ad33840100"), "322x182");
        assert_eq!(size("16314230b60000991078daedd6bb0d43"), "322x182");
    }

    #[test]
    fn vp6_sizes_are_macroblocks_less_the_crop() {
        // Crop 14 and 10; key frame, one partition off, VP6 version 6, profile 0; offset;
        // 12 rows and 21 columns of 16: 336 - 14 by 192 - 10.
        assert_eq!(
            size("14ea0030 0000 0c15 0c15".replace(' ', "").as_str()),
            "322x182"
        );
    }
}

#[test]
fn ratios_are_reduced_and_zero_means_untold() {
    assert_eq!(Ratio::new(60_000, 2_002).unwrap().to_string(), "30000/1001");
    assert_eq!(Ratio::new(0, 1), None);
    assert_eq!(Ratio::new(25, 0), None);
}
