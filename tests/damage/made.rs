//! Streams made for the purpose: as many bits per second as real ones have, which samples kept small
//! do not, and the headers that encoders write after the first minutes. What payload is made of is
//! random, so that whatever can look like a header does somewhere.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use rtmpscope::base::time::Timestamp;
use rtmpscope::net::Endpoint;
use rtmpscope::net::TcpFlags;
use rtmpscope::net::TcpOptions;
use rtmpscope::rtmp::testing::Outgoing;
use rtmpscope::rtmp::testing::Wire;
use rtmpscope::rtmp::types::ChunkFormat;
use rtmpscope::rtmp::types::ChunkStreamId;
use rtmpscope::rtmp::types::MessageTypeId;

use crate::encapsulation;
use crate::encapsulation::Around;
use crate::packet::Capture;
use crate::packet::Packet;
use crate::random::Random;

/// Milliseconds of media in each.
const MEDIA: u32 = 6000;

/// Milliseconds from a picture to the next, and from a keyframe to the next.
const PICTURE: u32 = 20;
const KEYFRAME: u32 = 2000;

/// How often the receiver says how much it has received, in bytes.
const WINDOW: usize = 100_000;

/// Largest payload of a segment.
const SEGMENT: usize = 1448;

/// How an encoder writes.
#[derive(Debug)]
struct Habit {
    name: &'static str,
    chunk_size: u32,
    audio_csid: u32,
    video_csid: u32,
    /// Whether headers leave out what has not changed, as those of librtmp do.
    leaves_out: bool,
    /// Bytes of each audio message, where all are as long as the others.
    audio_length: Option<usize>,
    /// Milliseconds from one to the next.
    audio_every: u32,
    /// Whether metadata come with every picture, on a chunk stream of their own.
    repeats_metadata: bool,
    sound: Sound,
    codecs: Codecs,
}

/// What payload begins with: of a keyframe, another picture, and sound.
#[derive(Debug)]
struct Codecs {
    key: &'static [u8],
    inter: &'static [u8],
    sound: &'static [u8],
}

/// AVC and AAC (FLV 10.1 sections E.4.3.1 and E.4.2.1).
const AVC_AND_AAC: Codecs = Codecs {
    key: &[0x17, 1, 0, 0, 40],
    inter: &[0x27, 1, 0, 0, 40],
    sound: &[0xAF, 1],
};

/// Sorenson H.263 and MP3.
const OLD: Codecs = Codecs {
    key: &[0x12, 0, 0, 0x84],
    inter: &[0x22, 0, 0, 0x84],
    sound: &[0x2F, 0xFF, 0xFB, 0x90],
};

/// HEVC and Opus (Enhanced RTMP v2).
const NEW: Codecs = Codecs {
    key: b"\x91hvc1\0\0\x28",
    inter: b"\xA1hvc1\0\0\x28",
    sound: b"\x91Opus",
};

/// Where sound stands beside the picture that is due at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sound {
    /// Before it, in the order of times.
    Before,
    /// Behind it, so that times go back.
    Behind,
    /// Between its chunks.
    Within,
}

/// FFmpeg's and nginx's, with the chunk size that every connection begins with.
const PLAIN: Habit = Habit {
    name: "made-chunks-of-128",
    chunk_size: 128,
    audio_csid: 6,
    video_csid: 7,
    leaves_out: false,
    audio_length: None,
    audio_every: 21,
    repeats_metadata: false,
    sound: Sound::Before,
    codecs: AVC_AND_AAC,
};

/// OBS's and librtmp's.
const ONE_CHUNK_STREAM: Habit = Habit {
    name: "made-one-chunk-stream",
    chunk_size: 4096,
    audio_csid: 4,
    video_csid: 4,
    leaves_out: true,
    ..PLAIN
};

const HABITS: [Habit; 9] = [
    PLAIN,
    ONE_CHUNK_STREAM,
    Habit {
        name: "made-one-chunk-stream-of-128",
        chunk_size: 128,
        ..ONE_CHUNK_STREAM
    },
    Habit {
        name: "made-times-that-go-back",
        sound: Sound::Behind,
        ..ONE_CHUNK_STREAM
    },
    Habit {
        name: "made-constant-sound",
        chunk_size: 60_000,
        leaves_out: true,
        audio_length: Some(418),
        audio_every: 24,
        ..PLAIN
    },
    Habit {
        name: "made-metadata-each-time",
        leaves_out: true,
        repeats_metadata: true,
        ..PLAIN
    },
    Habit {
        name: "made-old-codecs",
        leaves_out: true,
        audio_length: Some(418),
        audio_every: 26,
        codecs: OLD,
        ..PLAIN
    },
    Habit {
        name: "made-new-codecs",
        chunk_size: 4096,
        audio_every: 20,
        codecs: NEW,
        ..PLAIN
    },
    Habit {
        name: "made-sound-within-pictures",
        sound: Sound::Within,
        leaves_out: true,
        ..PLAIN
    },
];

/// Their names, with so many payloads for each habit.
pub(crate) fn names(payloads: usize) -> Vec<String> {
    let name = |habit: &Habit, payload| match payload {
        0 => habit.name.to_owned(),
        _ => format!("{}/{payload}", habit.name),
    };
    let of = |habit| (0..payloads).map(move |payload| name(habit, payload));
    HABITS.iter().flat_map(of).collect()
}

/// One of them.
pub(crate) fn capture(name: &str) -> Capture {
    let habit = HABITS
        .iter()
        .find(|habit| Some(habit.name) == name.split('/').next());
    let habit = habit.expect("the name of one");
    let mut sender = Sender::new(name, habit);
    let mut link = Link::new();
    link.open();
    sender.set_up();
    link.client(0, &std::mem::take(&mut sender.wire.bytes));
    let mut wire = Wire::default();
    wire.handshake(9);
    link.server(0, &wire.bytes);
    let (mut sent, mut acknowledged) = (0, 0);
    for time in (0..MEDIA).step_by(PICTURE as usize) {
        if habit.repeats_metadata {
            sender.metadata(time);
        }
        if habit.sound == Sound::Before {
            sender.audio_before(time);
        }
        sender.video(time);
        sender.audio_before(time);
        if time % 1000 == 500 {
            sender.pong(time);
        }
        let bytes = std::mem::take(&mut sender.wire.bytes);
        sent += bytes.len();
        link.client(time, &bytes);
        if sent - acknowledged >= WINDOW {
            let first = acknowledged == 0;
            acknowledged = sent;
            let number = u32::try_from(sent).expect("some megabytes");
            let header: &[u8] = if first {
                &[0x42, 0, 0, 0, 0, 0, 4, 3]
            } else {
                &[0xC2]
            };
            link.server(time, &[header, &number.to_be_bytes()].concat());
        }
    }
    Capture {
        name: name.to_owned(),
        frames: encapsulation::frames(&link.packets, Around::Ethernet),
        packets: link.packets,
    }
}

/// What a chunk stream said last: time, delta if one was told, type and length.
type Before = (u32, Option<u32>, MessageTypeId, usize);

/// A publisher.
struct Sender<'a> {
    habit: &'a Habit,
    wire: Wire,
    random: Random,
    /// By chunk stream.
    before: BTreeMap<u32, Before>,
    /// When the next sound is due.
    audio_due: u32,
}

impl<'a> Sender<'a> {
    fn new(name: &str, habit: &'a Habit) -> Self {
        Self {
            habit,
            wire: Wire::default(),
            random: Random::new(name, 0),
            before: BTreeMap::new(),
            audio_due: 0,
        }
    }

    fn set_up(&mut self) {
        self.wire.handshake(5);
        let size = self.habit.chunk_size;
        self.wire.control(MessageTypeId::SET_CHUNK_SIZE, size);
        self.wire.chunk_size = usize::try_from(size).expect("small");
    }

    fn video(&mut self, time: u32) {
        let is_key = time.is_multiple_of(KEYFRAME);
        let (first, length) = if is_key {
            (self.habit.codecs.key, 90_000 + self.random.below(2000))
        } else {
            (self.habit.codecs.inter, 3000 + self.random.below(15_000))
        };
        let payload = self.payload(first, length);
        let csid = self.habit.video_csid;
        let message = self.next(csid, time, MessageTypeId::VIDEO, &payload);
        let mut rest = self.wire.first_chunk(&message);
        while !rest.is_empty() {
            if self.habit.sound == Sound::Within && rest.len() < length / 2 {
                self.audio_before(time);
            }
            rest = self.wire.next_chunk(&message, rest);
        }
    }

    fn audio_before(&mut self, time: u32) {
        while self.audio_due <= time {
            self.audio(self.audio_due);
            self.audio_due += self.habit.audio_every;
        }
    }

    fn audio(&mut self, time: u32) {
        let any = 330 + self.random.below(40);
        let length = self.habit.audio_length.unwrap_or(any);
        let payload = self.payload(self.habit.codecs.sound, length);
        self.say(self.habit.audio_csid, time, MessageTypeId::AUDIO, &payload);
    }

    fn metadata(&mut self, time: u32) {
        // Section 7.1.2: a name and an object with a boolean.
        let payload =
            b"\x02\0\x0D@setDataFrame\x02\0\x0AonMetaData\x03\0\x06stereo\x01\x01\0\0\x09";
        self.say(3, time, MessageTypeId::DATA_AMF0, payload);
    }

    /// An answer to a ping (section 7.1.7): its header has a time of 0, as those of librtmp.
    fn pong(&mut self, time: u32) {
        let payload = [&[0, 7], &time.to_be_bytes()[..]].concat();
        self.say(2, 0, MessageTypeId::USER_CONTROL, &payload);
    }

    fn payload(&mut self, begin: &[u8], length: usize) -> Vec<u8> {
        let mut payload = begin.to_vec();
        payload.resize_with(length, || {
            u8::try_from(self.random.below(256)).expect("a byte")
        });
        payload
    }

    fn say(&mut self, csid: u32, time: u32, type_id: MessageTypeId, payload: &[u8]) {
        let message = self.next(csid, time, type_id, payload);
        self.wire.message(&message);
    }

    /// A message. The first of a chunk stream has a whole header, those behind it leave out what has
    /// not changed, or the message stream alone.
    fn next<'p>(
        &mut self,
        csid: u32,
        time: u32,
        type_id: MessageTypeId,
        payload: &'p [u8],
    ) -> Outgoing<'p> {
        let before = self.before.get(&csid).copied();
        let delta = before.map(|(last, ..)| time.wrapping_sub(last));
        let fmt = match before {
            None => ChunkFormat::Full,
            Some((_, told, of, length))
                if self.habit.leaves_out && (of, length) == (type_id, payload.len()) =>
            {
                if told == delta {
                    ChunkFormat::Nothing
                } else {
                    ChunkFormat::SameLength
                }
            }
            Some(_) => ChunkFormat::SameStream,
        };
        let now = (time, delta, type_id, payload.len());
        self.before.insert(csid, now);
        Outgoing {
            csid: ChunkStreamId(csid),
            fmt,
            time: delta.unwrap_or(time),
            type_id,
            stream_id: u32::from(csid != 2),
            payload,
        }
    }
}

/// A connection between a client and a server.
struct Link {
    packets: Vec<Packet>,
    client: (Endpoint, u32),
    server: (Endpoint, u32),
    /// Nanoseconds until the next packet can follow the one before.
    clock: i64,
}

impl Link {
    fn new() -> Self {
        let end = |last, port| Endpoint {
            addr: Ipv4Addr::new(192, 0, 2, last).into(),
            port,
        };
        Self {
            packets: Vec::new(),
            client: (end(10, 50_000), 1000),
            server: (end(1, 1935), 2000),
            clock: 0,
        }
    }

    fn open(&mut self) {
        self.packet(true, TcpFlags::SYN, &[]);
        self.packet(false, TcpFlags(TcpFlags::SYN.0 | TcpFlags::ACK.0), &[]);
        self.packet(true, TcpFlags::ACK, &[]);
    }

    fn client(&mut self, millis: u32, bytes: &[u8]) {
        self.send(true, millis, bytes);
    }

    fn server(&mut self, millis: u32, bytes: &[u8]) {
        self.send(false, millis, bytes);
    }

    fn send(&mut self, is_client: bool, millis: u32, bytes: &[u8]) {
        self.clock = self.clock.max(i64::from(millis) * 1_000_000);
        for part in bytes.chunks(SEGMENT) {
            self.packet(is_client, TcpFlags::ACK, part);
        }
    }

    fn packet(&mut self, is_client: bool, flags: TcpFlags, payload: &[u8]) {
        self.clock += 12_000;
        let (from, to) = if is_client {
            (&mut self.client, &self.server)
        } else {
            (&mut self.server, &self.client)
        };
        self.packets.push(Packet {
            time: Timestamp(1_700_000_000_000_000_000 + self.clock),
            source: from.0,
            destination: to.0,
            seq: from.1,
            ack: if flags.has(TcpFlags::ACK) { to.1 } else { 0 },
            flags,
            window: 60_000,
            options: TcpOptions::default(),
            ip_id: u16::try_from(self.packets.len() % 60_000).expect("a remainder"),
            payload: payload.to_vec(),
        });
        let length = u32::try_from(payload.len()).expect("a segment");
        let counts = length + u32::from(flags.has(TcpFlags::SYN));
        from.1 = from.1.wrapping_add(counts);
    }
}
