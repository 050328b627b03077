use super::*;

use std::path::PathBuf;

use proptest::prelude::*;

use crate::base::ids::Mark;

/// C0 and C1 (or S0 and S1), then C2 or S2, of the simple handshake (RTMP 1.0 section 5.2).
fn handshake() -> Vec<u8> {
    let mut bytes = vec![3];
    for seed in [1_u8, 2] {
        bytes.extend([0, 0, 1, seed, 0, 0, 0, 0]);
        bytes.extend((0..1528_u32).map(|i| (i * 7 % 253) as u8 ^ seed));
    }
    bytes
}

/// The first message of a client (section 7.2.1.1).
fn connect() -> Vec<u8> {
    let mut bytes = vec![3, 0, 0, 0, 0, 0, 120, 20, 0, 0, 0, 0];
    bytes.extend(b"\x02\x00\x07connect\x00\x3F\xF0\0\0\0\0\0\0\x03\x00\x03app\x02\x00\x04live");
    bytes.resize(12 + 120, b'x');
    bytes
}

/// The first messages of a server: Window Acknowledgement Size, Set Peer Bandwidth.
fn limits() -> Vec<u8> {
    let mut bytes = vec![2, 0, 0, 0, 0, 0, 4, 5, 0, 0, 0, 0, 0, 38, 37, 160];
    bytes.extend([2, 0, 0, 0, 0, 0, 5, 6, 0, 0, 0, 0, 0, 38, 37, 160, 2]);
    bytes.extend([2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 16, 0]);
    bytes
}

fn client() -> Vec<u8> {
    [handshake(), connect()].concat()
}

fn server() -> Vec<u8> {
    [handshake(), limits()].concat()
}

const SYN: Hint = Hint {
    syn: true,
    port: false,
    forced: false,
};
const NO_SYN: Hint = Hint { syn: false, ..SYN };
const PORT: Hint = Hint {
    port: true,
    ..NO_SYN
};

/// The verdict on one direction, in segments, with the other as `peer` says.
fn one(hint: Hint, side: Side, bytes: &[u8], peer: Peer) -> Verdict {
    let mut detector = Detector::new(hint);
    for piece in bytes.chunks(1448) {
        detector.push(side, Mark::default(), piece, peer);
    }
    detector.finish()
}

/// The verdict on a dialogue.
fn both(hint: Hint, pieces: &[(Side, &[u8])]) -> Verdict {
    let mut detector = Detector::new(hint);
    for (side, bytes) in pieces {
        detector.push(*side, Mark::default(), bytes, Peer::Speaks);
    }
    detector.verdict()
}

fn rtmp(verdict: Verdict) -> Rtmp {
    let Verdict::Rtmp(rtmp) = verdict else {
        panic!("RTMP, not {verdict:?}");
    };
    rtmp
}

#[test]
fn a_handshake_of_both_is_believed_at_the_servers_first_bytes() {
    let (c, s) = (client(), server());
    let verdict = both(SYN, &[(Side::Client, &c[..1537]), (Side::Server, &s[..9])]);
    let found = rtmp(verdict);
    assert_eq!(found.evidence, Evidence::Syn);
    assert!(!found.enciphered);
}

#[test]
fn without_syn_the_first_to_speak_is_the_client() {
    let (c, s) = (client(), server());
    let verdict = both(NO_SYN, &[(Side::Server, &c[..1537]), (Side::Client, &s)]);
    let found = rtmp(verdict);
    assert_eq!(
        (found.client, found.evidence),
        (Side::Server, Evidence::Content)
    );
}

#[test]
fn one_direction_alone_is_believed_with_its_first_chunk() {
    let found = rtmp(one(NO_SYN, Side::Client, &client(), Peer::NotCaptured));
    assert_eq!(
        (found.client, found.evidence),
        (Side::Client, Evidence::Content)
    );
    let found = rtmp(one(NO_SYN, Side::Client, &server(), Peer::NotCaptured));
    assert_eq!(
        (found.client, found.evidence),
        (Side::Server, Evidence::Content)
    );
}

#[test]
fn a_copied_stream_is_no_rtmp() {
    // The receiver is captured and says nothing: no client would go on to `connect`.
    assert_eq!(
        one(SYN, Side::Client, &client(), Peer::Silent),
        Verdict::Other(Other::Unknown)
    );
}

#[test]
fn a_client_whose_server_only_acknowledges_is_shown_where_a_hint_supports_it() {
    // As a client is recorded against a server that does not answer, or one whose payload was
    // filtered out of the capture.
    let hint = Hint { port: true, ..SYN };
    assert_eq!(
        rtmp(one(hint, Side::Client, &client(), Peer::Silent)).evidence,
        Evidence::Syn
    );
}

#[test]
fn other_protocols_are_let_go_early() {
    let mut png = b"\x89PNG\r\n\x1A\n".to_vec();
    png.resize(3000, 3);
    for (bytes, other) in [
        (
            &b"GET /live.flv HTTP/1.1\r\nHost: example.org\r\n\r\n"[..],
            Other::Http,
        ),
        (b"POST /open/1 HTTP/1.1\r\n", Other::Rtmpt),
        (b"POST /fcs/ident2 HTTP/1.1\r\n", Other::Rtmpt),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", Other::Ssh),
        (&[22, 3, 1, 0, 250, 1, 0, 0, 246], Other::Tls),
        (&[0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0], Other::Unknown),
        (b"\x0A\x0D\x0D\x0A\x1C\0\0\0", Other::Unknown),
        (b"FLV\x01\x05\0\0\0\x09", Other::Unknown),
        (&png, Other::Unknown),
    ] {
        let mut detector = Detector::new(SYN);
        let verdict = detector.push(Side::Client, Mark::default(), bytes, Peer::Speaks);
        assert_eq!(verdict, Verdict::Other(other), "{bytes:02x?}");
        assert_eq!(detector.take_pending().iter().count(), 0);
    }
}

#[test]
fn protocols_that_begin_with_3_are_told_apart() {
    // TPKT (RFC 1006), as RDP uses it: short requests that are answered at once.
    let request = [3, 0, 0, 19, 14, 0xE0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 3, 0, 0, 0];
    let answer = [
        3, 0, 0, 19, 14, 0xD0, 0, 0, 0x12, 0x34, 0, 2, 0, 8, 0, 1, 0, 0, 0,
    ];
    let more = [3, 0, 1, 0xAC].repeat(300);
    let mut pieces: Vec<(Side, &[u8])> = Vec::new();
    pieces.extend([(Side::Client, &request[..]), (Side::Server, &answer)]);
    for _ in 0..6 {
        pieces.extend([(Side::Client, &more[..]), (Side::Server, &more)]);
    }
    assert_eq!(both(SYN, &pieces), Verdict::Other(Other::Unknown));
    // A bulk upload in which each side happens to begin with 3, without any first chunk.
    let bulk = [3].repeat(8000);
    assert_eq!(
        one(SYN, Side::Client, &bulk, Peer::Speaks),
        Verdict::Other(Other::Unknown)
    );
}

#[test]
fn proxy_prefixes_are_passed_over() {
    let s = server();
    for (prefix, kind) in [
        (
            b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 1935\r\n".to_vec(),
            ProxyPrefix::ProxyV1,
        ),
        (vec![0xF3, 0, 4, 192, 0, 2, 1], ProxyPrefix::Srs),
    ] {
        let bytes = [&prefix[..], &client()].concat();
        for cut in [1, 5, prefix.len(), 600] {
            let verdict = both(
                SYN,
                &[
                    (Side::Client, &bytes[..cut]),
                    (Side::Client, &bytes[cut..]),
                    (Side::Server, &s),
                ],
            );
            let found = rtmp(verdict);
            assert_eq!(found.prefix, Some(kind));
            assert_eq!(found.origin.client, prefix.len() as u64);
            assert_eq!(found.origin.server, 0);
        }
    }
}

#[test]
fn rtmpe_is_named() {
    let (mut c, mut s) = (client(), server());
    c[0] = 6;
    s[0] = 6;
    let found = rtmp(both(SYN, &[(Side::Client, &c), (Side::Server, &s)]));
    assert!(found.enciphered);
    // A server that does not know it answers with 3 (section 5.2.2).
    s[0] = 3;
    let found = rtmp(both(SYN, &[(Side::Client, &c), (Side::Server, &s)]));
    assert!(!found.enciphered);
}

#[test]
fn a_capture_that_begins_with_a_command_has_no_handshake() {
    // Chunk stream 3 with a type 0 header begins with the byte 3 as well.
    let bytes = [connect(), connect(), [0x17].repeat(4000)].concat();
    for hint in [PORT, NO_SYN] {
        assert_eq!(
            one(hint, Side::Client, &bytes, Peer::Speaks),
            Verdict::Midstream
        );
    }
}

#[test]
fn a_connection_joined_late_may_be_rtmp_on_any_port() {
    let media = [0xC6, 0x12, 0x99, 0x05].repeat(500);
    let forced = Hint {
        forced: true,
        ..NO_SYN
    };
    for hint in [PORT, NO_SYN, forced] {
        assert_eq!(
            one(hint, Side::Client, &media, Peer::Speaks),
            Verdict::Midstream
        );
    }
    // From its SYN on it would have begun with a hello.
    let from_begin = Hint {
        syn: true,
        ..NO_SYN
    };
    assert_eq!(
        one(from_begin, Side::Client, &media, Peer::Speaks),
        Verdict::Other(Other::Unknown)
    );
    let tls = [23, 3, 3, 5, 0xA0, 1, 2, 3].repeat(100);
    assert_eq!(
        one(PORT, Side::Client, &tls, Peer::Speaks),
        Verdict::Other(Other::Tls)
    );
}

#[test]
fn a_connection_joined_at_the_begin_of_a_chunk_is_no_rtmpe() {
    // A type 0 header of video on chunk stream 6 (section 5.3.1.2.1), and any byte of payload.
    let mut video = vec![6, 0, 0, 0, 0, 0, 177, 9, 1, 0, 0, 0, 0x17, 1, 0, 0, 80];
    video.extend([0x77, 0x1B, 0xE2].repeat(2000));
    let payload = [6, 0x77, 0x1B, 0xE2].repeat(2000);
    for bytes in [&video[..], &payload, &video[..40], &payload[..40]] {
        assert_eq!(
            one(PORT, Side::Server, bytes, Peer::Speaks),
            Verdict::Midstream
        );
    }
    // RTMPE: the hello has a version.
    let mut enciphered = client();
    enciphered[0] = 6;
    enciphered[5..9].copy_from_slice(&[0x80, 0, 7, 2]);
    assert!(rtmp(one(PORT, Side::Client, &enciphered, Peer::Speaks)).enciphered);
}

#[test]
fn an_unanswered_client_is_shown_where_a_hint_supports_it() {
    let c0c1 = &client()[..1537];
    let hint = Hint { port: true, ..SYN };
    assert_eq!(
        rtmp(one(hint, Side::Client, c0c1, Peer::Silent)).client,
        Side::Client
    );
    assert_eq!(
        one(SYN, Side::Client, c0c1, Peer::Silent),
        Verdict::Other(Other::Unknown)
    );
}

#[test]
fn the_user_has_the_last_word() {
    let hint = Hint {
        forced: true,
        ..SYN
    };
    let odd = [4].repeat(100);
    assert!(matches!(
        one(hint, Side::Client, &odd, Peer::Speaks),
        Verdict::Rtmp(_)
    ));
}

#[test]
fn a_hole_in_one_hello_is_no_obstacle() {
    let (c, s) = (client(), server());
    let mut detector = Detector::new(SYN);
    detector.gap(Side::Client, Mark::default(), 1448, Peer::Speaks);
    detector.push(Side::Client, Mark::default(), &c[1448..1537], Peer::Speaks);
    let verdict = detector.push(Side::Server, Mark::default(), &s, Peer::Speaks);
    assert!(matches!(verdict, Verdict::Rtmp(_)), "{verdict:?}");
    let pending = detector.take_pending();
    let pieces: Vec<_> = pending
        .iter()
        .map(|p| (p.side, p.offset, p.len, p.data.is_some()))
        .collect();
    let s_len = s.len() as u64;
    assert_eq!(
        pieces,
        [
            (Side::Client, 0, 1448, false),
            (Side::Client, 1448, 89, true),
            (Side::Server, 0, s_len, true),
        ]
    );
}

fn captured(name: &str) -> Option<Vec<u8>> {
    let home = std::env::var_os("RTMPSCOPE_CAPTURES").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/captures"),
        PathBuf::from,
    );
    let path = home.join("rtmp").join(name);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        println!("skipped: {} is not there", path.display());
    }
    bytes
}

#[test]
fn either_direction_of_a_captured_connection_is_enough() {
    for (name, client) in [
        ("client_stream", Side::Client),
        ("server_stream", Side::Server),
        ("ffmpeg_client_stream", Side::Client),
        ("ffmpeg_server_stream", Side::Server),
    ] {
        let Some(bytes) = captured(&format!("wader+fq/{name}")) else {
            continue;
        };
        let found = rtmp(one(NO_SYN, Side::Client, &bytes, Peer::NotCaptured));
        assert_eq!(found.client, client, "{name}");
        assert_eq!(
            one(SYN, Side::Client, &bytes, Peer::Silent),
            Verdict::Other(Other::Unknown)
        );
    }
}

#[test]
fn captured_rtmpe_is_named() {
    // INDEX.md of the captures: both packets lack their last byte.
    let Some(c0c1) = captured("Red5+red5-client/RTMP-C0C1.dat") else {
        return;
    };
    let hint = Hint { port: true, ..SYN };
    assert!(rtmp(one(hint, Side::Client, &c0c1, Peer::NotCaptured)).enciphered);
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..9000)) {
        fuzz_detector(&bytes);
    }

    #[test]
    fn bytes_that_begin_with_3_are_survived(
        flags in any::<u8>(),
        bytes in proptest::collection::vec(prop_oneof![Just(3_u8), any::<u8>()], 3000..9000),
    ) {
        let mut data = vec![flags, 0, 3];
        data.extend(bytes);
        fuzz_detector(&data);
    }
}
