//! AAC: AudioSpecificConfig (ISO/IEC 14496-3 section 1.6.2.1).

use crate::rtmp::field::FieldSink;
use crate::rtmp::media::codec::Codec;
use crate::rtmp::media::config::AudioConfig;
use crate::rtmp::media::config::AudioSource;
use crate::rtmp::media::syntax::Syntax;
use crate::rtmp::media::syntax::Unreadable;

/// Audio object type of spectral band replication: HE-AAC.
const SBR: u8 = 5;
/// Audio object type of parametric stereo: HE-AAC v2.
const PS: u8 = 29;
/// Audio object type of error resilient BSAC, which carries an extension channel configuration.
const ER_BSAC: u8 = 22;
/// Audio object type that announces five more bits.
const ESCAPE: u8 = 31;
/// samplingFrequencyIndex whose frequency is spelt out.
const EXPLICIT_FREQUENCY: u8 = 15;
/// syncExtensionType that announces SBR behind a config for decoders that know it not.
const SYNC_SBR: u32 = 0x2B7;
/// syncExtensionType that announces PS behind that.
const SYNC_PS: u32 = 0x548;

/// samplingFrequencyIndex (table 1.18), in samples per second.
const FREQUENCIES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
];

/// Name of an audio object type (table 1.17), as far as streams use it.
pub fn object_type_name(object_type: u8) -> Option<&'static str> {
    Some(match object_type {
        1 => "AAC Main",
        2 => "AAC LC",
        3 => "AAC SSR",
        4 => "AAC LTP",
        SBR => "HE-AAC",
        6 => "AAC Scalable",
        17 => "ER AAC LC",
        19 => "ER AAC LTP",
        20 => "ER AAC Scalable",
        ER_BSAC => "ER BSAC",
        23 => "ER AAC LD",
        PS => "HE-AAC v2",
        34 => "MP3",
        39 => "ER AAC ELD",
        42 => "xHE-AAC",
        _ => return None,
    })
}

/// Reads the record.
pub(in crate::rtmp::media) fn record(
    bytes: &[u8],
    base: usize,
    sink: &mut dyn FieldSink,
) -> (AudioConfig, Result<(), Unreadable>) {
    let mut config = AudioConfig::new(Codec::Aac, AudioSource::Record);
    let result = read(&mut config, &mut Syntax::new(bytes, base, sink));
    (config, result)
}

fn read(config: &mut AudioConfig, s: &mut Syntax<'_, '_>) -> Result<(), Unreadable> {
    let mut object_type = object_type(s, "audioObjectType")?;
    config.object_type = Some(object_type);
    let core_rate = frequency(s)?;
    config.sample_rate_hz = Some(core_rate);
    let channel_configuration = s.u8("channelConfiguration", 4)?;
    set_channels(config, channel_configuration);
    let mut has_extension = false;
    if object_type == SBR || object_type == PS {
        has_extension = true;
        if object_type == PS {
            config.channels = Some(2);
            config.channel_mask = Some(0x3);
        }
        let rate = extension_frequency(s)?;
        set_replicated(config, core_rate, rate);
        object_type = self::object_type(s, "audioObjectType")?;
        if object_type == ER_BSAC {
            s.u8("extensionChannelConfiguration", 4)?;
        }
    }
    match object_type {
        1..=4 | 6 | 7 | 17 | 19..=23 => {
            general_audio(config, s, object_type, channel_configuration)?;
        }
        // The specific configs of the other types are not needed: what they say is not shown.
        _ => return Ok(()),
    }
    if matches!(object_type, 17 | 19..=27) {
        s.u8("epConfig", 2)?;
    }
    if !has_extension {
        let (replication, is_ps) = backward_compatible(s);
        if let Some(rate) = replication {
            config.object_type = Some(SBR);
            set_replicated(config, core_rate, rate);
        }
        if is_ps {
            config.object_type = Some(PS);
            config.channels = Some(2);
            config.channel_mask = Some(0x3);
        }
    }
    Ok(())
}

fn object_type(s: &mut Syntax<'_, '_>, name: &'static str) -> Result<u8, Unreadable> {
    let number = s.named(name, 5, object_type_name)?;
    if number != ESCAPE {
        return Ok(number);
    }
    let more = s.u8("audioObjectTypeExt", 6)?;
    Ok(more.saturating_add(32))
}

fn frequency(s: &mut Syntax<'_, '_>) -> Result<u32, Unreadable> {
    let index = s.u8("samplingFrequencyIndex", 4)?;
    indexed_frequency(s, index, "samplingFrequency")
}

fn extension_frequency(s: &mut Syntax<'_, '_>) -> Result<u32, Unreadable> {
    let index = s.u8("extensionSamplingFrequencyIndex", 4)?;
    indexed_frequency(s, index, "extensionSamplingFrequency")
}

fn indexed_frequency(
    s: &mut Syntax<'_, '_>,
    index: u8,
    explicit: &'static str,
) -> Result<u32, Unreadable> {
    if index == EXPLICIT_FREQUENCY {
        return s.u(explicit, 24);
    }
    FREQUENCIES
        .get(usize::from(index))
        .copied()
        .ok_or(Unreadable::Bad("reserved sampling frequency index"))
}

fn set_replicated(config: &mut AudioConfig, core_rate: u32, rate: u32) {
    config.sample_rate_hz = Some(rate);
    config.core_sample_rate_hz = Some(core_rate);
}

/// Channels and speakers of channelConfiguration (table 1.19).
fn set_channels(config: &mut AudioConfig, number: u8) {
    let (channels, mask) = match number {
        1 => (1, 0x4),
        2 => (2, 0x3),
        3 => (3, 0x7),
        4 => (4, 0x107),
        5 => (5, 0x37),
        6 => (6, 0x3F),
        // 7.1 with the pair in front half-way to the centre.
        7 => (8, 0xFF),
        11 => (7, 0x13F),
        12 => (8, 0x63F),
        14 => (8, 0x503F),
        _ => return,
    };
    config.channels = Some(channels);
    config.channel_mask = Some(mask);
}

/// GASpecificConfig (section 4.4.1).
fn general_audio(
    config: &mut AudioConfig,
    s: &mut Syntax<'_, '_>,
    object_type: u8,
    channel_configuration: u8,
) -> Result<(), Unreadable> {
    let is_short = s.flag("frameLengthFlag")?;
    config.frame_samples = Some(match (object_type, is_short) {
        (23, false) => 512,
        (23, true) => 480,
        (_, false) => 1024,
        (_, true) => 960,
    });
    if s.flag("dependsOnCoreCoder")? {
        s.u("coreCoderDelay", 14)?;
    }
    let has_extension = s.flag("extensionFlag")?;
    if channel_configuration == 0 {
        program_config(config, s)?;
    }
    if matches!(object_type, 6 | 20) {
        s.u8("layerNr", 3)?;
    }
    if has_extension {
        if object_type == ER_BSAC {
            s.skip(16)?;
        }
        if matches!(object_type, 17 | 19 | 20 | 23) {
            s.skip(3)?;
        }
        s.flag("extensionFlag3")?;
    }
    Ok(())
}

/// program_config_element (section 4.4.1.1), as far as it counts the channels.
fn program_config(config: &mut AudioConfig, s: &mut Syntax<'_, '_>) -> Result<(), Unreadable> {
    let channels = s.scope("program_config_element", count_channels)?;
    config.channels = Some(channels);
    Ok(())
}

fn count_channels(s: &mut Syntax<'_, '_>) -> Result<u8, Unreadable> {
    s.skip(4 + 2 + 4)?;
    let front = s.u8("num_front_channel_elements", 4)?;
    let side = s.u8("num_side_channel_elements", 4)?;
    let back = s.u8("num_back_channel_elements", 4)?;
    let low = s.u8("num_lfe_channel_elements", 2)?;
    let data = s.silent_u(3)?;
    let coupling = s.silent_u(4)?;
    for _ in 0..2 {
        if s.silent_u(1)? == 1 {
            s.skip(4)?;
        }
    }
    if s.silent_u(1)? == 1 {
        s.skip(3)?;
    }
    let mut channels = low;
    for _ in 0..front.saturating_add(side).saturating_add(back) {
        // A channel pair element holds two channels.
        channels = channels.saturating_add(if s.silent_u(1)? == 1 { 2 } else { 1 });
        s.skip(4)?;
    }
    s.skip(u32::from(low).saturating_mul(4))?;
    s.skip(data.saturating_mul(4))?;
    s.skip(coupling.saturating_mul(5))?;
    s.align()?;
    let comment = s.u("comment_field_bytes", 8)?;
    s.skip(comment.saturating_mul(8))?;
    Ok(channels)
}

/// The extension that stands behind a config, where decoders that know neither SBR nor PS do not
/// look: the rate that SBR leads to, and whether there is PS. Whatever else stands there is none.
fn backward_compatible(s: &mut Syntax<'_, '_>) -> (Option<u32>, bool) {
    let mut replication = None;
    let mut is_ps = false;
    if s.peek(11) != Some(SYNC_SBR) {
        return (replication, is_ps);
    }
    let mut read = || {
        s.u("syncExtensionType", 11)?;
        let object_type = object_type(s, "extensionAudioObjectType")?;
        if matches!(object_type, SBR | ER_BSAC) && s.flag("sbrPresentFlag")? {
            replication = Some(extension_frequency(s)?);
            if object_type == SBR && s.peek(11) == Some(SYNC_PS) {
                s.u("syncExtensionType", 11)?;
                is_ps = s.flag("psPresentFlag")?;
            }
        }
        Ok::<(), Unreadable>(())
    };
    // A cut extension tells nothing, and the config before it stands.
    read().ok();
    (replication, is_ps)
}
