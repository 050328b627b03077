//! HEVC: HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 section 8.3.3.1) and the sequence
//! parameter set in it (ITU-T H.265 section 7.3.2.2 and Annex E).

use crate::rtmp::field::FieldSink;
use crate::rtmp::media::codec::Codec;
use crate::rtmp::media::config::Chroma;
use crate::rtmp::media::config::Level;
use crate::rtmp::media::config::PictureSize;
use crate::rtmp::media::config::Ratio;
use crate::rtmp::media::config::VideoConfig;
use crate::rtmp::media::config::vui;
use crate::rtmp::media::syntax::Syntax;
use crate::rtmp::media::syntax::Unreadable;

/// NAL unit type of a sequence parameter set.
const NAL_SPS: u8 = 33;

/// Most short-term reference picture sets (H.265 section 7.4.3.2.1).
const MAX_SHORT_TERM_SETS: u32 = 64;

/// Most pictures in a reference picture set (H.265 section A.4.2: the decoded picture buffer).
const MAX_REFERENCES: u32 = 16;

/// Most long-term reference pictures (H.265 section 7.4.3.2.1).
const MAX_LONG_TERM: u32 = 32;

/// Reads the record.
pub(in crate::rtmp::media) fn record(
    bytes: &[u8],
    base: usize,
    sink: &mut dyn FieldSink,
) -> (VideoConfig, Result<(), Unreadable>) {
    let mut config = VideoConfig::new(Codec::Hevc);
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
    general_profile(config, s)?;
    s.skip(4)?;
    s.u("min_spatial_segmentation_idc", 12)?;
    s.skip(6)?;
    s.u8("parallelismType", 2)?;
    s.skip(6)?;
    config.chroma = Chroma::from_idc(s.u("chromaFormat", 2)?);
    s.skip(5)?;
    config.bit_depth = Some(s.u8("bitDepthLumaMinus8", 3)?.saturating_add(8));
    s.skip(5)?;
    s.u8("bitDepthChromaMinus8", 3)?;
    config.frame_rate = Ratio::new(s.u("avgFrameRate", 16)?, 256);
    s.u8("constantFrameRate", 2)?;
    s.u8("numTemporalLayers", 3)?;
    s.flag("temporalIdNested")?;
    config.nal_length_size = Some(s.u8("lengthSizeMinusOne", 2)?.saturating_add(1));
    let arrays = s.u8("numOfArrays", 8)?;
    let mut outcome = Ok(());
    let mut found = false;
    for _ in 0..arrays {
        s.flag("array_completeness")?;
        s.skip(1)?;
        let kind = s.named("NAL_unit_type", 6, |kind| match kind {
            32 => Some("VPS"),
            NAL_SPS => Some("SPS"),
            34 => Some("PPS"),
            39 => Some("prefix SEI"),
            40 => Some("suffix SEI"),
            _ => None,
        })?;
        for _ in 0..s.u("numNalus", 16)? {
            let len = s.u("nalUnitLength", 16)?;
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            let read = s.group("nalUnit", len, |bytes, base, sink| {
                if kind == NAL_SPS && !found {
                    found = true;
                    sps(config, &mut Syntax::nal(bytes, base, sink))
                } else {
                    Ok(())
                }
            })?;
            outcome = outcome.and(read);
        }
    }
    if !found {
        outcome = outcome.and(Err(Unreadable::Bad("no sequence parameter set")));
    }
    outcome
}

/// The general part of profile_tier_level (H.265 section 7.3.3), laid out the same in the record.
fn general_profile(config: &mut VideoConfig, s: &mut Syntax<'_, '_>) -> Result<(), Unreadable> {
    s.u8("general_profile_space", 2)?;
    config.high_tier = Some(s.flag("general_tier_flag")?);
    let profile = s.named("general_profile_idc", 5, profile_name)?;
    config.profile = Some(profile);
    config.profile_name = profile_name(profile);
    s.u("general_profile_compatibility_flags", 32)?;
    s.u("general_constraint_indicator_flags", 32)?;
    s.u("general_constraint_indicator_flags", 16)?;
    let level = s.u8("general_level_idc", 8)?;
    config.level = Some(Level::new(level, level / 30, (level % 30) / 3));
    Ok(())
}

/// Names of H.265 Annex A and the annexes of its extensions.
fn profile_name(profile: u8) -> Option<&'static str> {
    Some(match profile {
        1 => "Main",
        2 => "Main 10",
        3 => "Main Still Picture",
        4 => "Range Extensions",
        5 => "High Throughput",
        6 => "Multiview Main",
        7 => "Scalable Main",
        8 => "3D Main",
        9 => "Screen Content Coding",
        10 => "Scalable Range Extensions",
        11 => "High Throughput Screen Content Coding",
        _ => return None,
    })
}

/// seq_parameter_set_rbsp with its NAL unit header.
fn sps(config: &mut VideoConfig, s: &mut Syntax<'_, '_>) -> Result<(), Unreadable> {
    s.skip(1)?;
    if s.u8("nal_unit_type", 6)? != NAL_SPS {
        return Err(Unreadable::Bad("not a sequence parameter set"));
    }
    s.u8("nuh_layer_id", 6)?;
    s.u8("nuh_temporal_id_plus1", 3)?;
    s.u8("sps_video_parameter_set_id", 4)?;
    let sub_layers = s.u("sps_max_sub_layers_minus1", 3)?;
    s.flag("sps_temporal_id_nesting_flag")?;
    general_profile(config, s)?;
    sub_layer_profiles(s, sub_layers)?;
    s.ue("sps_seq_parameter_set_id")?;
    let chroma = s.ue("chroma_format_idc")?;
    config.chroma = Chroma::from_idc(chroma);
    let separate_planes = chroma == 3 && s.flag("separate_colour_plane_flag")?;
    let mut size = PictureSize {
        width: s.ue("pic_width_in_luma_samples")?,
        height: s.ue("pic_height_in_luma_samples")?,
    };
    if s.flag("conformance_window_flag")? {
        let left = s.ue("conf_win_left_offset")?;
        let right = s.ue("conf_win_right_offset")?;
        let top = s.ue("conf_win_top_offset")?;
        let bottom = s.ue("conf_win_bottom_offset")?;
        let (unit_x, unit_y) = super::chroma_unit(chroma, separate_planes);
        size = super::cropped(size, [left, right], unit_x, [top, bottom], unit_y)?;
    }
    config.size = Some(size);
    let depth = s.ue("bit_depth_luma_minus8")?;
    config.bit_depth = u8::try_from(depth.saturating_add(8)).ok();
    s.ue("bit_depth_chroma_minus8")?;
    let poc_bits = s.ue("log2_max_pic_order_cnt_lsb_minus4")?.saturating_add(4);
    let all_layers = s.flag("sps_sub_layer_ordering_info_present_flag")?;
    for _ in if all_layers { 0 } else { sub_layers }..=sub_layers {
        s.ue("sps_max_dec_pic_buffering_minus1")?;
        // The last sub-layer is the whole stream.
        let reorder = s.ue("sps_max_num_reorder_pics")?;
        config.max_reorder_frames = u8::try_from(reorder)
            .ok()
            .filter(|&frames| u32::from(frames) <= MAX_REFERENCES);
        s.ue("sps_max_latency_increase_plus1")?;
    }
    s.skip_ue(6)?;
    if s.flag("scaling_list_enabled_flag")? && s.flag("sps_scaling_list_data_present_flag")? {
        scaling_lists(s)?;
    }
    s.skip(2)?;
    if s.flag("pcm_enabled_flag")? {
        s.skip(8)?;
        s.skip_ue(2)?;
        s.skip(1)?;
    }
    short_term_sets(s)?;
    if s.flag("long_term_ref_pics_present_flag")? {
        let count = s.ue("num_long_term_ref_pics_sps")?;
        if count > MAX_LONG_TERM || poc_bits > 16 {
            return Err(Unreadable::Bad("impossible long-term reference pictures"));
        }
        for _ in 0..count {
            s.skip(poc_bits.saturating_add(1))?;
        }
    }
    s.skip(2)?;
    if s.flag("vui_parameters_present_flag")? {
        s.scope("vui_parameters", |s| vui::hevc(config, s))?;
    }
    Ok(())
}

/// The sub-layers of profile_tier_level.
fn sub_layer_profiles(s: &mut Syntax<'_, '_>, sub_layers: u32) -> Result<(), Unreadable> {
    if sub_layers == 0 {
        return Ok(());
    }
    let mut bits = 0_u32;
    for _ in 0..sub_layers {
        if s.silent_u(1)? == 1 {
            bits = bits.saturating_add(88);
        }
        if s.silent_u(1)? == 1 {
            bits = bits.saturating_add(8);
        }
    }
    let padding = 8_u32.saturating_sub(sub_layers).saturating_mul(2);
    s.skip(padding.saturating_add(bits))
}

/// scaling_list_data (H.265 section 7.3.4): only its length matters here.
fn scaling_lists(s: &mut Syntax<'_, '_>) -> Result<(), Unreadable> {
    for size in 0..4_u32 {
        for _ in 0..if size == 3 { 2 } else { 6 } {
            if s.silent_u(1)? == 0 {
                s.silent_ue()?;
                continue;
            }
            if size > 1 {
                s.silent_se()?;
            }
            for _ in 0..if size == 0 { 16 } else { 64 } {
                s.silent_se()?;
            }
        }
    }
    Ok(())
}

/// The short-term reference picture sets (H.265 section 7.3.7). Each may be coded by its
/// difference to the one before, so that their lengths depend on their contents.
fn short_term_sets(s: &mut Syntax<'_, '_>) -> Result<(), Unreadable> {
    let count = s.ue("num_short_term_ref_pic_sets")?;
    if count > MAX_SHORT_TERM_SETS {
        return Err(Unreadable::Bad("more than 64 reference picture sets"));
    }
    let mut previous = Vec::new();
    for index in 0..count {
        let predicted = index > 0 && s.silent_u(1)? == 1;
        previous = if predicted {
            predicted_set(s, &previous)?
        } else {
            explicit_set(s)?
        };
    }
    Ok(())
}

/// The picture order differences of a set coded by itself, in the order of the syntax.
fn explicit_set(s: &mut Syntax<'_, '_>) -> Result<Vec<i64>, Unreadable> {
    let negative = s.silent_ue()?;
    let positive = s.silent_ue()?;
    if negative > MAX_REFERENCES || positive > MAX_REFERENCES {
        return Err(Unreadable::Bad("too many reference pictures"));
    }
    let mut deltas = Vec::new();
    for (count, sign) in [(negative, -1_i64), (positive, 1)] {
        let mut delta = 0_i64;
        for _ in 0..count {
            let step = i64::from(s.silent_ue()?).saturating_add(1);
            delta = delta.saturating_add(step.saturating_mul(sign));
            deltas.push(delta);
            s.skip(1)?;
        }
    }
    Ok(deltas)
}

/// The picture order differences of a set coded by its difference to `previous` (equations 7-61
/// and 7-62): the kept ones of the previous set and the previous picture itself, all moved.
fn predicted_set(s: &mut Syntax<'_, '_>, previous: &[i64]) -> Result<Vec<i64>, Unreadable> {
    let is_negative = s.silent_u(1)? == 1;
    let distance = i64::from(s.silent_ue()?).saturating_add(1);
    let moved = if is_negative {
        distance.saturating_neg()
    } else {
        distance
    };
    let mut negative = Vec::new();
    let mut positive = Vec::new();
    for &delta in previous.iter().chain([&0]) {
        let is_used = s.silent_u(1)? == 1;
        let is_kept = is_used || s.silent_u(1)? == 1;
        let delta = delta.saturating_add(moved);
        match delta.signum() {
            -1 if is_kept => negative.push(delta),
            1 if is_kept => positive.push(delta),
            _ => {}
        }
    }
    if negative.len().saturating_add(positive.len()) > 32 {
        return Err(Unreadable::Bad("too many reference pictures"));
    }
    negative.sort_unstable_by(|a, b| b.cmp(a));
    positive.sort_unstable();
    negative.append(&mut positive);
    Ok(negative)
}
