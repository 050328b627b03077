//! Frames as an attacker makes them, written into the program's standard input as they are made.

use std::io;
use std::io::BufWriter;
use std::io::Write;
use std::net::Ipv4Addr;
use std::process::ChildStdin;

/// Flags of a TCP header.
pub(crate) const SYN: u8 = 0x02;
pub(crate) const ACK: u8 = 0x10;

/// One TCP connection seen from its client.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client {
    pub(crate) addr: Ipv4Addr,
    pub(crate) port: u16,
    /// The server's port.
    pub(crate) to: u16,
    /// Sequence number of the next byte.
    pub(crate) seq: u32,
}

impl Client {
    /// The `number`th client, with its SYN sent.
    pub(crate) fn numbered(number: u32) -> Self {
        Self {
            addr: Ipv4Addr::from(0x0A00_0000 + number / 50_000),
            port: u16::try_from(number % 50_000 + 10_000).expect("below 60 000"),
            to: 1935,
            seq: 1,
        }
    }
}

/// A capture in the making.
pub(crate) struct Capture<W: Write> {
    out: W,
    micros: u64,
}

impl Capture<BufWriter<ChildStdin>> {
    pub(crate) fn into(stdin: ChildStdin) -> io::Result<Self> {
        Self::new(BufWriter::with_capacity(1 << 18, stdin))
    }
}

impl<W: Write> Capture<W> {
    /// Begins with the header of a pcap file: microseconds, Ethernet.
    pub(crate) fn new(mut out: W) -> io::Result<Self> {
        out.write_all(&pcap_header())?;
        Ok(Self {
            out,
            micros: 1_700_000_000_000_000,
        })
    }

    /// A segment of the client, 10 µs after the frame before.
    pub(crate) fn client(
        &mut self,
        from: &Client,
        seq: u32,
        flags: u8,
        data: &[u8],
    ) -> io::Result<()> {
        self.micros += 10;
        let length = u16::try_from(40 + data.len()).expect("an IPv4 packet");
        let mut frame = Vec::with_capacity(54 + data.len());
        frame.extend([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0]);
        frame.extend([0x45, 0]);
        frame.extend(length.to_be_bytes());
        frame.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
        frame.extend(from.addr.octets());
        frame.extend([192, 0, 2, 1]);
        frame.extend(from.port.to_be_bytes());
        frame.extend(from.to.to_be_bytes());
        frame.extend(seq.to_be_bytes());
        frame.extend([0, 0, 0, 1]);
        frame.extend([0x50, flags, 0xFF, 0xFF, 0, 0, 0, 0]);
        frame.extend(data);
        self.record(&frame)
    }

    /// The next bytes of the client in order, in segments of at most 1400.
    pub(crate) fn send(&mut self, from: &mut Client, data: &[u8]) -> io::Result<()> {
        for part in data.chunks(1400) {
            self.client(from, from.seq, ACK, part)?;
            from.seq = from
                .seq
                .wrapping_add(u32::try_from(part.len()).expect("a segment"));
        }
        Ok(())
    }

    /// The SYN, C0 and C1, and C2: all that the client's direction needs.
    pub(crate) fn open(&mut self, from: &mut Client) -> io::Result<()> {
        self.client(from, 0, SYN, &[])?;
        let mut handshake = vec![3];
        handshake.extend([0; 8]);
        handshake.extend((0..1528_u32).map(|i| u8::try_from(i % 251).expect("below 251")));
        handshake.extend([7; 1536]);
        self.send(from, &handshake)
    }

    fn record(&mut self, frame: &[u8]) -> io::Result<()> {
        let (seconds, micros) = (self.micros / 1_000_000, self.micros % 1_000_000);
        let length = u32::try_from(frame.len()).expect("a frame");
        for field in [
            u32::try_from(seconds).expect("before 2106"),
            u32::try_from(micros).expect("below a million"),
            length,
            length,
        ] {
            self.out.write_all(&field.to_le_bytes())?;
        }
        self.out.write_all(frame)
    }

    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

/// The header of a pcap file: microseconds, Ethernet.
pub(crate) fn pcap_header() -> Vec<u8> {
    [0xA1B2_C3D4, 0x0004_0002, 0, 0, 262_144, 1_u32]
        .iter()
        .flat_map(|field| field.to_le_bytes())
        .collect()
}

/// A chunk of form 0 (RTMP 1.0 section 5.3.1) with as much payload as is given.
pub(crate) fn chunk(csid: u32, length: u32, type_id: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut out = if csid < 64 {
        vec![u8::try_from(csid).expect("six bits")]
    } else {
        let [high, low] = u16::try_from(csid - 64).expect("two bytes").to_be_bytes();
        vec![1, low, high]
    };
    out.extend([0, 0, 0]);
    out.extend(&length.to_be_bytes()[1..]);
    out.push(type_id);
    out.extend(stream.to_le_bytes());
    out.extend(payload);
    out
}

/// Set Chunk Size (section 5.4.1).
pub(crate) fn set_chunk_size(size: u32) -> Vec<u8> {
    chunk(2, 4, 1, 0, &size.to_be_bytes())
}

/// An AMF0 string (AMF0 section 2.4).
pub(crate) fn string(text: &str) -> Vec<u8> {
    let mut out = vec![2];
    out.extend(u16::try_from(text.len()).expect("short").to_be_bytes());
    out.extend(text.bytes());
    out
}

/// An AMF0 number (section 2.2).
pub(crate) fn number(value: f64) -> Vec<u8> {
    let mut out = vec![0];
    out.extend(value.to_be_bytes());
    out
}

/// A command message on chunk stream 3, in one chunk.
pub(crate) fn command(stream: u32, parts: &[Vec<u8>]) -> Vec<u8> {
    let body = parts.concat();
    let length = u32::try_from(body.len()).expect("a message");
    chunk(3, length, 20, stream, &body)
}
