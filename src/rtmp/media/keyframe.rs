//! The size of the picture by the header of a coded key frame, for the codecs that repeat it
//! there.

use crate::rtmp::media::bits::BitReader;
use crate::rtmp::media::codec::Codec;
use crate::rtmp::media::config;
use crate::rtmp::media::config::PictureSize;

/// The size that the first bytes of a coded key frame tell; `None` if the codec keeps it in its
/// configuration record or the bytes do not reach. `data` begins behind the tag's headers.
pub fn keyframe_size(codec: Codec, data: &[u8]) -> Option<PictureSize> {
    let size = match codec {
        Codec::Vp8 => vp8(data),
        Codec::Vp9 => vp9(data),
        Codec::Av1 => config::size_in_obus(data),
        Codec::H263 => h263(data),
        Codec::Screen | Codec::Screen2 => screen(data),
        // The byte before holds the cropping (FLV 10.1, VP6FLVVIDEOPACKET).
        Codec::Vp6 => vp6(data.split_first()?),
        // And the 3 bytes behind that the offset of the alpha channel (VP6FLVALPHAVIDEOPACKET).
        Codec::Vp6Alpha => {
            let (crop, rest) = data.split_first()?;
            vp6((crop, rest.get(3..)?))
        }
        _ => None,
    }?;
    (size.width > 0 && size.height > 0).then_some(size)
}

/// RFC 6386 section 9.1: frame tag of 3 bytes, start code, 14 bits each of width and height.
fn vp8(data: &[u8]) -> Option<PictureSize> {
    let header = data.first_chunk::<10>()?;
    let [
        tag,
        _,
        _,
        0x9D,
        0x01,
        0x2A,
        width_low,
        width_high,
        height_low,
        height_high,
    ] = *header
    else {
        return None;
    };
    // The lowest bit of the tag is 0 for a key frame.
    (tag & 1 == 0).then(|| PictureSize {
        width: u32::from(u16::from_le_bytes([width_low, width_high]) & 0x3FFF),
        height: u32::from(u16::from_le_bytes([height_low, height_high]) & 0x3FFF),
    })
}

/// uncompressed_header of VP9 (bitstream specification section 6.2).
fn vp9(data: &[u8]) -> Option<PictureSize> {
    const SYNC_CODE: u32 = 0x49_8342;
    const COLOR_SPACE_RGB: u32 = 7;
    let mut bits = BitReader::new(data);
    if bits.u(2)? != 2 {
        return None;
    }
    let profile = u8::from(bits.bit()?) | if bits.bit()? { 2 } else { 0 };
    if profile == 3 {
        bits.bit()?;
    }
    let shows_existing = bits.bit()?;
    let is_key = !shows_existing && !bits.bit()?;
    bits.u(2)?;
    if !is_key || bits.u(24)? != SYNC_CODE {
        return None;
    }
    if profile >= 2 {
        bits.bit()?;
    }
    let is_rgb = bits.u(3)? == COLOR_SPACE_RGB;
    let has_subsampling = matches!(profile, 1 | 3);
    bits.u(match (is_rgb, has_subsampling) {
        (true, false) => 0,
        (true, true) | (false, false) => 1,
        (false, true) => 4,
    })?;
    Some(PictureSize {
        width: bits.u(16)?.checked_add(1)?,
        height: bits.u(16)?.checked_add(1)?,
    })
}

/// H263VIDEOPACKET (FLV 10.1 section E.4.3.2).
fn h263(data: &[u8]) -> Option<PictureSize> {
    let mut bits = BitReader::new(data);
    if bits.u(17)? != 1 {
        return None;
    }
    bits.u(5)?;
    bits.u(8)?;
    let (width, height) = match bits.u(3)? {
        0 => (bits.u(8)?, bits.u(8)?),
        1 => (bits.u(16)?, bits.u(16)?),
        2 => (352, 288),
        3 => (176, 144),
        4 => (128, 96),
        5 => (320, 240),
        6 => (160, 120),
        _ => return None,
    };
    Some(PictureSize { width, height })
}

/// SCREENVIDEOPACKET and SCREENV2VIDEOPACKET: 4 bits of block size before each of 12 bits.
fn screen(data: &[u8]) -> Option<PictureSize> {
    let mut bits = BitReader::new(data);
    bits.u(4)?;
    let width = bits.u(12)?;
    bits.u(4)?;
    let height = bits.u(12)?;
    Some(PictureSize { width, height })
}

/// The begin of a VP6 key frame: macroblock rows and columns, then those to show. The crop byte
/// takes up to 15 samples off the width (high nibble) and the height.
fn vp6((crop, data): (&u8, &[u8])) -> Option<PictureSize> {
    let mut bits = BitReader::new(data);
    let is_inter = bits.bit()?;
    bits.u(6)?;
    let has_one_partition = !bits.bit()?;
    bits.u(5)?;
    let profile = bits.u(2)?;
    bits.bit()?;
    if is_inter {
        return None;
    }
    // The offset of the second partition.
    if !has_one_partition || profile == 0 {
        bits.u(16)?;
    }
    let rows = bits.u(8)?;
    let columns = bits.u(8)?;
    Some(PictureSize {
        width: columns.checked_mul(16)?.checked_sub(u32::from(crop >> 4))?,
        height: rows.checked_mul(16)?.checked_sub(u32::from(crop & 0xF))?,
    })
}
