//! Speakers of an audio stream (Enhanced RTMP v2, MultichannelConfig).

use crate::rtmp::field::FieldName;
use crate::rtmp::field::FieldSink;
use crate::rtmp::media::cursor::Cursor;
use crate::rtmp::media::cursor::End;
use crate::rtmp::media::cursor::Named;

/// In which order the channels lie in the bitstream (AudioChannelOrder).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelOrder {
    /// Only the number of channels is known.
    Unspecified,
    /// In the order of the AudioChannel enumeration; the mask says which are there.
    Native {
        /// AudioChannelMask: bit n stands for channel n.
        mask: u32,
    },
    /// One AudioChannel per channel, in the order of the bitstream.
    Custom(Vec<u8>),
    /// A reserved order with its number.
    Unknown(u8),
}

/// The body of a MultichannelConfig packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MultichannelConfig {
    /// Order of the channels.
    pub order: ChannelOrder,
    /// Number of channels.
    pub count: u8,
}

impl MultichannelConfig {
    /// Names of the speakers, in the order of the bitstream; empty if only the count is known.
    pub fn speakers(&self) -> Vec<&'static str> {
        match &self.order {
            ChannelOrder::Native { mask } => mask_names(*mask),
            ChannelOrder::Custom(channels) => channels
                .iter()
                .map(|&channel| channel_name(channel).unwrap_or("reserved"))
                .collect(),
            ChannelOrder::Unspecified | ChannelOrder::Unknown(_) => Vec::new(),
        }
    }
}

/// Name of an AudioChannel number; `None` for a reserved one.
pub fn channel_name(channel: u8) -> Option<&'static str> {
    Some(match channel {
        0 => "FL",
        1 => "FR",
        2 => "FC",
        3 => "LFE1",
        4 => "BL",
        5 => "BR",
        6 => "FLC",
        7 => "FRC",
        8 => "BC",
        9 => "SL",
        10 => "SR",
        11 => "TC",
        12 => "TFL",
        13 => "TFC",
        14 => "TFR",
        15 => "TBL",
        16 => "TBC",
        17 => "TBR",
        18 => "LFE2",
        19 => "TSL",
        20 => "TSR",
        21 => "BFC",
        22 => "BFL",
        23 => "BFR",
        0xFE => "unused",
        0xFF => "unknown",
        _ => return None,
    })
}

/// Names of the channels of an AudioChannelMask, lowest bit first.
pub fn mask_names(mask: u32) -> Vec<&'static str> {
    (0..32_u8)
        .filter(|&bit| mask & 1_u32.wrapping_shl(u32::from(bit)) != 0)
        .map(|bit| channel_name(bit).unwrap_or("reserved"))
        .collect()
}

/// Reads the body of a MultichannelConfig packet.
pub(super) fn read(
    part: &mut Cursor<'_>,
    fields: &mut impl FieldSink,
) -> Result<MultichannelConfig, End> {
    let start = part.at();
    let number = part.u8()?;
    let name = match number {
        0 => Some("unspecified"),
        1 => Some("native"),
        2 => Some("custom"),
        _ => None,
    };
    fields.leaf(
        FieldName::Spec("audioChannelOrder"),
        start..part.at(),
        &Named(number, name),
    );
    let start = part.at();
    let count = part.u8()?;
    fields.leaf(FieldName::Spec("channelCount"), start..part.at(), &count);
    let order = match number {
        0 => ChannelOrder::Unspecified,
        1 => {
            let start = part.at();
            let mask = part.u32()?;
            fields.leaf(
                FieldName::Spec("audioChannelFlags"),
                start..part.at(),
                &format_args!("{mask:#010x}"),
            );
            ChannelOrder::Native { mask }
        }
        2 => {
            let start = part.at();
            let channels = part.take(usize::from(count))?;
            fields.open(FieldName::Spec("audioChannelMapping"), start);
            let mut at = start;
            for (index, &channel) in channels.iter().enumerate() {
                let next = at.saturating_add(1);
                fields.leaf(
                    FieldName::Index(index),
                    at..next,
                    &Named(channel, channel_name(channel)),
                );
                at = next;
            }
            fields.close(part.at(), &format_args!("{count} channels"));
            ChannelOrder::Custom(channels.to_vec())
        }
        other => ChannelOrder::Unknown(other),
    };
    Ok(MultichannelConfig { order, count })
}
