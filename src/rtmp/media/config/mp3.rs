//! MPEG audio: the frame header (ISO/IEC 11172-3 section 2.4.1.3 and 13818-3), which every frame
//! repeats.

use crate::rtmp::field::FieldSink;
use crate::rtmp::media::codec::Codec;
use crate::rtmp::media::config::AudioConfig;
use crate::rtmp::media::config::AudioSource;
use crate::rtmp::media::syntax::Syntax;
use crate::rtmp::media::syntax::Unreadable;

/// syncword, version and layer bits that every header of layer III has set, and their values.
const LAYER_3_MASK: u32 = 0xFFE6;
const LAYER_3: u32 = 0xFFE2;

/// Bit rates of layer III in kbit/s by bitrate_index, MPEG-1.
const KBITS_V1: [u32; 15] = [
    0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
];

/// Bit rates of layer III in kbit/s by bitrate_index, MPEG-2 and MPEG-2.5.
const KBITS_V2: [u32; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

/// Reads the header of the first frame; `None` if the data does not begin with one of layer III.
pub(super) fn frame(data: &[u8], base: usize, sink: &mut dyn FieldSink) -> Option<AudioConfig> {
    let start = u32::from(u16::from_be_bytes(*data.first_chunk::<2>()?));
    if start & LAYER_3_MASK != LAYER_3 {
        return None;
    }
    let mut s = Syntax::new(data, base, sink);
    s.scope("mpegAudioHeader", read).ok()
}

fn read(s: &mut Syntax<'_, '_>) -> Result<AudioConfig, Unreadable> {
    s.skip(11)?;
    let version = s.u("version", 2)?;
    s.u("layer", 2)?;
    s.u("protection_bit", 1)?;
    // MPEG-1 has two granules per frame, the others one.
    let (divisor, table, samples) = match version {
        3 => (1, &KBITS_V1, 1152),
        2 => (2, &KBITS_V2, 576),
        0 => (4, &KBITS_V2, 576),
        _ => return Err(Unreadable::Bad("reserved version")),
    };
    let index = s.u("bitrate_index", 4)?;
    let kbits = usize::try_from(index)
        .ok()
        .and_then(|index| table.get(index))
        .ok_or(Unreadable::Bad("reserved bit rate"))?;
    let rate = match s.u("sampling_frequency", 2)? {
        0 => 44_100_u32,
        1 => 48_000,
        2 => 32_000,
        _ => return Err(Unreadable::Bad("reserved sampling frequency")),
    };
    s.skip(2)?;
    let mode = s.u("mode", 2)?;
    let mut config = AudioConfig::new(Codec::Mp3, AudioSource::FrameHeader);
    config.sample_rate_hz = rate.checked_div(divisor);
    config.channels = Some(if mode == 3 { 1 } else { 2 });
    // Index 0 is a free format whose rate is not told.
    config.bit_rate = (*kbits > 0).then(|| kbits.saturating_mul(1000));
    config.frame_samples = Some(samples);
    Ok(config)
}
