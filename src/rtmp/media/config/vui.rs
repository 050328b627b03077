//! Video usability information of AVC and HEVC (ITU-T H.264 and H.265 Annex E): aspect, colour,
//! timing.

use crate::rtmp::media::config::ColorDescription;
use crate::rtmp::media::config::Ratio;
use crate::rtmp::media::config::VideoConfig;
use crate::rtmp::media::config::avc;
use crate::rtmp::media::syntax::Syntax;
use crate::rtmp::media::syntax::Unreadable;

/// aspect_ratio_idc whose ratio is spelt out.
const EXTENDED_SAR: u8 = 255;

/// Most alternatives of a coded picture buffer (H.264 section E.2.2).
const MAX_CPB: u32 = 32;

/// Sample aspect ratios (H.264 table E-1, H.265 table E.1).
fn aspect(idc: u8) -> Option<(u32, u32)> {
    Some(match idc {
        1 => (1, 1),
        2 => (12, 11),
        3 => (10, 11),
        4 => (16, 11),
        5 => (40, 33),
        6 => (24, 11),
        7 => (20, 11),
        8 => (32, 11),
        9 => (80, 33),
        10 => (18, 11),
        11 => (15, 11),
        12 => (64, 33),
        13 => (160, 99),
        14 => (4, 3),
        15 => (3, 2),
        16 => (2, 1),
        _ => return None,
    })
}

/// The part that AVC and HEVC share: aspect ratio, overscan, video signal, chroma location.
pub(super) fn common(config: &mut VideoConfig, s: &mut Syntax<'_, '_>) -> Result<(), Unreadable> {
    if s.flag("aspect_ratio_info_present_flag")? {
        let idc = s.u8("aspect_ratio_idc", 8)?;
        config.sample_aspect = if idc == EXTENDED_SAR {
            let width = s.u("sar_width", 16)?;
            let height = s.u("sar_height", 16)?;
            Ratio::new(width, height)
        } else {
            aspect(idc).and_then(|(width, height)| Ratio::new(width, height))
        };
    }
    if s.flag("overscan_info_present_flag")? {
        s.flag("overscan_appropriate_flag")?;
    }
    if s.flag("video_signal_type_present_flag")? {
        s.u8("video_format", 3)?;
        let mut color = ColorDescription {
            full_range: Some(s.flag("video_full_range_flag")?),
            ..ColorDescription::default()
        };
        if s.flag("colour_description_present_flag")? {
            color.primaries = Some(s.u8("colour_primaries", 8)?);
            color.transfer = Some(s.u8("transfer_characteristics", 8)?);
            color.matrix = Some(s.u8("matrix_coefficients", 8)?);
        }
        config.color = Some(color);
    }
    if s.flag("chroma_loc_info_present_flag")? {
        s.ue("chroma_sample_loc_type_top_field")?;
        s.ue("chroma_sample_loc_type_bottom_field")?;
    }
    Ok(())
}

/// vui_parameters of H.264 section E.1.1.
pub(super) fn avc(config: &mut VideoConfig, s: &mut Syntax<'_, '_>) -> Result<(), Unreadable> {
    common(config, s)?;
    if s.flag("timing_info_present_flag")? {
        let tick = s.u("num_units_in_tick", 32)?;
        let scale = s.u("time_scale", 32)?;
        s.flag("fixed_frame_rate_flag")?;
        // A tick is a field: two make a frame (H.264 section E.2.1).
        config.frame_rate = tick.checked_mul(2).and_then(|tick| Ratio::new(scale, tick));
    }
    let nal_hrd = s.flag("nal_hrd_parameters_present_flag")?;
    if nal_hrd {
        avc_hrd(s)?;
    }
    let vcl_hrd = s.flag("vcl_hrd_parameters_present_flag")?;
    if vcl_hrd {
        avc_hrd(s)?;
    }
    if nal_hrd || vcl_hrd {
        s.flag("low_delay_hrd_flag")?;
    }
    s.flag("pic_struct_present_flag")?;
    if s.flag("bitstream_restriction_flag")? {
        s.skip(1)?;
        s.skip_ue(4)?;
        let reorder = s.ue("max_num_reorder_frames")?;
        config.max_reorder_frames = avc::reorder_frames(reorder);
        s.ue("max_dec_frame_buffering")?;
    }
    Ok(())
}

/// hrd_parameters of H.264 section E.1.2.
fn avc_hrd(s: &mut Syntax<'_, '_>) -> Result<(), Unreadable> {
    let count = s.silent_ue()?.saturating_add(1);
    if count > MAX_CPB {
        return Err(Unreadable::Bad("more than 32 coded picture buffers"));
    }
    s.skip(8)?;
    for _ in 0..count {
        s.skip_ue(2)?;
        s.skip(1)?;
    }
    s.skip(20)
}

/// vui_parameters of H.265 section E.2.1, up to the timing.
pub(super) fn hevc(config: &mut VideoConfig, s: &mut Syntax<'_, '_>) -> Result<(), Unreadable> {
    common(config, s)?;
    s.flag("neutral_chroma_indication_flag")?;
    config.interlaced = Some(s.flag("field_seq_flag")?);
    s.flag("frame_field_info_present_flag")?;
    if s.flag("default_display_window_flag")? {
        s.skip_ue(4)?;
    }
    if s.flag("vui_timing_info_present_flag")? {
        let tick = s.u("vui_num_units_in_tick", 32)?;
        let scale = s.u("vui_time_scale", 32)?;
        config.frame_rate = Ratio::new(scale, tick);
    }
    Ok(())
}
