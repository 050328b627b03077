//! MPEG audio: the frame header (ISO/IEC 11172-3 section 2.4.1.3 and 13818-3), which every frame
//! repeats.

use crate::rtmp::media::codec::Codec;
use crate::rtmp::media::config::AudioConfig;
use crate::rtmp::media::config::AudioSource;

/// Bit rates of layer III in kbit/s by bitrate_index, MPEG-1.
const KBITS_V1: [u32; 15] = [
    0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
];

/// Bit rates of layer III in kbit/s by bitrate_index, MPEG-2 and MPEG-2.5.
const KBITS_V2: [u32; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

/// Reads the header of the first frame; `None` if the data does not begin with one of layer III.
pub(super) fn frame(data: &[u8]) -> Option<AudioConfig> {
    let header = u32::from_be_bytes(*data.first_chunk::<4>()?);
    let field = |shift: u32, mask: u32| header.wrapping_shr(shift) & mask;
    let is_layer_3 = field(17, 3) == 1;
    if field(21, 0x7FF) != 0x7FF || !is_layer_3 {
        return None;
    }
    let version = field(19, 3);
    // MPEG-1 has two granules per frame, the others one.
    let (divisor, table, samples) = match version {
        3 => (1, &KBITS_V1, 1152),
        2 => (2, &KBITS_V2, 576),
        0 => (4, &KBITS_V2, 576),
        _ => return None,
    };
    let rate = match field(10, 3) {
        0 => 44_100_u32,
        1 => 48_000,
        2 => 32_000,
        _ => return None,
    };
    let kbits = *table.get(usize::try_from(field(12, 0xF)).ok()?)?;
    let mut config = AudioConfig::new(Codec::Mp3, AudioSource::FrameHeader);
    config.sample_rate_hz = rate.checked_div(divisor);
    config.channels = Some(if field(6, 3) == 3 { 1 } else { 2 });
    // Index 0 is a free format whose rate is not told.
    config.bit_rate = (kbits > 0).then(|| kbits.saturating_mul(1000));
    config.frame_samples = Some(samples);
    Some(config)
}
