//! Classic pcap, which every tool reads.

use std::io;
use std::io::Write;

use crate::base::time::Precision;
use crate::base::time::Timestamp;
use crate::capture::Frame;
use crate::capture::LinkType;

/// Why a frame was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The output failed.
    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
    /// A pcap file has frames of one link type only.
    #[error("a pcap file of {file} frames cannot take a {frame} frame")]
    OtherLinkType {
        /// Link type of the file.
        file: LinkType,
        /// Link type of the frame.
        frame: LinkType,
    },
    /// A pcap file counts seconds from 1970 in 32 bits.
    #[error("a pcap file cannot hold the time {} (1970 to 2106 are possible)", .0.rfc3339(Precision::Nanos))]
    Time(Timestamp),
}

/// Writes a pcap file, in little-endian byte order on every machine.
#[derive(Debug)]
pub struct PcapWriter<W> {
    output: W,
    link: LinkType,
    precision: Precision,
}

impl<W: Write> PcapWriter<W> {
    /// Begins a file with its header. `snaplen` tells readers the longest captured length, in
    /// bytes. The output should be buffered.
    ///
    /// # Errors
    /// When the output fails.
    pub fn new(
        mut output: W,
        link: LinkType,
        precision: Precision,
        snaplen: u32,
    ) -> io::Result<Self> {
        const MAJOR: u16 = 2;
        const MINOR: u16 = 4;

        let magic: u32 = match precision {
            Precision::Micros => 0xA1B2_C3D4,
            Precision::Nanos => 0xA1B2_3C4D,
        };
        output.write_all(&magic.to_le_bytes())?;
        output.write_all(&MAJOR.to_le_bytes())?;
        output.write_all(&MINOR.to_le_bytes())?;
        // Time zone and accuracy of the timestamps: always 0.
        output.write_all(&[0; 8])?;
        output.write_all(&snaplen.to_le_bytes())?;
        output.write_all(&link.0.to_le_bytes())?;
        Ok(Self {
            output,
            link,
            precision,
        })
    }

    /// Appends a frame.
    ///
    /// # Errors
    /// When the output fails, or the frame cannot be told in this file; the file stays sound then.
    pub fn write(&mut self, frame: &Frame<'_>) -> Result<(), WriteError> {
        if frame.link != self.link {
            return Err(WriteError::OtherLinkType {
                file: self.link,
                frame: frame.link,
            });
        }
        let Timestamp(nanos) = frame.time;
        let secs = u32::try_from(nanos.div_euclid(1_000_000_000))
            .map_err(|_| WriteError::Time(frame.time))?;
        // Below a billion, whatever the time.
        let fraction = u32::try_from(nanos.rem_euclid(1_000_000_000)).unwrap_or(0);
        let ticks = match self.precision {
            Precision::Micros => fraction / 1000,
            Precision::Nanos => fraction,
        };
        let captured = u32::try_from(frame.data.len()).map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidInput, "a frame longer than 4 GiB")
        })?;
        let mut header = [0; 16];
        let (words, _) = header.as_chunks_mut::<4>();
        for (word, value) in
            words
                .iter_mut()
                .zip([secs, ticks, captured, frame.wire_len.max(captured)])
        {
            *word = value.to_le_bytes();
        }
        self.output.write_all(&header)?;
        self.output.write_all(frame.data)?;
        Ok(())
    }

    /// Writes out what is buffered.
    ///
    /// # Errors
    /// When the output fails.
    pub fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }

    /// The output, not flushed.
    pub fn into_inner(self) -> W {
        self.output
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::FrameNumber;
    use crate::capture::InterfaceIndex;

    fn frame(nanos: i64, data: &[u8]) -> Frame<'_> {
        Frame {
            number: FrameNumber(1),
            time: Timestamp(nanos),
            link: LinkType::ETHERNET,
            interface: InterfaceIndex::FIRST,
            wire_len: 3,
            data,
        }
    }

    // The layout is that of pcap-savefile(5).

    #[test]
    fn a_file_of_microseconds() {
        let mut writer =
            PcapWriter::new(Vec::new(), LinkType::ETHERNET, Precision::Micros, 65_535).unwrap();
        writer.write(&frame(1_000_002_999, &[0xAA, 0xBB])).unwrap();
        assert_eq!(
            writer.into_inner(),
            [
                0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0, // magic, version
                0, 0, 0, 0, 0, 0, 0, 0, // zone, accuracy
                0xFF, 0xFF, 0, 0, 1, 0, 0, 0, // snaplen, link type
                1, 0, 0, 0, 2, 0, 0, 0, // seconds, microseconds
                2, 0, 0, 0, 3, 0, 0, 0, // captured, on the wire
                0xAA, 0xBB,
            ]
        );
    }

    #[test]
    fn nanoseconds_have_their_own_magic() {
        let mut writer =
            PcapWriter::new(Vec::new(), LinkType::ETHERNET, Precision::Nanos, 0).unwrap();
        writer.write(&frame(7, &[])).unwrap();
        let bytes = writer.into_inner();
        assert_eq!(bytes[..4], [0x4D, 0x3C, 0xB2, 0xA1]);
        assert_eq!(bytes[28..32], [7, 0, 0, 0]);
    }

    #[test]
    fn what_a_pcap_file_cannot_hold_is_refused() {
        let mut writer = PcapWriter::new(Vec::new(), LinkType::RAW, Precision::Micros, 0).unwrap();
        assert!(matches!(
            writer.write(&frame(0, &[])),
            Err(WriteError::OtherLinkType { .. })
        ));
        let before_1970 = Frame {
            link: LinkType::RAW,
            ..frame(-1, &[])
        };
        assert!(matches!(
            writer.write(&before_1970),
            Err(WriteError::Time(_))
        ));
        assert_eq!(writer.into_inner().len(), 24);
    }
}
