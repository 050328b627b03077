//! AC-3 and E-AC-3: the begin of a syncframe (ATSC A/52 sections 5.3 and E.1.2). Neither has a
//! configuration record in RTMP; each frame says what it is.

use crate::rtmp::field::FieldSink;
use crate::rtmp::media::codec::Codec;
use crate::rtmp::media::config::AudioConfig;
use crate::rtmp::media::config::AudioSource;
use crate::rtmp::media::syntax::Syntax;
use crate::rtmp::media::syntax::Unreadable;

/// syncword.
const SYNC: [u8; 2] = [0x0B, 0x77];

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
pub(super) fn frame(data: &[u8], base: usize, sink: &mut dyn FieldSink) -> Option<AudioConfig> {
    // bsid lies at the same place in both.
    let bsid = u32::from(*data.get(5)? >> 3);
    if !data.starts_with(&SYNC) {
        return None;
    }
    let mut s = Syntax::new(data, base, sink);
    match bsid {
        0..=LAST_AC3_BSID => s.scope("syncframe", |s| ac3(s, bsid)).ok(),
        11..=LAST_EAC3_BSID => s.scope("syncframe", eac3).ok(),
        _ => None,
    }
}

fn lookup(table: &[u32], index: u32) -> Result<u32, Unreadable> {
    usize::try_from(index)
        .ok()
        .and_then(|index| table.get(index))
        .copied()
        .ok_or(Unreadable::Bad("reserved code"))
}

fn ac3(s: &mut Syntax<'_, '_>, bsid: u32) -> Result<AudioConfig, Unreadable> {
    let mut config = AudioConfig::new(Codec::Ac3, AudioSource::FrameHeader);
    s.skip(32)?;
    let rate = lookup(&RATES, s.u("fscod", 2)?)?;
    let bit_rate = lookup(&BIT_RATES, s.u("frmsizecod", 6)? / 2)?;
    // bsid 9 and 10 halve and quarter everything.
    let shift = bsid.saturating_sub(8);
    config.sample_rate_hz = rate.checked_shr(shift);
    config.bit_rate = bit_rate.checked_shr(shift);
    s.u("bsid", 5)?;
    s.u("bsmod", 3)?;
    let mode = s.u("acmod", 3)?;
    if mode & 1 != 0 && mode != 1 {
        s.u("cmixlev", 2)?;
    }
    if mode & 4 != 0 {
        s.u("surmixlev", 2)?;
    }
    if mode == 2 {
        s.u("dsurmod", 2)?;
    }
    let has_lfe = s.flag("lfeon")?;
    set_channels(&mut config, mode, has_lfe);
    config.frame_samples = Some(BLOCK_SAMPLES.saturating_mul(6));
    Ok(config)
}

fn eac3(s: &mut Syntax<'_, '_>) -> Result<AudioConfig, Unreadable> {
    let mut config = AudioConfig::new(Codec::Eac3, AudioSource::FrameHeader);
    s.skip(16)?;
    s.u("strmtyp", 2)?;
    s.u("substreamid", 3)?;
    let words = s.u("frmsiz", 11)?.saturating_add(1);
    let code = s.u("fscod", 2)?;
    let (rate, blocks) = if code == 3 {
        // Half the rate, and always six blocks.
        (lookup(&RATES, s.u("fscod2", 2)?)? / 2, 6)
    } else {
        let rate = lookup(&RATES, code)?;
        (rate, lookup(&[1, 2, 3, 6], s.u("numblkscod", 2)?)?)
    };
    config.sample_rate_hz = Some(rate);
    let samples = BLOCK_SAMPLES.saturating_mul(blocks);
    config.frame_samples = Some(samples);
    // Words of 16 bits per frame, and rate / samples frames per second.
    config.bit_rate = u64::from(words)
        .checked_mul(16)
        .and_then(|size| size.checked_mul(u64::from(rate)))
        .and_then(|size| size.checked_div(u64::from(samples)))
        .and_then(|rate| u32::try_from(rate).ok());
    let mode = s.u("acmod", 3)?;
    let has_lfe = s.flag("lfeon")?;
    set_channels(&mut config, mode, has_lfe);
    Ok(config)
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
