//! RTMP conversations as frames of a capture: a sender's bytes cut into segments, acknowledged by
//! the other side, with Ethernet, IPv4 and TCP headers around them. Written for making captures,
//! independent of the decoder that reads them.

use std::collections::BinaryHeap;
use std::collections::VecDeque;
use std::io;
use std::io::Write;

/// How the packets of a capture are cut.
#[derive(Debug, Clone)]
pub struct Shape {
    /// Largest TCP payload of a frame.
    mss: usize,
    /// Segments that one acknowledgement answers.
    segments_per_ack: u32,
}

impl Shape {
    /// Frames of 1500 bytes with TCP timestamps, every second segment acknowledged.
    pub fn ethernet() -> Self {
        Self {
            mss: 1448,
            segments_per_ack: 2,
        }
    }

    /// What a loopback interface shows: segments of up to 64 KB.
    pub fn loopback() -> Self {
        Self {
            mss: 65_483,
            segments_per_ack: 1,
        }
    }

    /// Snaplen for the capture's header.
    pub fn snaplen() -> u32 {
        262_144
    }
}

/// Writes frames as a pcap file with microseconds.
#[derive(Debug)]
pub struct FrameWriter<W: Write> {
    out: W,
    frame: Vec<u8>,
}

impl<W: Write> FrameWriter<W> {
    /// Writes the file header (draft-ietf-opsawg-pcap section 4).
    pub fn new(mut out: W, snaplen: u32) -> io::Result<Self> {
        out.write_all(&0xa1b2_c3d4_u32.to_le_bytes())?;
        out.write_all(&2_u16.to_le_bytes())?;
        out.write_all(&4_u16.to_le_bytes())?;
        out.write_all(&[0; 8])?;
        out.write_all(&snaplen.to_le_bytes())?;
        out.write_all(&1_u32.to_le_bytes())?;
        Ok(Self {
            out,
            frame: Vec::with_capacity(1 << 17),
        })
    }

    /// Flushes what is buffered.
    pub fn finish(mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn write(&mut self, micros: u64, packet: &Packet<'_>) -> io::Result<()> {
        let tcp_len = 32 + packet.payload.len();
        let ip_len = 20 + tcp_len;
        let frame = &mut self.frame;
        frame.clear();
        frame.extend_from_slice(&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0]);
        frame.extend_from_slice(&[0x45, 0]);
        frame.extend_from_slice(&(ip_len as u16).to_be_bytes());
        frame.extend_from_slice(&packet.ip_id.to_be_bytes());
        frame.extend_from_slice(&[0x40, 0, 64, 6, 0, 0]);
        frame.extend_from_slice(&packet.source.0);
        frame.extend_from_slice(&packet.destination.0);
        let sum = fold(sum_words(&frame[14..34], 0));
        frame[24..26].copy_from_slice(&(!sum).to_be_bytes());
        frame.extend_from_slice(&packet.source.1.to_be_bytes());
        frame.extend_from_slice(&packet.destination.1.to_be_bytes());
        frame.extend_from_slice(&packet.seq.to_be_bytes());
        frame.extend_from_slice(&packet.ack.to_be_bytes());
        frame.extend_from_slice(&[0x80, packet.flags, 0x10, 0, 0, 0, 0, 0]);
        frame.extend_from_slice(&[1, 1, 8, 10]);
        frame.extend_from_slice(&((micros / 1000) as u32).to_be_bytes());
        frame.extend_from_slice(&((micros / 1000) as u32).to_be_bytes());
        frame.extend_from_slice(packet.payload);
        let pseudo = 6 + tcp_len as u64;
        let sum = fold(sum_words(&frame[34..], sum_words(&frame[26..34], pseudo)));
        frame[50..52].copy_from_slice(&(!sum).to_be_bytes());
        self.out
            .write_all(&((micros / 1_000_000) as u32).to_le_bytes())?;
        self.out
            .write_all(&((micros % 1_000_000) as u32).to_le_bytes())?;
        let len = (frame.len() as u32).to_le_bytes();
        self.out.write_all(&len)?;
        self.out.write_all(&len)?;
        self.out.write_all(frame)
    }
}

/// `publishers` and `players` side by side for `millis` of media, their packets merged by time.
pub fn streams(
    out: impl Write,
    shape: &Shape,
    publishers: u32,
    players: u32,
    millis: u32,
) -> io::Result<()> {
    let mut writer = FrameWriter::new(out, Shape::snaplen())?;
    let mut conversations: Vec<Conversation> = (0..publishers + players)
        .map(|n| Conversation::new(n, n < publishers, shape.clone(), millis))
        .collect();
    // The conversation whose next packet is earliest comes first.
    let mut order: BinaryHeap<(std::cmp::Reverse<u64>, usize)> = conversations
        .iter()
        .enumerate()
        .filter_map(|(i, c)| c.next_time().map(|t| (std::cmp::Reverse(t), i)))
        .collect();
    while let Some((_, index)) = order.pop() {
        let conversation = &mut conversations[index];
        conversation.write_next(&mut writer)?;
        if let Some(time) = conversation.next_time() {
            order.push((std::cmp::Reverse(time), index));
        }
    }
    writer.finish()
}

fn sum_words(bytes: &[u8], start: u64) -> u64 {
    let mut sum = start;
    let mut words = bytes.chunks_exact(2);
    for word in &mut words {
        sum += u64::from(u16::from_be_bytes([word[0], word[1]]));
    }
    if let [last] = words.remainder() {
        sum += u64::from(*last) << 8;
    }
    sum
}

fn fold(mut sum: u64) -> u16 {
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    sum as u16
}

struct Packet<'a> {
    source: ([u8; 4], u16),
    destination: ([u8; 4], u16),
    seq: u32,
    ack: u32,
    flags: u8,
    ip_id: u16,
    payload: &'a [u8],
}

/// Pseudo-random bytes from which all payloads are cut.
fn noise() -> &'static [u8] {
    static NOISE: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    NOISE.get_or_init(|| {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut bytes = Vec::with_capacity(8 << 20);
        while bytes.len() < 8 << 20 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes.extend_from_slice(&state.to_le_bytes());
        }
        bytes
    })
}

const CLIENT_TO_SERVER: usize = 0;
const SERVER_TO_CLIENT: usize = 1;
const START_MICROS: u64 = 1_700_000_000_000_000;

/// One TCP connection with its next packets.
#[derive(Debug)]
pub struct Conversation {
    number: u32,
    publisher: bool,
    shape: Shape,
    millis: u32,
    /// Media time that is written so far, in milliseconds.
    video_ms: u32,
    audio_ms: u32,
    clock: u64,
    seq: [u32; 2],
    ip_id: [u16; 2],
    unacknowledged: u32,
    queue: VecDeque<Queued>,
    stage: Stage,
    started: bool,
    writer_chunk_size: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Setup,
    Media,
    Over,
}

#[derive(Debug)]
struct Queued {
    micros: u64,
    direction: usize,
    seq: u32,
    ack: u32,
    flags: u8,
    payload: Vec<u8>,
}

const FIN: u8 = 1;
const SYN: u8 = 2;
const PSH_ACK: u8 = 0x18;
const ACK: u8 = 0x10;

impl Conversation {
    /// Connection `number`, whose client publishes or plays `millis` of media.
    pub fn new(number: u32, publisher: bool, shape: Shape, millis: u32) -> Self {
        let clock = START_MICROS + u64::from(number % 1000) * 1_733;
        let mut new = Self {
            number,
            publisher,
            shape,
            millis,
            video_ms: 0,
            audio_ms: 0,
            clock,
            // Some connections wrap their sequence numbers.
            seq: [
                number.wrapping_mul(0x9E37_79B9) | 0xC000_0000,
                number.wrapping_mul(0x85EB_CA6B),
            ],
            ip_id: [1, 1],
            unacknowledged: 0,
            queue: VecDeque::new(),
            stage: Stage::Setup,
            started: false,
            writer_chunk_size: 128,
        };
        new.refill();
        new
    }

    /// Capture time of the next packet in microseconds since the epoch.
    pub fn next_time(&self) -> Option<u64> {
        self.queue.front().map(|q| q.micros)
    }

    /// Writes the next packet, if there is one.
    pub fn write_next<W: Write>(&mut self, writer: &mut FrameWriter<W>) -> io::Result<()> {
        let Some(next) = self.queue.pop_front() else {
            return Ok(());
        };
        let n = self.number.to_be_bytes();
        let client = (
            [10, 0x80 | n[1], n[2], n[3]],
            40_000 + (self.number % 20_000) as u16,
        );
        let server = ([10, 0, 0, 1], 1935);
        let (source, destination) = if next.direction == CLIENT_TO_SERVER {
            (client, server)
        } else {
            (server, client)
        };
        let id = &mut self.ip_id[next.direction];
        *id = id.wrapping_add(1);
        let packet = Packet {
            source,
            destination,
            seq: next.seq,
            ack: next.ack,
            flags: next.flags,
            ip_id: *id,
            payload: &next.payload,
        };
        writer.write(next.micros, &packet)?;
        if self.queue.is_empty() {
            self.refill();
        }
        Ok(())
    }

    fn refill(&mut self) {
        match self.stage {
            Stage::Setup => {
                self.setup();
                self.stage = Stage::Media;
            }
            Stage::Media if self.video_ms >= self.millis => {
                self.control(self.media_direction(), FIN | ACK);
                self.control(1 - self.media_direction(), FIN | ACK);
                self.stage = Stage::Over;
            }
            Stage::Media => self.media(),
            Stage::Over => {}
        }
    }

    fn media_direction(&self) -> usize {
        if self.publisher {
            CLIENT_TO_SERVER
        } else {
            SERVER_TO_CLIENT
        }
    }

    /// A segment without payload; SYN and FIN take one sequence number.
    fn control(&mut self, direction: usize, flags: u8) {
        self.clock += 40;
        self.queue.push_back(Queued {
            micros: self.clock,
            direction,
            seq: self.seq[direction],
            ack: if flags & ACK != 0 {
                self.seq[1 - direction]
            } else {
                0
            },
            flags,
            payload: Vec::new(),
        });
        if flags & (SYN | FIN) != 0 {
            self.seq[direction] = self.seq[direction].wrapping_add(1);
        }
    }

    /// Bytes of one direction, cut into segments, with the other side's acknowledgements.
    fn send(&mut self, direction: usize, bytes: &[u8]) {
        for part in bytes.chunks(self.shape.mss) {
            self.clock += 12;
            self.queue.push_back(Queued {
                micros: self.clock,
                direction,
                seq: self.seq[direction],
                ack: self.seq[1 - direction],
                flags: PSH_ACK,
                payload: part.to_vec(),
            });
            self.seq[direction] = self.seq[direction].wrapping_add(part.len() as u32);
            self.unacknowledged += 1;
            if self.unacknowledged >= self.shape.segments_per_ack {
                self.unacknowledged = 0;
                self.control(1 - direction, ACK);
            }
        }
    }

    fn setup(&mut self) {
        self.control(CLIENT_TO_SERVER, SYN);
        self.control(SERVER_TO_CLIENT, SYN | ACK);
        self.control(CLIENT_TO_SERVER, ACK);
        let c1 = hello(self.number as usize);
        let s1 = hello(self.number as usize + 7_000);
        self.send(CLIENT_TO_SERVER, &[&[3], &c1[..]].concat());
        self.send(SERVER_TO_CLIENT, &[&[3], &s1[..], &c1[..]].concat());
        let mut first = s1.clone();
        let mut connect = Amf::default();
        connect.string("connect").number(1.0).object(&[
            ("app", "live"),
            ("tcUrl", "rtmp://10.0.0.1/live"),
            ("flashVer", "FMLE/3.0 (compatible; bench)"),
        ]);
        chunk(&mut first, 3, 0, 20, 0, &connect.0, 128);
        self.send(CLIENT_TO_SERVER, &first);
        let mut reply = Vec::new();
        chunk(&mut reply, 2, 0, 5, 0, &5_000_000_u32.to_be_bytes(), 128);
        chunk(&mut reply, 2, 0, 6, 0, &[0, 0x4C, 0x4B, 0x40, 2], 128);
        chunk(&mut reply, 2, 0, 1, 0, &4096_u32.to_be_bytes(), 128);
        let mut result = Amf::default();
        result
            .string("_result")
            .number(1.0)
            .object(&[("fmsVer", "FMS/3,0,1,123")])
            .object(&[
                ("level", "status"),
                ("code", "NetConnection.Connect.Success"),
                ("description", "Connection succeeded."),
            ]);
        chunk(&mut reply, 3, 0, 20, 0, &result.0, 4096);
        self.send(SERVER_TO_CLIENT, &reply);
        let mut create = Vec::new();
        chunk(&mut create, 2, 0, 1, 0, &4096_u32.to_be_bytes(), 128);
        let mut call = Amf::default();
        call.string("createStream").number(2.0).null();
        chunk(&mut create, 3, 0, 20, 0, &call.0, 4096);
        self.send(CLIENT_TO_SERVER, &create);
        let mut created = Vec::new();
        let mut answer = Amf::default();
        answer.string("_result").number(2.0).null().number(1.0);
        chunk(&mut created, 3, 0, 20, 0, &answer.0, 4096);
        self.send(SERVER_TO_CLIENT, &created);
        let mut start = Vec::new();
        let mut call = Amf::default();
        let name = format!("stream-{}", self.number);
        let (command, status) = if self.publisher {
            ("publish", "NetStream.Publish.Start")
        } else {
            ("play", "NetStream.Play.Start")
        };
        call.string(command).number(3.0).null().string(&name);
        if self.publisher {
            call.string("live");
        }
        chunk(&mut start, 8, 0, 20, 1, &call.0, 4096);
        self.send(CLIENT_TO_SERVER, &start);
        let mut started = Vec::new();
        let mut answer = Amf::default();
        answer.string("onStatus").number(0.0).null().object(&[
            ("level", "status"),
            ("code", status),
            ("description", "Started."),
        ]);
        chunk(&mut started, 5, 0, 20, 1, &answer.0, 4096);
        self.send(SERVER_TO_CLIENT, &started);
        self.writer_chunk_size = 4096;
    }

    /// One video frame of 30 a second and the audio that is due, about 8 Mb/s.
    fn media(&mut self) {
        let direction = self.media_direction();
        let mut bytes = Vec::with_capacity(200_000);
        if !self.started {
            self.started = true;
            chunk(&mut bytes, 6, 0, 9, 1, &AVC_CONFIG, self.writer_chunk_size);
            chunk(
                &mut bytes,
                4,
                0,
                8,
                1,
                &[0xAF, 0, 0x12, 0x10],
                self.writer_chunk_size,
            );
        }
        let frame = self.video_ms / 33;
        let key = frame.is_multiple_of(60);
        let size = if key {
            160_000
        } else {
            30_000 + (frame as usize * 7919) % 4_000
        };
        let start = (self.video_ms as usize * 4_099) % (noise().len() - 200_000);
        let mut video = vec![if key { 0x17 } else { 0x27 }, 1, 0, 0, 0];
        video.extend_from_slice(&noise()[start..start + size]);
        chunk_delta(&mut bytes, 6, 33, 9, &video, self.writer_chunk_size);
        self.video_ms += 33;
        while self.audio_ms < self.video_ms {
            let mut audio = vec![0xAF, 1];
            audio.extend_from_slice(&noise()[start..start + 340]);
            chunk_delta(&mut bytes, 4, 23, 8, &audio, self.writer_chunk_size);
            self.audio_ms += 23;
        }
        self.clock = self.clock.max(
            START_MICROS + u64::from(self.video_ms) * 1000 + u64::from(self.number % 1000) * 1_733,
        );
        self.send(direction, &bytes);
    }
}

/// AVCDecoderConfigurationRecord of a 1920x1080 High stream behind its FLV header, made by x264.
const AVC_CONFIG: [u8; 52] = [
    0x17, 0x00, 0x00, 0x00, 0x00, 0x01, 0x64, 0x00, 0x28, 0xff, 0xe1, 0x00, 0x1b, 0x67, 0x64, 0x00,
    0x28, 0xac, 0xd9, 0x40, 0x78, 0x02, 0x27, 0xe5, 0xc0, 0x44, 0x00, 0x00, 0x03, 0x00, 0x04, 0x00,
    0x00, 0x03, 0x00, 0xf0, 0x3c, 0x60, 0xc6, 0x58, 0x01, 0x00, 0x06, 0x68, 0xeb, 0xe3, 0xcb, 0x22,
    0xc0, 0xfd, 0xf8, 0xf8,
];

fn hello(seed: usize) -> Vec<u8> {
    let start = (seed * 1536) % (noise().len() - 1536);
    let mut packet = noise()[start..start + 1536].to_vec();
    packet[..8].fill(0);
    packet
}

/// A message with a full header, cut into chunks (RTMP 1.0 section 5.3).
fn chunk(
    out: &mut Vec<u8>,
    csid: u8,
    timestamp: u32,
    type_id: u8,
    msid: u32,
    body: &[u8],
    size: usize,
) {
    out.push(csid);
    out.extend_from_slice(&timestamp.to_be_bytes()[1..]);
    out.extend_from_slice(&(body.len() as u32).to_be_bytes()[1..]);
    out.push(type_id);
    out.extend_from_slice(&msid.to_le_bytes());
    payload(out, csid, body, size);
}

/// A message with a header of form 1.
fn chunk_delta(out: &mut Vec<u8>, csid: u8, delta: u32, type_id: u8, body: &[u8], size: usize) {
    out.push(0x40 | csid);
    out.extend_from_slice(&delta.to_be_bytes()[1..]);
    out.extend_from_slice(&(body.len() as u32).to_be_bytes()[1..]);
    out.push(type_id);
    payload(out, csid, body, size);
}

fn payload(out: &mut Vec<u8>, csid: u8, body: &[u8], size: usize) {
    for (i, part) in body.chunks(size).enumerate() {
        if i > 0 {
            out.push(0xC0 | csid);
        }
        out.extend_from_slice(part);
    }
}

/// AMF0 values one behind the other.
#[derive(Default)]
struct Amf(Vec<u8>);

impl Amf {
    fn text(&mut self, text: &str) {
        self.0.extend_from_slice(&(text.len() as u16).to_be_bytes());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn string(&mut self, text: &str) -> &mut Self {
        self.0.push(2);
        self.text(text);
        self
    }

    fn number(&mut self, number: f64) -> &mut Self {
        self.0.push(0);
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    fn null(&mut self) -> &mut Self {
        self.0.push(5);
        self
    }

    fn object(&mut self, properties: &[(&str, &str)]) -> &mut Self {
        self.0.push(3);
        for (key, value) in properties {
            self.text(key);
            self.string(value);
        }
        self.0.extend_from_slice(&[0, 0, 9]);
        self
    }
}
