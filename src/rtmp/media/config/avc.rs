//! AVC: AVCDecoderConfigurationRecord (ISO/IEC 14496-15 section 5.3.3.1) and the sequence
//! parameter set in it (ITU-T H.264 section 7.3.2.1.1 and Annex E).

use crate::rtmp::field::FieldSink;
use crate::rtmp::media::codec::Codec;
use crate::rtmp::media::config::Chroma;
use crate::rtmp::media::config::Level;
use crate::rtmp::media::config::PictureSize;
use crate::rtmp::media::config::VideoConfig;
use crate::rtmp::media::config::vui;
use crate::rtmp::media::syntax::Syntax;
use crate::rtmp::media::syntax::Unreadable;

/// NAL unit type of a sequence parameter set.
const NAL_SPS: u8 = 7;

/// Most frames in a decoded picture buffer (H.264 section A.3.1), which bounds what a parameter
/// set can say about reordering.
const MAX_DPB_FRAMES: u32 = 16;

/// Most picture order count offsets in one cycle (H.264 section 7.4.2.1.1).
const MAX_POC_CYCLE: u32 = 255;

/// Reads the record.
pub(in crate::rtmp::media) fn record(
    bytes: &[u8],
    base: usize,
    sink: &mut dyn FieldSink,
) -> (VideoConfig, Result<(), Unreadable>) {
    let mut config = VideoConfig::new(Codec::Avc);
    if super::is_annex_b(bytes) {
        return (config, Err(super::ANNEX_B));
    }
    let result = read(&mut config, &mut Syntax::new(bytes, base, sink));
    (config, result)
}

fn read(config: &mut VideoConfig, s: &mut Syntax<'_, '_>) -> Result<(), Unreadable> {
    if s.u8("configurationVersion", 8)? != 1 {
        return Err(Unreadable::Bad("configurationVersion is not 1"));
    }
    let profile = s.named("AVCProfileIndication", 8, |idc| profile_name(idc, 0))?;
    let constraints = s.u8("profile_compatibility", 8)?;
    let level = s.u8("AVCLevelIndication", 8)?;
    set_profile(config, profile, constraints, level);
    s.skip(6)?;
    let length_size = s.u8("lengthSizeMinusOne", 2)?.saturating_add(1);
    config.nal_length_size = Some(length_size);
    s.skip(3)?;
    let sets = s.u8("numOfSequenceParameterSets", 5)?;
    let mut outcome = Ok(());
    for index in 0..sets {
        let len = s.u("sequenceParameterSetLength", 16)?;
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        let read = s.group("sequenceParameterSetNALUnit", len, |bytes, base, sink| {
            if index == 0 {
                sps(config, &mut Syntax::nal(bytes, base, sink))
            } else {
                Ok(())
            }
        })?;
        outcome = outcome.and(read);
    }
    if sets == 0 {
        outcome = Err(Unreadable::Bad("no sequence parameter set"));
    }
    let sets = s.u8("numOfPictureParameterSets", 8)?;
    for _ in 0..sets {
        let len = s.u("pictureParameterSetLength", 16)?;
        s.bytes(
            "pictureParameterSetNALUnit",
            usize::try_from(len).unwrap_or(usize::MAX),
        )?;
    }
    if sets == 0 {
        outcome = outcome.and(Err(Unreadable::Bad("no picture parameter set")));
    }
    // The chroma extension of high profiles repeats what the parameter set says, and many writers
    // leave it out.
    outcome
}

fn set_profile(config: &mut VideoConfig, profile: u8, constraints: u8, level: u8) {
    config.profile = Some(profile);
    config.profile_name = profile_name(profile, constraints);
    // Level 1b (H.264 section A.3.4): level_idc 9, or 11 with constraint_set3 in the old profiles.
    let is_1b =
        level == 9 || (level == 11 && constraints & 0x10 != 0 && matches!(profile, 66 | 77 | 88));
    config.level = Some(if is_1b {
        Level {
            idc: level,
            major: 1,
            minor: 0,
            is_1b: true,
        }
    } else {
        Level::new(level, level / 10, level % 10)
    });
}

/// Names of H.264 Annex A; the constraint flags single out the intra and constrained variants.
fn profile_name(profile: u8, constraints: u8) -> Option<&'static str> {
    let set = |n: u32| constraints & 0x80_u8.wrapping_shr(n) != 0;
    Some(match profile {
        66 if set(1) => "Constrained Baseline",
        66 => "Baseline",
        77 => "Main",
        88 => "Extended",
        100 if set(4) && set(5) => "Constrained High",
        100 if set(4) => "Progressive High",
        100 => "High",
        110 if set(3) => "High 10 Intra",
        110 => "High 10",
        122 if set(3) => "High 4:2:2 Intra",
        122 => "High 4:2:2",
        244 if set(3) => "High 4:4:4 Intra",
        244 => "High 4:4:4 Predictive",
        44 => "CAVLC 4:4:4 Intra",
        83 => "Scalable Baseline",
        86 => "Scalable High",
        118 => "Multiview High",
        128 => "Stereo High",
        _ => return None,
    })
}

/// Whether a parameter set of this profile has the chroma format and scaling lists.
fn is_high(profile: u8) -> bool {
    matches!(
        profile,
        100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135
    )
}

/// seq_parameter_set_rbsp with its NAL unit header.
fn sps(config: &mut VideoConfig, s: &mut Syntax<'_, '_>) -> Result<(), Unreadable> {
    s.skip(3)?;
    if s.u8("nal_unit_type", 5)? != NAL_SPS {
        return Err(Unreadable::Bad("not a sequence parameter set"));
    }
    let profile = s.u8("profile_idc", 8)?;
    let constraints = s.u8("constraint_set_flags", 8)?;
    let level = s.u8("level_idc", 8)?;
    set_profile(config, profile, constraints, level);
    s.ue("seq_parameter_set_id")?;
    let mut chroma = 1;
    let mut separate_planes = false;
    config.bit_depth = Some(8);
    if is_high(profile) {
        chroma = s.ue("chroma_format_idc")?;
        if chroma == 3 {
            separate_planes = s.flag("separate_colour_plane_flag")?;
        }
        let depth = s.ue("bit_depth_luma_minus8")?;
        config.bit_depth = u8::try_from(depth.saturating_add(8)).ok();
        s.ue("bit_depth_chroma_minus8")?;
        s.skip(1)?;
        if s.flag("seq_scaling_matrix_present_flag")? {
            scaling_lists(s, if chroma == 3 { 12 } else { 8 })?;
        }
    }
    config.chroma = Chroma::from_idc(chroma);
    s.ue("log2_max_frame_num_minus4")?;
    picture_order_count(s)?;
    s.ue("max_num_ref_frames")?;
    s.flag("gaps_in_frame_num_value_allowed_flag")?;
    let width = s.ue("pic_width_in_mbs_minus1")?.saturating_add(1);
    let height = s.ue("pic_height_in_map_units_minus1")?.saturating_add(1);
    let frame_mbs_only = s.flag("frame_mbs_only_flag")?;
    config.interlaced = Some(!frame_mbs_only);
    if !frame_mbs_only {
        s.flag("mb_adaptive_frame_field_flag")?;
    }
    s.skip(1)?;
    // H.264 table 6-1 and equations 7-19 to 7-22: cropping counts in chroma samples, and in
    // pairs of lines for fields.
    let field_factor = if frame_mbs_only { 1 } else { 2 };
    let (unit_x, unit_y) = super::chroma_unit(chroma, separate_planes);
    let unit_y = unit_y.saturating_mul(field_factor);
    let mut size = PictureSize {
        width: width.saturating_mul(16),
        height: height.saturating_mul(16).saturating_mul(field_factor),
    };
    if s.flag("frame_cropping_flag")? {
        let left = s.ue("frame_crop_left_offset")?;
        let right = s.ue("frame_crop_right_offset")?;
        let top = s.ue("frame_crop_top_offset")?;
        let bottom = s.ue("frame_crop_bottom_offset")?;
        size = super::cropped(size, [left, right], unit_x, [top, bottom], unit_y)?;
    }
    config.size = Some(size);
    if s.flag("vui_parameters_present_flag")? {
        s.scope("vui_parameters", |s| vui::avc(config, s))?;
    }
    Ok(())
}

/// Scaling lists (H.264 section 7.3.2.1.1.1): only their length matters here.
fn scaling_lists(s: &mut Syntax<'_, '_>, count: u32) -> Result<(), Unreadable> {
    for list in 0..count {
        if s.silent_u(1)? == 0 {
            continue;
        }
        let size = if list < 6 { 16 } else { 64 };
        let (mut last, mut next) = (8_i32, 8_i32);
        for _ in 0..size {
            if next != 0 {
                let delta = s.silent_se()?;
                next = last.wrapping_add(delta).wrapping_add(256).rem_euclid(256);
            }
            if next != 0 {
                last = next;
            }
        }
    }
    Ok(())
}

fn picture_order_count(s: &mut Syntax<'_, '_>) -> Result<(), Unreadable> {
    match s.ue("pic_order_cnt_type")? {
        0 => {
            s.ue("log2_max_pic_order_cnt_lsb_minus4")?;
        }
        1 => {
            s.skip(1)?;
            s.silent_se()?;
            s.silent_se()?;
            let cycle = s.ue("num_ref_frames_in_pic_order_cnt_cycle")?;
            if cycle > MAX_POC_CYCLE {
                return Err(Unreadable::Bad("picture order count cycle too long"));
            }
            for _ in 0..cycle {
                s.silent_se()?;
            }
        }
        2 => {}
        _ => return Err(Unreadable::Bad("pic_order_cnt_type is reserved")),
    }
    Ok(())
}

/// max_num_reorder_frames of a VUI, if it is possible.
pub(super) fn reorder_frames(value: u32) -> Option<u8> {
    (value <= MAX_DPB_FRAMES)
        .then(|| u8::try_from(value).ok())
        .flatten()
}
