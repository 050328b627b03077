//! The size of the picture by the header of a coded key frame, for the codecs that repeat it
//! there.

use crate::rtmp::field::FieldSink;
use crate::rtmp::field::NoFields;
use crate::rtmp::media::codec::Codec;
use crate::rtmp::media::config;
use crate::rtmp::media::config::PictureSize;
use crate::rtmp::media::syntax::Syntax;
use crate::rtmp::media::syntax::Unreadable;

/// The size that the first bytes of a coded key frame tell; `None` if the codec keeps it in its
/// configuration record or the bytes do not reach. `data` begins behind the tag's headers.
pub fn keyframe_size(codec: Codec, data: &[u8]) -> Option<PictureSize> {
    read(codec, data, 0, &mut NoFields)
}

/// The same, with `data` beginning at `base` in the message.
pub(super) fn read(
    codec: Codec,
    data: &[u8],
    base: usize,
    sink: &mut dyn FieldSink,
) -> Option<PictureSize> {
    type Read = fn(&mut Syntax<'_, '_>) -> Result<PictureSize, Unreadable>;
    let read: Read = match codec {
        Codec::Vp8 => vp8,
        Codec::Vp9 => vp9,
        Codec::Av1 => |s| config::size_in_obus(s).ok_or(Unreadable::Cut),
        Codec::H263 => h263,
        Codec::Screen | Codec::Screen2 => screen,
        Codec::Vp6 => vp6,
        Codec::Vp6Alpha => vp6_alpha,
        _ => return None,
    };
    let size = Syntax::new(data, base, sink)
        .scope("keyFrameHeader", read)
        .ok()?;
    (size.width > 0 && size.height > 0).then_some(size)
}

/// RFC 6386 section 9.1: frame tag of 3 bytes, start code, 14 bits each of width and height.
fn vp8(s: &mut Syntax<'_, '_>) -> Result<PictureSize, Unreadable> {
    const START_CODE: &[u8] = &[0x9D, 0x01, 0x2A];
    // The lowest bit of the tag is 0 for a key frame.
    if s.u_le("frameTag", 3)? & 1 != 0 || s.bytes("startCode", START_CODE.len())? != START_CODE {
        return Err(Unreadable::Bad("no key frame"));
    }
    // The two top bits ask for upscaling.
    Ok(PictureSize {
        width: s.u_le("width", 2)? & 0x3FFF,
        height: s.u_le("height", 2)? & 0x3FFF,
    })
}

/// uncompressed_header of VP9 (bitstream specification section 6.2).
fn vp9(s: &mut Syntax<'_, '_>) -> Result<PictureSize, Unreadable> {
    const SYNC_CODE: u32 = 0x49_8342;
    const COLOR_SPACE_RGB: u32 = 7;
    if s.u("frame_marker", 2)? != 2 {
        return Err(Unreadable::Bad("no frame marker"));
    }
    let low = s.u("profile_low_bit", 1)?;
    let high = s.u("profile_high_bit", 1)?;
    if low == 1 && high == 1 {
        s.skip(1)?;
    }
    if s.flag("show_existing_frame")? || s.flag("frame_type")? {
        return Err(Unreadable::Bad("no key frame"));
    }
    s.skip(2)?;
    if s.u("frame_sync_code", 24)? != SYNC_CODE {
        return Err(Unreadable::Bad("no sync code"));
    }
    if high == 1 {
        s.flag("ten_or_twelve_bit")?;
    }
    let is_rgb = s.u("color_space", 3)? == COLOR_SPACE_RGB;
    // The odd profiles spell the subsampling out.
    s.skip(match (is_rgb, low == 1) {
        (true, false) => 0,
        (true, true) | (false, false) => 1,
        (false, true) => 4,
    })?;
    Ok(PictureSize {
        width: s.u("frame_width_minus_1", 16)?.saturating_add(1),
        height: s.u("frame_height_minus_1", 16)?.saturating_add(1),
    })
}

/// H263VIDEOPACKET (FLV 10.1 section E.4.3.2).
fn h263(s: &mut Syntax<'_, '_>) -> Result<PictureSize, Unreadable> {
    if s.u("PictureStartCode", 17)? != 1 {
        return Err(Unreadable::Bad("no start code"));
    }
    s.u("Version", 5)?;
    s.u("TemporalReference", 8)?;
    let (width, height) = match s.u("PictureSize", 3)? {
        0 => (s.u("CustomWidth", 8)?, s.u("CustomHeight", 8)?),
        1 => (s.u("CustomWidth", 16)?, s.u("CustomHeight", 16)?),
        2 => (352, 288),
        3 => (176, 144),
        4 => (128, 96),
        5 => (320, 240),
        6 => (160, 120),
        _ => return Err(Unreadable::Bad("reserved picture size")),
    };
    Ok(PictureSize { width, height })
}

/// SCREENVIDEOPACKET and SCREENV2VIDEOPACKET: 4 bits of block size before each of 12 bits.
fn screen(s: &mut Syntax<'_, '_>) -> Result<PictureSize, Unreadable> {
    s.u("BlockWidth", 4)?;
    let width = s.u("ImageWidth", 12)?;
    s.u("BlockHeight", 4)?;
    let height = s.u("ImageHeight", 12)?;
    Ok(PictureSize { width, height })
}

/// VP6FLVVIDEOPACKET: the crop byte takes up to 15 samples off the width and the height.
fn vp6(s: &mut Syntax<'_, '_>) -> Result<PictureSize, Unreadable> {
    let horizontal = s.u("HorizontalAdjustment", 4)?;
    let vertical = s.u("VerticalAdjustment", 4)?;
    vp6_frame(s, horizontal, vertical)
}

/// VP6FLVALPHAVIDEOPACKET: the offset of the alpha channel stands before the frame.
fn vp6_alpha(s: &mut Syntax<'_, '_>) -> Result<PictureSize, Unreadable> {
    let horizontal = s.u("HorizontalAdjustment", 4)?;
    let vertical = s.u("VerticalAdjustment", 4)?;
    s.u("OffsetToAlpha", 24)?;
    vp6_frame(s, horizontal, vertical)
}

/// The begin of a VP6 key frame, with its size in macroblocks.
fn vp6_frame(
    s: &mut Syntax<'_, '_>,
    horizontal: u32,
    vertical: u32,
) -> Result<PictureSize, Unreadable> {
    if s.flag("FrameMode")? {
        return Err(Unreadable::Bad("no key frame"));
    }
    s.skip(6)?;
    let has_two_partitions = s.flag("MultiStream")?;
    s.skip(5)?;
    let profile = s.u("Profile", 2)?;
    s.skip(1)?;
    if has_two_partitions || profile == 0 {
        s.u("Buff2Offset", 16)?;
    }
    let rows = s.u("VFragments", 8)?;
    let columns = s.u("HFragments", 8)?;
    Ok(PictureSize {
        width: columns.saturating_mul(16).saturating_sub(horizontal),
        height: rows.saturating_mul(16).saturating_sub(vertical),
    })
}
