//! Opus: the identification header (RFC 7845 section 5.1).

use crate::rtmp::field::FieldSink;
use crate::rtmp::media::codec::Codec;
use crate::rtmp::media::config::AudioConfig;
use crate::rtmp::media::config::AudioSource;
use crate::rtmp::media::syntax::Syntax;
use crate::rtmp::media::syntax::Unreadable;

/// Opus always decodes to this rate; what the header gives is the rate before coding.
const OUTPUT_RATE_HZ: u32 = 48_000;

/// Reads the record.
pub(in crate::rtmp::media) fn record(
    bytes: &[u8],
    base: usize,
    sink: &mut dyn FieldSink,
) -> (AudioConfig, Result<(), Unreadable>) {
    let mut config = AudioConfig::new(Codec::Opus, AudioSource::Record);
    let result = read(&mut config, &mut Syntax::new(bytes, base, sink));
    (config, result)
}

fn read(config: &mut AudioConfig, s: &mut Syntax<'_, '_>) -> Result<(), Unreadable> {
    if s.bytes("magicSignature", 8)? != b"OpusHead" {
        return Err(Unreadable::Bad("it does not begin with OpusHead"));
    }
    // The upper half of the version is the incompatible one.
    if s.u8("version", 8)? >> 4 != 0 {
        return Err(Unreadable::Bad("unknown version of OpusHead"));
    }
    let channels = s.u8("outputChannelCount", 8)?;
    config.channels = Some(channels);
    config.sample_rate_hz = Some(OUTPUT_RATE_HZ);
    let pre_skip = s.u_le("preSkip", 2)?;
    config.pre_skip = u16::try_from(pre_skip).ok();
    s.u_le("inputSampleRate", 4)?;
    s.u_le("outputGain", 2)?;
    let family = s.u8("channelMappingFamily", 8)?;
    if family <= 1 {
        config.channel_mask = super::mask_of_count(channels);
    }
    if family != 0 {
        s.u8("streamCount", 8)?;
        s.u8("coupledCount", 8)?;
        s.bytes("channelMapping", usize::from(channels))?;
    }
    if channels == 0 {
        return Err(Unreadable::Bad("no channels"));
    }
    Ok(())
}
