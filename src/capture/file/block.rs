//! The frame of a pcapng block: type, length, body, length again
//! (draft-ietf-opsawg-pcapng section 3.1).

use nom::IResult;
use nom::Parser as _;
use nom::number::Endianness;
use nom::number::complete::u32;

/// Length of the block type and the leading block length.
pub(super) const LEADER_LEN: usize = 8;

/// Length of the block length at the end of a block.
pub(super) const TRAILER_LEN: usize = 4;

/// Length of the smallest block.
pub(super) const MIN_BLOCK_LEN: usize = 12;

/// Block type, an open enumeration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BlockType(pub(super) u32);

impl BlockType {
    pub(super) const SECTION_HEADER: Self = Self(0x0A0D_0D0A);
    pub(super) const INTERFACE_DESCRIPTION: Self = Self(1);
    /// Obsolete since 2009, still found.
    pub(super) const PACKET: Self = Self(2);
    pub(super) const SIMPLE_PACKET: Self = Self(3);
    pub(super) const NAME_RESOLUTION: Self = Self(4);
    pub(super) const INTERFACE_STATISTICS: Self = Self(5);
    pub(super) const ENHANCED_PACKET: Self = Self(6);
    pub(super) const DECRYPTION_SECRETS: Self = Self(10);
    const CUSTOM: Self = Self(0x0000_0BAD);
    const CUSTOM_DO_NOT_COPY: Self = Self(0x4000_0BAD);

    /// Whether the block type is one that files really contain: what a search for the next block
    /// behind a damage goes by.
    pub(super) fn is_common(self) -> bool {
        matches!(
            self,
            Self::SECTION_HEADER
                | Self::INTERFACE_DESCRIPTION
                | Self::PACKET
                | Self::SIMPLE_PACKET
                | Self::NAME_RESOLUTION
                | Self::INTERFACE_STATISTICS
                | Self::ENHANCED_PACKET
                | Self::DECRYPTION_SECRETS
                | Self::CUSTOM
                | Self::CUSTOM_DO_NOT_COPY
        )
    }

    /// Name for messages.
    pub(super) fn name(self) -> String {
        match self {
            Self::SECTION_HEADER => "section header block".to_owned(),
            Self::INTERFACE_DESCRIPTION => "interface description block".to_owned(),
            Self::PACKET => "packet block".to_owned(),
            Self::SIMPLE_PACKET => "simple packet block".to_owned(),
            Self::NAME_RESOLUTION => "name resolution block".to_owned(),
            Self::INTERFACE_STATISTICS => "interface statistics block".to_owned(),
            Self::ENHANCED_PACKET => "enhanced packet block".to_owned(),
            Self::DECRYPTION_SECRETS => "decryption secrets block".to_owned(),
            Self(number) => format!("block of type 0x{number:08x}"),
        }
    }
}

/// How a block begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Leader {
    pub(super) kind: BlockType,
    pub(super) endianness: Endianness,
    /// Length of the whole block in bytes, as the leading length says.
    pub(super) total: u32,
}

impl Leader {
    /// Parses the first [`MIN_BLOCK_LEN`] bytes of a block in a section of this byte order. A
    /// section header tells its own byte order, in the four bytes behind the length.
    pub(super) fn parse(input: &[u8], section: Endianness) -> Option<Self> {
        fn words(input: &[u8], endianness: Endianness) -> IResult<&[u8], (u32, u32, u32)> {
            (u32(endianness), u32(endianness), u32(endianness)).parse(input)
        }
        const BYTE_ORDER_MAGIC: u32 = 0x1A2B_3C4D;

        let (_, (kind, total, _)) = words(input, section).ok()?;
        if BlockType(kind) != BlockType::SECTION_HEADER {
            return Some(Self {
                kind: BlockType(kind),
                endianness: section,
                total,
            });
        }
        [Endianness::Little, Endianness::Big]
            .into_iter()
            .find_map(|endianness| {
                let (_, (_, total, magic)) = words(input, endianness).ok()?;
                (magic == BYTE_ORDER_MAGIC).then_some(Self {
                    kind: BlockType::SECTION_HEADER,
                    endianness,
                    total,
                })
            })
    }

    /// Whether a block can have this length at all.
    pub(super) fn has_possible_length(&self) -> bool {
        self.total >= 12 && self.total.is_multiple_of(4)
    }
}
