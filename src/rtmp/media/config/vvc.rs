//! VVC: VvcDecoderConfigurationRecord (ISO/IEC 14496-15 section 11.2.4.2) and the begin of the
//! sequence parameter set in it (ITU-T H.266 section 7.3.2.4).

use crate::rtmp::field::FieldSink;
use crate::rtmp::media::codec::Codec;
use crate::rtmp::media::config::Chroma;
use crate::rtmp::media::config::Level;
use crate::rtmp::media::config::PictureSize;
use crate::rtmp::media::config::Ratio;
use crate::rtmp::media::config::VideoConfig;
use crate::rtmp::media::syntax::Syntax;
use crate::rtmp::media::syntax::Unreadable;

/// NAL unit types (H.266 table 5).
const NAL_OPI: u8 = 12;
const NAL_DCI: u8 = 13;
const NAL_SPS: u8 = 15;

/// Bits of the flags of general_constraints_info (H.266 section 7.3.3.2) before the number of
/// additional bits.
const CONSTRAINT_BITS: u32 = 71;

/// Reads the record.
pub(in crate::rtmp::media) fn record(
    bytes: &[u8],
    base: usize,
    sink: &mut dyn FieldSink,
) -> (VideoConfig, Result<(), Unreadable>) {
    let mut config = VideoConfig::new(Codec::Vvc);
    if super::is_annex_b(bytes) {
        return (config, Err(super::ANNEX_B));
    }
    let result = read(&mut config, &mut Syntax::new(bytes, base, sink));
    (config, result)
}

fn read(config: &mut VideoConfig, s: &mut Syntax<'_, '_>) -> Result<(), Unreadable> {
    s.skip(5)?;
    config.nal_length_size = Some(s.u8("LengthSizeMinusOne", 2)?.saturating_add(1));
    if s.flag("ptl_present_flag")? {
        s.u("ols_idx", 9)?;
        let sub_layers = s.u("num_sublayers", 3)?;
        s.u8("constant_frame_rate", 2)?;
        config.chroma = Chroma::from_idc(s.u("chroma_format_idc", 2)?);
        config.bit_depth = Some(s.u8("bit_depth_minus8", 3)?.saturating_add(8));
        s.skip(5)?;
        s.scope("native_ptl", |s| profile_record(config, s, sub_layers))?;
        config.size = Some(PictureSize {
            width: s.u("max_picture_width", 16)?,
            height: s.u("max_picture_height", 16)?,
        });
        config.frame_rate = Ratio::new(s.u("avg_frame_rate", 16)?, 256);
    }
    let arrays = s.u8("num_of_arrays", 8)?;
    let mut outcome = Ok(());
    let mut found = false;
    for _ in 0..arrays {
        s.flag("array_completeness")?;
        s.skip(2)?;
        let kind = s.named("NAL_unit_type", 5, |kind| match kind {
            NAL_OPI => Some("OPI"),
            NAL_DCI => Some("DCI"),
            14 => Some("VPS"),
            NAL_SPS => Some("SPS"),
            16 => Some("PPS"),
            17 => Some("prefix APS"),
            23 => Some("prefix SEI"),
            _ => None,
        })?;
        let count = if matches!(kind, NAL_OPI | NAL_DCI) {
            1
        } else {
            s.u("num_nalus", 16)?
        };
        for _ in 0..count {
            let len = s.u("nal_unit_length", 16)?;
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            let read = s.group("nal_unit", len, |bytes, base, sink| {
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
    outcome
}

fn set_profile(config: &mut VideoConfig, profile: u8, level: u8) {
    config.profile = Some(profile);
    config.profile_name = profile_name(profile);
    config.level = Some(Level::new(level, level / 16, (level % 16) / 3));
}

/// VvcPTLRecord.
fn profile_record(
    config: &mut VideoConfig,
    s: &mut Syntax<'_, '_>,
    sub_layers: u32,
) -> Result<(), Unreadable> {
    s.skip(2)?;
    let constraint_bytes = s.u("num_bytes_constraint_info", 6)?;
    let profile = s.named("general_profile_idc", 7, profile_name)?;
    config.high_tier = Some(s.flag("general_tier_flag")?);
    let level = s.u8("general_level_idc", 8)?;
    set_profile(config, profile, level);
    s.flag("ptl_frame_only_constraint_flag")?;
    s.flag("ptl_multi_layer_enabled_flag")?;
    s.skip(constraint_bytes.saturating_mul(8).saturating_sub(2))?;
    s.align()?;
    sub_layer_levels(s, sub_layers.saturating_sub(1))?;
    sub_profiles(s)
}

fn sub_layer_levels(s: &mut Syntax<'_, '_>, count: u32) -> Result<(), Unreadable> {
    let mut levels = 0_u32;
    for _ in 0..count {
        levels = levels.saturating_add(s.silent_u(1)?);
    }
    s.align()?;
    s.skip(levels.saturating_mul(8))
}

fn sub_profiles(s: &mut Syntax<'_, '_>) -> Result<(), Unreadable> {
    let count = s.u("ptl_num_sub_profiles", 8)?;
    s.skip(count.saturating_mul(32))
}

/// Names of H.266 Annex A.
fn profile_name(profile: u8) -> Option<&'static str> {
    Some(match profile {
        1 => "Main 10",
        2 => "Main 12",
        10 => "Main 12 Intra",
        17 => "Multilayer Main 10",
        33 => "Main 10 4:4:4",
        34 => "Main 12 4:4:4",
        35 => "Main 16 4:4:4",
        42 => "Main 12 4:4:4 Intra",
        43 => "Main 16 4:4:4 Intra",
        49 => "Multilayer Main 10 4:4:4",
        65 => "Main 10 Still Picture",
        66 => "Main 12 Still Picture",
        97 => "Main 10 4:4:4 Still Picture",
        98 => "Main 12 4:4:4 Still Picture",
        99 => "Main 16 4:4:4 Still Picture",
        _ => return None,
    })
}

/// seq_parameter_set_rbsp with its NAL unit header, up to the size of the pictures.
fn sps(config: &mut VideoConfig, s: &mut Syntax<'_, '_>) -> Result<(), Unreadable> {
    s.skip(2)?;
    s.u8("nuh_layer_id", 6)?;
    if s.u8("nal_unit_type", 5)? != NAL_SPS {
        return Err(Unreadable::Bad("not a sequence parameter set"));
    }
    s.u8("nuh_temporal_id_plus1", 3)?;
    s.u8("sps_seq_parameter_set_id", 4)?;
    s.u8("sps_video_parameter_set_id", 4)?;
    let sub_layers = s.u("sps_max_sublayers_minus1", 3)?;
    let chroma = s.u("sps_chroma_format_idc", 2)?;
    config.chroma = Chroma::from_idc(chroma);
    s.u8("sps_log2_ctu_size_minus5", 2)?;
    if s.flag("sps_ptl_dpb_hrd_params_present_flag")? {
        s.scope("profile_tier_level", |s| {
            profile_tier_level(config, s, sub_layers)
        })?;
    }
    s.flag("sps_gdr_enabled_flag")?;
    if s.flag("sps_ref_pic_resampling_enabled_flag")? {
        s.flag("sps_res_change_in_clvs_allowed_flag")?;
    }
    let mut size = PictureSize {
        width: s.ue("sps_pic_width_max_in_luma_samples")?,
        height: s.ue("sps_pic_height_max_in_luma_samples")?,
    };
    if s.flag("sps_conformance_window_flag")? {
        let left = s.ue("sps_conf_win_left_offset")?;
        let right = s.ue("sps_conf_win_right_offset")?;
        let top = s.ue("sps_conf_win_top_offset")?;
        let bottom = s.ue("sps_conf_win_bottom_offset")?;
        let (unit_x, unit_y) = super::chroma_unit(chroma, false);
        size = super::cropped(size, [left, right], unit_x, [top, bottom], unit_y)?;
    }
    config.size = Some(size);
    // Subpictures would have to be read to get beyond them; the record has told the bit depth.
    if !s.flag("sps_subpic_info_present_flag")? {
        let depth = s.ue("sps_bitdepth_minus8")?;
        config.bit_depth = u8::try_from(depth.saturating_add(8)).ok();
    }
    Ok(())
}

/// profile_tier_level (H.266 section 7.3.3.1).
fn profile_tier_level(
    config: &mut VideoConfig,
    s: &mut Syntax<'_, '_>,
    sub_layers: u32,
) -> Result<(), Unreadable> {
    let profile = s.named("general_profile_idc", 7, profile_name)?;
    config.high_tier = Some(s.flag("general_tier_flag")?);
    let level = s.u8("general_level_idc", 8)?;
    set_profile(config, profile, level);
    s.flag("ptl_frame_only_constraint_flag")?;
    s.flag("ptl_multilayer_enabled_flag")?;
    if s.flag("gci_present_flag")? {
        s.skip(CONSTRAINT_BITS)?;
        let more = s.silent_u(8)?;
        s.skip(more)?;
    }
    s.align()?;
    sub_layer_levels(s, sub_layers)?;
    sub_profiles(s)
}
