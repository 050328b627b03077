//! AC-3 and E-AC-3: the begin of a syncframe (ATSC A/52 sections 5.3 and E.1.2). Neither has a
//! configuration record in RTMP; each frame says what it is.

use crate::rtmp::media::bits::BitReader;
use crate::rtmp::media::codec::Codec;
use crate::rtmp::media::config::AudioConfig;
use crate::rtmp::media::config::AudioSource;

/// syncword.
const SYNC: u32 = 0x0B77;

/// Highest bsid of AC-3 and its variants of halved rates; E-AC-3 lies above.
const LAST_AC3_BSID: u32 = 10;

/// Highest bsid of E-AC-3.
const LAST_EAC3_BSID: u32 = 16;

/// fscod, in samples per second.
const RATES: [u32; 3] = [48_000, 44_100, 32_000];

/// frmsizecod / 2, in bits per second (table 5.18).
const BIT_RATES: [u32; 19] = [
    32_000, 40_000, 48_000, 56_000, 64_000, 80_000, 96_000, 112_000, 128_000, 160_000, 192_000,
    224_000, 256_000, 320_000, 384_000, 448_000, 512_000, 576_000, 640_000,
];

/// Samples per channel and audio block.
const BLOCK_SAMPLES: u32 = 256;

/// Reads the header of the first frame; `None` if it is none.
pub(super) fn frame(data: &[u8]) -> Option<AudioConfig> {
    // bsid lies at the same place in both.
    let bsid = u32::from(*data.get(5)? >> 3);
    let mut bits = BitReader::new(data);
    if bits.u(16)? != SYNC {
        return None;
    }
    match bsid {
        0..=LAST_AC3_BSID => ac3(&mut bits, bsid),
        11..=LAST_EAC3_BSID => eac3(&mut bits),
        _ => None,
    }
}

fn ac3(bits: &mut BitReader<'_>, bsid: u32) -> Option<AudioConfig> {
    let mut config = AudioConfig::new(Codec::Ac3, AudioSource::FrameHeader);
    bits.u(16)?;
    let rate = bits.u(2)?;
    let rate = *RATES.get(usize::try_from(rate).ok()?)?;
    let size_code = bits.u(6)?;
    let bit_rate = *BIT_RATES.get(usize::try_from(size_code / 2).ok()?)?;
    // bsid 9 and 10 halve and quarter everything.
    let shift = bsid.saturating_sub(8);
    config.sample_rate_hz = rate.checked_shr(shift);
    config.bit_rate = bit_rate.checked_shr(shift);
    bits.u(5)?;
    bits.u(3)?;
    let mode = bits.u(3)?;
    if mode & 1 != 0 && mode != 1 {
        bits.u(2)?;
    }
    if mode & 4 != 0 {
        bits.u(2)?;
    }
    if mode == 2 {
        bits.u(2)?;
    }
    let has_lfe = bits.bit()?;
    set_channels(&mut config, mode, has_lfe);
    config.frame_samples = Some(BLOCK_SAMPLES.saturating_mul(6));
    Some(config)
}

fn eac3(bits: &mut BitReader<'_>) -> Option<AudioConfig> {
    let mut config = AudioConfig::new(Codec::Eac3, AudioSource::FrameHeader);
    bits.u(2)?;
    bits.u(3)?;
    let words = bits.u(11)?.checked_add(1)?;
    let code = bits.u(2)?;
    let second = bits.u(2)?;
    let (rate, blocks) = if code == 3 {
        // Half the rate, by fscod2, and always six blocks.
        let rate = *RATES.get(usize::try_from(second).ok()?)?;
        (rate / 2, 6)
    } else {
        let rate = *RATES.get(usize::try_from(code).ok()?)?;
        (rate, *[1, 2, 3, 6_u32].get(usize::try_from(second).ok()?)?)
    };
    config.sample_rate_hz = Some(rate);
    let samples = BLOCK_SAMPLES.checked_mul(blocks)?;
    config.frame_samples = Some(samples);
    // Words of 16 bits per frame, and rate / samples frames per second.
    config.bit_rate = u64::from(words)
        .checked_mul(16)
        .and_then(|size| size.checked_mul(u64::from(rate)))
        .and_then(|size| size.checked_div(u64::from(samples)))
        .and_then(|rate| u32::try_from(rate).ok());
    let mode = bits.u(3)?;
    let has_lfe = bits.bit()?;
    set_channels(&mut config, mode, has_lfe);
    Some(config)
}

/// Channels and speakers of acmod (table 5.8).
fn set_channels(config: &mut AudioConfig, mode: u32, has_lfe: bool) {
    let (channels, mask) = match mode {
        1 => (1_u8, 0x4),
        0 | 2 => (2, 0x3),
        3 => (3, 0x7),
        4 => (3, 0x103),
        5 => (4, 0x107),
        6 => (4, 0x603),
        _ => (5, 0x607_u32),
    };
    config.channels = Some(channels.saturating_add(u8::from(has_lfe)));
    config.channel_mask = Some(mask | if has_lfe { 0x8 } else { 0 });
}
