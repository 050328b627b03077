//! What the begin of one direction looks like. Only a few bytes are needed: those of the hello,
//! and those where the first chunk must begin.

use nom::IResult;
use nom::Parser;
use nom::number::complete::be_u8;
use nom::number::complete::be_u24;
use nom::number::complete::le_u32;

use crate::carrier::Other;

/// Length of C0 and C1, or S0 and S1, in bytes (RTMP 1.0 section 5.2).
pub(super) const HELLO_LEN: u64 = 1537;

/// Where chunks begin in a direction.
pub(super) const HANDSHAKE_LEN: u64 = 3073;

/// Bytes of a hello that tell something: version, time, and zero or a software version.
pub(super) const HELLO_HEAD: usize = 9;

/// Bytes from the first chunk that are looked at: a whole Set Chunk Size (16 bytes; OBS sends it
/// before anything else) with the begin of `connect` behind it.
pub(super) const FIRST_CHUNKS: usize = 48;

/// Longest first message of a connection believed, in bytes: that of librtmp and FFmpeg is
/// `connect` with some hundred bytes, a long token in its `tcUrl` makes it kilobytes.
const MAX_FIRST_MESSAGE: u32 = 64 * 1024;

/// Longest message of media believed, in bytes.
const MAX_MEDIA: u32 = 0x3F_FFFF;

/// What a hello announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hello {
    /// Version 3.
    Plain,
    /// Version 6, 8 or 9.
    Enciphered,
}

/// Whether `bytes` may begin a hello; `None` if they do not.
pub(super) fn hello(bytes: &[u8]) -> Option<Hello> {
    match bytes.first()? {
        3 => Some(Hello::Plain),
        6 | 8 | 9 => Some(Hello::Enciphered),
        _ => None,
    }
}

/// Whether what follows the version is as a hello has it: behind the time, zero or the version of
/// the software, which Flash and what imitates it write as a number with a 0 in its second place
/// and a small one in its fourth (9.0.124.2, 128.0.7.2). One byte alone says nothing: every 85th
/// capture that begins in the midst begins with one of 3, 6, 8 and 9.
pub(super) fn is_like_a_hello(bytes: &[u8]) -> bool {
    let version = bytes.get(5..HELLO_HEAD).unwrap_or_default();
    matches!(version, [0, 0, 0, 0] | [_, 0, _, 1..=3])
}

/// Whether `bytes` begin with the first chunk of a message of media, as a capture does that joins
/// late: with a type 0 header on chunk stream 3, 6, 8 or 9 the first byte is that of a hello.
pub(super) fn media_chunk(bytes: &[u8]) -> bool {
    first_header(bytes).is_ok_and(|(_, header)| {
        let is_full = bytes.first().is_some_and(|first| first & 0xC0 == 0);
        let is_media = matches!(header.type_id, 8 | 9 | 18 | 22);
        is_full && is_media && (1..=0xFF).contains(&header.stream_id) && header.length <= MAX_MEDIA
    })
}

/// Who sends a message like the first one of a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    /// A client: `connect` is among the first bytes.
    Client,
    /// A server: an answer, or a bandwidth limit.
    Server,
    /// Either.
    Either,
}

/// Whether `bytes` begin with the first chunk of a direction; `None` if not. A first chunk is
/// never of a type that refers to an earlier one.
pub(super) fn first_chunk(bytes: &[u8]) -> Option<Sender> {
    let mut rest = bytes;
    let mut sender = None;
    // Control messages come first, each in a chunk of its own; what follows them tells more.
    while let Ok((body, header)) = first_header(rest) {
        let length = usize::try_from(header.length).unwrap_or(usize::MAX);
        if header.stream_id != 0 || length == 0 {
            break;
        }
        match header.type_id {
            6 if length <= 5 => return Some(Sender::Server),
            1..=5 if length <= 10 => sender = Some(Sender::Either),
            15 | 17 | 18 | 20 if header.length <= MAX_FIRST_MESSAGE => {
                return command_sender(header.type_id, body).or(sender);
            }
            _ => break,
        }
        rest = body.get(length..).unwrap_or_default();
    }
    sender
}

/// Who sends a command or data message with this body; `None` if it is not one.
fn command_sender(type_id: u8, body: &[u8]) -> Option<Sender> {
    // Types 15 and 17 may have a selector byte before the name.
    let name = match body {
        [0, behind @ ..] if matches!(type_id, 15 | 17) => behind,
        body => body,
    };
    match name {
        [2, 0, _, word @ ..] if word.starts_with(b"connect") => Some(Sender::Client),
        [2, 0, _, word @ ..] => {
            let answers: [&[u8]; 3] = [b"_result", b"_error", b"onBWDone"];
            let answer = answers.iter().any(|answer| word.starts_with(answer));
            Some(if answer {
                Sender::Server
            } else {
                Sender::Either
            })
        }
        [] | [2] | [2, 0] => Some(Sender::Either),
        _ => None,
    }
}

struct FirstHeader {
    length: u32,
    type_id: u8,
    stream_id: u32,
}

/// A chunk header of type 0 or 1 with an id in its first byte (section 5.3.1), as every known
/// implementation begins.
fn first_header(input: &[u8]) -> IResult<&[u8], FirstHeader> {
    let (rest, first) = be_u8(input)?;
    if first & 0x80 != 0 || first & 0x3F < 2 {
        let error = nom::error::Error::new(input, nom::error::ErrorKind::Verify);
        return Err(nom::Err::Error(error));
    }
    let (rest, (_time, length, type_id)) = (be_u24, be_u24, be_u8).parse(rest)?;
    let (rest, stream_id) = if first & 0x40 == 0 {
        le_u32(rest)?
    } else {
        (rest, 0)
    };
    let header = FirstHeader {
        length,
        type_id,
        stream_id,
    };
    Ok((rest, header))
}

/// What the first bytes of a direction are, if they are known not to be RTMP. `None` while they
/// may still be something with a name.
pub(super) fn name(bytes: &[u8]) -> Option<Other> {
    const REQUESTS: [&[u8]; 10] = [
        b"GET ",
        b"POST ",
        b"PUT ",
        b"HEAD ",
        b"OPTIONS ",
        b"DELETE ",
        b"CONNECT ",
        b"PATCH ",
        b"TRACE ",
        b"HTTP/1.",
    ];
    const TUNNELS: [&[u8]; 5] = [
        b"POST /open/1",
        b"POST /fcs/ident2",
        b"POST /send/",
        b"POST /idle/",
        b"POST /close/",
    ];
    let begins = |word: &[u8]| bytes.starts_with(word);
    let may_begin = |word: &[u8]| word.starts_with(bytes);
    if TUNNELS.iter().any(|word| begins(word)) {
        return Some(Other::Rtmpt);
    }
    if TUNNELS.iter().any(|word| may_begin(word)) {
        return None;
    }
    if REQUESTS.iter().any(|word| begins(word)) {
        return Some(Other::Http);
    }
    if begins(b"SSH-") {
        return Some(Other::Ssh);
    }
    // A handshake record, or a whole TLS connection joined late.
    if let [20..=23, 3, 0..=4, ..] = bytes {
        return Some(Other::Tls);
    }
    let open = REQUESTS.iter().any(|word| may_begin(word))
        || may_begin(b"SSH-")
        || matches!(bytes, [] | [20..=23] | [20..=23, 3]);
    if open { None } else { Some(Other::Unknown) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connect_is_the_clients() {
        // Section 7.2.1.1: type 20 on chunk stream 3, name, transaction id 1.
        let mut bytes = vec![3, 0, 0, 0, 0, 0, 200, 20, 0, 0, 0, 0];
        bytes.extend(b"\x02\x00\x07connect\x00\x3F\xF0");
        assert_eq!(first_chunk(&bytes), Some(Sender::Client));
        // OBS: Set Chunk Size first.
        let mut obs = vec![2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 16, 0];
        obs.extend(&bytes);
        assert_eq!(first_chunk(&obs), Some(Sender::Client));
    }

    #[test]
    fn a_bandwidth_limit_is_the_servers() {
        // Section 5.4.5.
        let bytes = [2, 0, 0, 0, 0, 0, 5, 6, 0, 0, 0, 0, 0, 38, 37, 160, 2];
        assert_eq!(first_chunk(&bytes), Some(Sender::Server));
    }

    #[test]
    fn media_or_random_bytes_are_no_first_chunk() {
        assert_eq!(first_chunk(&[0xC3, 0, 0, 0]), None);
        assert_eq!(
            first_chunk(&[6, 0, 0, 0, 0, 0, 9, 9, 1, 0, 0, 0, 0x17]),
            None
        );
        assert_eq!(first_chunk(&[3, 0, 0, 0, 0, 0, 9, 20, 0, 0, 0, 0, 5]), None);
        assert_eq!(first_chunk(&[3, 0, 0, 0]), None);
    }

    #[test]
    fn media_is_told_from_a_hello() {
        // Section 5.3.1.2.1: type 0 on chunk stream 6, 177 bytes of video on message stream 1.
        let chunk = [6, 0, 0, 0, 0, 0, 177, 9, 1, 0, 0, 0, 0x17, 1, 0, 0, 80];
        assert!(media_chunk(&chunk) && !is_like_a_hello(&chunk));
        // Section 5.2.3: time 6144, then zero; and Flash Player 9.0.124.2.
        let hello = [6, 0, 0, 24, 0, 0, 0, 0, 0, 0x5A, 0x11, 0x99, 0x42];
        assert!(!media_chunk(&hello) && is_like_a_hello(&hello));
        assert!(is_like_a_hello(&[3, 0, 0, 24, 0, 9, 0, 124, 2]));
    }

    #[test]
    fn other_protocols_have_names() {
        assert_eq!(name(b"GET / HTTP/1.1"), Some(Other::Http));
        assert_eq!(name(b"POST /open/1 HTTP/1.1"), Some(Other::Rtmpt));
        assert_eq!(name(b"POST /upload HTTP/1.1"), Some(Other::Http));
        assert_eq!(name(b"SSH-2.0-OpenSSH_9.2"), Some(Other::Ssh));
        assert_eq!(name(&[22, 3, 1, 2, 0, 1]), Some(Other::Tls));
        assert_eq!(name(b"FLV\x01"), Some(Other::Unknown));
        assert_eq!(name(b"POST /o"), None);
        assert_eq!(name(b"PO"), None);
    }
}
