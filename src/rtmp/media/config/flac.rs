//! FLAC: the signature and the STREAMINFO block (RFC 9639 sections 6 and 8.2).

use nom::IResult;
use nom::Parser as _;
use nom::bytes::complete::take;
use nom::number::complete::be_u16;
use nom::number::complete::be_u24;

use crate::rtmp::field::FieldSink;
use crate::rtmp::media::codec::Codec;
use crate::rtmp::media::config::AudioConfig;
use crate::rtmp::media::config::AudioSource;
use crate::rtmp::media::syntax::Syntax;
use crate::rtmp::media::syntax::Unreadable;

/// Metadata block type of STREAMINFO.
const STREAMINFO: u8 = 0;

/// Length of a STREAMINFO block without its header.
const STREAMINFO_LEN: usize = 34;

/// What a FLAC stream begins with.
const SIGNATURE: &[u8] = b"fLaC";

/// Reads the record.
pub(in crate::rtmp::media) fn record(
    bytes: &[u8],
    base: usize,
    sink: &mut dyn FieldSink,
) -> (AudioConfig, Result<(), Unreadable>) {
    let mut config = AudioConfig::new(Codec::Flac, AudioSource::Record);
    let mut s = Syntax::new(bytes, base, sink);
    let result = if bytes.starts_with(SIGNATURE) {
        read(&mut config, &mut s)
    } else if bytes.len() < STREAMINFO_LEN {
        // What is not there would tell what it is.
        Err(Unreadable::Cut)
    } else if is_stream_info(bytes) {
        // ffmpeg sends the bare block.
        stream_info(&mut config, &mut s)
            .and(Err(Unreadable::Odd("no fLaC signature before STREAMINFO")))
    } else {
        Err(Unreadable::Bad("it does not begin with fLaC"))
    };
    (config, result)
}

/// Whether bytes begin with a STREAMINFO block that a decoder would take: blocks of 16 samples or
/// more, and a sample rate (RFC 9639 section 8.2).
fn is_stream_info(bytes: &[u8]) -> bool {
    // Two block sizes, two frame sizes, twenty bits of the sample rate.
    let header: IResult<&[u8], _> = (be_u16, be_u16, take(6_usize), be_u24).parse(bytes);
    header.is_ok_and(|(_, (smallest, largest, _, rate))| {
        smallest >= 16 && smallest <= largest && rate >> 4 != 0
    })
}

fn read(config: &mut AudioConfig, s: &mut Syntax<'_, '_>) -> Result<(), Unreadable> {
    s.bytes("signature", 4)?;
    s.flag("lastMetadataBlockFlag")?;
    let kind = s.named("metadataBlockType", 7, |kind| {
        (kind == STREAMINFO).then_some("STREAMINFO")
    })?;
    if kind != STREAMINFO {
        return Err(Unreadable::Bad("its first block is not STREAMINFO"));
    }
    s.u("metadataBlockLength", 24)?;
    stream_info(config, s)
}

fn stream_info(config: &mut AudioConfig, s: &mut Syntax<'_, '_>) -> Result<(), Unreadable> {
    let smallest = s.u("minimumBlockSize", 16)?;
    let largest = s.u("maximumBlockSize", 16)?;
    // Equal bounds mean that every frame has that many samples.
    config.frame_samples = (smallest == largest).then_some(largest);
    s.u("minimumFrameSize", 24)?;
    s.u("maximumFrameSize", 24)?;
    config.sample_rate_hz = Some(s.u("sampleRate", 20)?);
    let channels = s.u8("numberOfChannelsMinus1", 3)?.saturating_add(1);
    config.channels = Some(channels);
    config.channel_mask = super::mask_of_count(channels);
    config.bits_per_sample = Some(s.u8("bitsPerSampleMinus1", 5)?.saturating_add(1));
    s.skip(4)?;
    s.u("totalSamplesLow32", 32)?;
    s.bytes("md5", 16)?;
    Ok(())
}
