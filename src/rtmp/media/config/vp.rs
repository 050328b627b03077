//! VP8 and VP9: VPCodecConfigurationRecord (VP Codec ISO Media File Format Binding).

use crate::rtmp::field::FieldSink;
use crate::rtmp::media::codec::Codec;
use crate::rtmp::media::config::Chroma;
use crate::rtmp::media::config::ColorDescription;
use crate::rtmp::media::config::Level;
use crate::rtmp::media::config::VideoConfig;
use crate::rtmp::media::syntax::Syntax;
use crate::rtmp::media::syntax::Unreadable;

/// Version and flags of the MP4 box around the record, which some writers leave before it. They
/// cannot be meant as a record: its bit depth would be 0.
const BOX_VERSION: [u8; 4] = [1, 0, 0, 0];

/// Reads the record of VP8.
pub(in crate::rtmp::media) fn vp8_record(
    bytes: &[u8],
    base: usize,
    sink: &mut dyn FieldSink,
) -> (VideoConfig, Result<(), Unreadable>) {
    let mut config = VideoConfig::new(Codec::Vp8);
    let result = read(&mut config, bytes, &mut Syntax::new(bytes, base, sink));
    (config, result)
}

/// Reads the record of VP9.
pub(in crate::rtmp::media) fn vp9_record(
    bytes: &[u8],
    base: usize,
    sink: &mut dyn FieldSink,
) -> (VideoConfig, Result<(), Unreadable>) {
    let mut config = VideoConfig::new(Codec::Vp9);
    let result = read(&mut config, bytes, &mut Syntax::new(bytes, base, sink));
    (config, result)
}

fn read(config: &mut VideoConfig, bytes: &[u8], s: &mut Syntax<'_, '_>) -> Result<(), Unreadable> {
    let in_box = bytes.starts_with(&BOX_VERSION);
    if in_box {
        s.bytes("version and flags", BOX_VERSION.len())?;
    }
    let profile = s.u8("profile", 8)?;
    config.profile = Some(profile);
    config.profile_name = match profile {
        0 => Some("Profile 0"),
        1 => Some("Profile 1"),
        2 => Some("Profile 2"),
        3 => Some("Profile 3"),
        _ => None,
    };
    let level = s.u8("level", 8)?;
    // 0 means undefined, which is all that VP8 has.
    config.level = (level > 0).then(|| Level::new(level, level / 10, level % 10));
    let depth = s.u8("bitDepth", 4)?;
    config.bit_depth = Some(depth);
    config.chroma = match s.u8("chromaSubsampling", 3)? {
        0 | 1 => Some(Chroma::Yuv420),
        2 => Some(Chroma::Yuv422),
        3 => Some(Chroma::Yuv444),
        4 => Some(Chroma::Yuv440),
        _ => None,
    };
    let full_range = s.flag("videoFullRangeFlag")?;
    config.color = Some(ColorDescription {
        primaries: Some(s.u8("colourPrimaries", 8)?),
        transfer: Some(s.u8("transferCharacteristics", 8)?),
        matrix: Some(s.u8("matrixCoefficients", 8)?),
        full_range: Some(full_range),
    });
    s.u("codecInitializationDataSize", 16)?;
    if depth < 8 {
        return Err(Unreadable::Bad("bit depth below 8"));
    }
    if in_box {
        return Err(Unreadable::Odd("version and flags of an MP4 box before it"));
    }
    Ok(())
}
