//! AV1: AV1CodecConfigurationRecord (AV1 in ISOBMFF, section 2.3.3), the AV1 video descriptor
//! (AV1 in MPEG-2 TS, section 2.2), and the sequence header OBU (AV1 section 5.5).

use crate::rtmp::field::FieldSink;
use crate::rtmp::media::codec::Codec;
use crate::rtmp::media::config::Chroma;
use crate::rtmp::media::config::ColorDescription;
use crate::rtmp::media::config::Level;
use crate::rtmp::media::config::PictureSize;
use crate::rtmp::media::config::Ratio;
use crate::rtmp::media::config::VideoConfig;
use crate::rtmp::media::syntax::Syntax;
use crate::rtmp::media::syntax::Unreadable;

/// obu_type of a sequence header.
const OBU_SEQUENCE_HEADER: u8 = 1;

/// descriptor_tag of the AV1 video descriptor.
const DESCRIPTOR_TAG: u8 = 0x80;

/// Most OBUs looked at for a sequence header; it comes first or behind a temporal delimiter and
/// metadata.
const MAX_OBUS: u32 = 16;

/// seq_level_idx that stands for no limits.
const LEVEL_MAX: u8 = 31;

/// Reads the configuration record.
pub(in crate::rtmp::media) fn record(
    bytes: &[u8],
    base: usize,
    sink: &mut dyn FieldSink,
) -> (VideoConfig, Result<(), Unreadable>) {
    let mut config = VideoConfig::new(Codec::Av1);
    let mut s = Syntax::new(bytes, base, sink);
    let result = read(&mut config, &mut s);
    (config, result)
}

/// Reads the descriptor of an MPEG-2 transport stream.
pub(in crate::rtmp::media) fn descriptor(
    bytes: &[u8],
    base: usize,
    sink: &mut dyn FieldSink,
) -> (VideoConfig, Result<(), Unreadable>) {
    let mut config = VideoConfig::new(Codec::Av1);
    let mut s = Syntax::new(bytes, base, sink);
    let result = read_descriptor(&mut config, &mut s);
    (config, result)
}

/// Size of the pictures by a sequence header among the first OBUs of a temporal unit.
pub(in crate::rtmp::media) fn size_in_obus(s: &mut Syntax<'_, '_>) -> Option<PictureSize> {
    let mut config = VideoConfig::new(Codec::Av1);
    // The frame behind the header may be cut off: what was read before stands.
    obus(&mut config, s).ok();
    config.size
}

fn read(config: &mut VideoConfig, s: &mut Syntax<'_, '_>) -> Result<(), Unreadable> {
    summary(config, s)?;
    s.skip(3)?;
    presentation_delay(s)?;
    obus(config, s)
}

fn read_descriptor(config: &mut VideoConfig, s: &mut Syntax<'_, '_>) -> Result<(), Unreadable> {
    if s.u8("descriptor_tag", 8)? != DESCRIPTOR_TAG {
        return Err(Unreadable::Bad("descriptor_tag is not 0x80"));
    }
    s.u8("descriptor_length", 8)?;
    summary(config, s)?;
    s.u8("hdr_wcg_idc", 2)?;
    s.skip(1)?;
    presentation_delay(s)
}

/// The three bytes that the record and the descriptor share.
fn summary(config: &mut VideoConfig, s: &mut Syntax<'_, '_>) -> Result<(), Unreadable> {
    if !s.flag("marker")? || s.u8("version", 7)? != 1 {
        return Err(Unreadable::Bad("marker and version are not 1"));
    }
    let profile = s.named("seq_profile", 3, profile_name)?;
    set_profile(config, profile);
    let level = s.u8("seq_level_idx_0", 5)?;
    set_level(config, level);
    config.high_tier = Some(s.flag("seq_tier_0")?);
    let high = s.flag("high_bitdepth")?;
    let twelve = s.flag("twelve_bit")?;
    config.bit_depth = Some(bit_depth(high, twelve));
    let mono = s.flag("monochrome")?;
    let sub_x = s.flag("chroma_subsampling_x")?;
    let sub_y = s.flag("chroma_subsampling_y")?;
    config.chroma = chroma(mono, sub_x, sub_y);
    s.u8("chroma_sample_position", 2)?;
    Ok(())
}

fn presentation_delay(s: &mut Syntax<'_, '_>) -> Result<(), Unreadable> {
    if s.flag("initial_presentation_delay_present")? {
        s.u8("initial_presentation_delay_minus_one", 4)?;
        Ok(())
    } else {
        s.skip(4)
    }
}

fn set_profile(config: &mut VideoConfig, profile: u8) {
    config.profile = Some(profile);
    config.profile_name = profile_name(profile);
}

fn profile_name(profile: u8) -> Option<&'static str> {
    match profile {
        0 => Some("Main"),
        1 => Some("High"),
        2 => Some("Professional"),
        _ => None,
    }
}

/// seq_level_idx (AV1 section A.3): four levels from 2.0 on per major number.
fn set_level(config: &mut VideoConfig, index: u8) {
    config.level =
        (index != LEVEL_MAX).then(|| Level::new(index, (index >> 2).saturating_add(2), index & 3));
}

fn bit_depth(high: bool, twelve: bool) -> u8 {
    match (high, twelve) {
        (false, _) => 8,
        (true, false) => 10,
        (true, true) => 12,
    }
}

fn chroma(mono: bool, sub_x: bool, sub_y: bool) -> Option<Chroma> {
    Some(match (mono, sub_x, sub_y) {
        (true, ..) => Chroma::Monochrome,
        (false, true, true) => Chroma::Yuv420,
        (false, true, false) => Chroma::Yuv422,
        (false, false, false) => Chroma::Yuv444,
        (false, false, true) => return None,
    })
}

/// Looks for a sequence header among OBUs in the low-overhead format (AV1 section 5.2).
fn obus(config: &mut VideoConfig, s: &mut Syntax<'_, '_>) -> Result<(), Unreadable> {
    for _ in 0..MAX_OBUS {
        if s.left() == 0 {
            return Ok(());
        }
        let kind = s.scope("obu_header", |s| {
            s.skip(1)?;
            let kind = s.named("obu_type", 4, obu_name)?;
            let has_extension = s.flag("obu_extension_flag")?;
            let has_size = s.flag("obu_has_size_field")?;
            s.skip(1)?;
            if has_extension {
                s.skip(8)?;
            }
            Ok((kind, has_size))
        });
        let (kind, has_size) = kind?;
        let size = if has_size { leb128(s)? } else { s.left() };
        // Of a coded frame only the begin is at hand: a sequence header may still be whole.
        let size = size.min(s.left());
        let is_header = kind == OBU_SEQUENCE_HEADER;
        let read = s.group("obu", size, |bytes, base, sink| {
            if is_header {
                sequence_header(config, &mut Syntax::new(bytes, base, sink))
            } else {
                Ok(())
            }
        })?;
        if is_header {
            return read;
        }
    }
    Ok(())
}

fn obu_name(kind: u8) -> Option<&'static str> {
    Some(match kind {
        OBU_SEQUENCE_HEADER => "sequence header",
        2 => "temporal delimiter",
        3 => "frame header",
        4 => "tile group",
        5 => "metadata",
        6 => "frame",
        7 => "redundant frame header",
        8 => "tile list",
        15 => "padding",
        _ => return None,
    })
}

/// leb128() (AV1 section 4.10.5): at most 8 bytes of 7 bits, least significant first.
fn leb128(s: &mut Syntax<'_, '_>) -> Result<usize, Unreadable> {
    let mut value = 0_u64;
    for index in 0..8_u32 {
        let byte = s.silent_u(8)?;
        let part = u64::from(byte & 0x7F).wrapping_shl(index.wrapping_mul(7));
        value |= part;
        if byte & 0x80 == 0 {
            return usize::try_from(value).map_err(|_| Unreadable::Cut);
        }
    }
    Err(Unreadable::Bad("size of more than 8 bytes"))
}

/// sequence_header_obu (AV1 section 5.5.1).
fn sequence_header(config: &mut VideoConfig, s: &mut Syntax<'_, '_>) -> Result<(), Unreadable> {
    let profile = s.named("seq_profile", 3, profile_name)?;
    set_profile(config, profile);
    s.flag("still_picture")?;
    let is_reduced = s.flag("reduced_still_picture_header")?;
    if is_reduced {
        let level = s.u8("seq_level_idx", 5)?;
        set_level(config, level);
    } else {
        timing_and_operating_points(config, s)?;
    }
    let width_bits = s.u("frame_width_bits_minus_1", 4)?.saturating_add(1);
    let height_bits = s.u("frame_height_bits_minus_1", 4)?.saturating_add(1);
    config.size = Some(PictureSize {
        width: s
            .u("max_frame_width_minus_1", width_bits)?
            .saturating_add(1),
        height: s
            .u("max_frame_height_minus_1", height_bits)?
            .saturating_add(1),
    });
    if !is_reduced && s.flag("frame_id_numbers_present_flag")? {
        s.skip(7)?;
    }
    s.skip(3)?;
    if !is_reduced {
        tools(s)?;
    }
    s.skip(3)?;
    s.scope("color_config", |s| color_config(config, s, profile))
}

fn timing_and_operating_points(
    config: &mut VideoConfig,
    s: &mut Syntax<'_, '_>,
) -> Result<(), Unreadable> {
    let mut delay_bits = None;
    if s.flag("timing_info_present_flag")? {
        let tick = s.u("num_units_in_display_tick", 32)?;
        let scale = s.u("time_scale", 32)?;
        if s.flag("equal_picture_interval")? {
            let ticks = s.ue("num_ticks_per_picture_minus_1")?.saturating_add(1);
            config.frame_rate = tick
                .checked_mul(ticks)
                .and_then(|tick| Ratio::new(scale, tick));
        }
        if s.flag("decoder_model_info_present_flag")? {
            delay_bits = Some(s.silent_u(5)?.saturating_add(1));
            s.skip(32 + 5 + 5)?;
        }
    }
    let has_display_delay = s.flag("initial_display_delay_present_flag")?;
    let points = s.u("operating_points_cnt_minus_1", 5)?;
    for point in 0..=points {
        s.u("operating_point_idc", 12)?;
        let level = s.u8("seq_level_idx", 5)?;
        let high_tier = level > 7 && s.flag("seq_tier")?;
        // The first operating point is the whole stream.
        if point == 0 {
            set_level(config, level);
            config.high_tier = Some(high_tier);
        }
        if let Some(bits) = delay_bits
            && s.silent_u(1)? == 1
        {
            s.skip(bits.saturating_mul(2).saturating_add(1))?;
        }
        if has_display_delay && s.silent_u(1)? == 1 {
            s.skip(4)?;
        }
    }
    Ok(())
}

/// The coding tools, which are passed over.
fn tools(s: &mut Syntax<'_, '_>) -> Result<(), Unreadable> {
    s.skip(4)?;
    let has_order_hint = s.silent_u(1)? == 1;
    if has_order_hint {
        s.skip(2)?;
    }
    // seq_choose_screen_content_tools, or seq_force_screen_content_tools spelt out.
    let may_have_screen_content = s.silent_u(1)? == 1 || s.silent_u(1)? == 1;
    // seq_choose_integer_mv, or seq_force_integer_mv spelt out.
    if may_have_screen_content && s.silent_u(1)? == 0 {
        s.skip(1)?;
    }
    if has_order_hint {
        s.skip(3)?;
    }
    Ok(())
}

/// color_config (AV1 section 5.5.2).
fn color_config(
    config: &mut VideoConfig,
    s: &mut Syntax<'_, '_>,
    profile: u8,
) -> Result<(), Unreadable> {
    /// BT.709 primaries, sRGB transfer, identity matrix: RGB, which is never subsampled.
    const SRGB: [u8; 3] = [1, 13, 0];
    let high = s.flag("high_bitdepth")?;
    let twelve = profile == 2 && high && s.flag("twelve_bit")?;
    let depth = bit_depth(high, twelve);
    config.bit_depth = Some(depth);
    let mono = profile != 1 && s.flag("mono_chrome")?;
    let mut color = ColorDescription::default();
    let mut codes = [2, 2, 2];
    if s.flag("color_description_present_flag")? {
        codes = [
            s.u8("color_primaries", 8)?,
            s.u8("transfer_characteristics", 8)?,
            s.u8("matrix_coefficients", 8)?,
        ];
        let [primaries, transfer, matrix] = codes;
        color.primaries = Some(primaries);
        color.transfer = Some(transfer);
        color.matrix = Some(matrix);
    }
    if !mono && codes == SRGB {
        color.full_range = Some(true);
        config.chroma = Some(Chroma::Yuv444);
    } else {
        color.full_range = Some(s.flag("color_range")?);
        let (sub_x, sub_y) = match (mono, profile, depth) {
            (true, ..) | (false, 0, _) => (true, true),
            (false, 1, _) => (false, false),
            (false, _, 12) => {
                let sub_x = s.flag("subsampling_x")?;
                (sub_x, sub_x && s.flag("subsampling_y")?)
            }
            _ => (true, false),
        };
        config.chroma = chroma(mono, sub_x, sub_y);
    }
    config.color = Some(color);
    Ok(())
}
