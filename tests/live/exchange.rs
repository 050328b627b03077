//! A short RTMP connection over the loopback, without any server's software: handshake and a
//! `connect` that is refused.

use std::io::Read as _;
use std::io::Write as _;
use std::net::TcpListener;
use std::net::TcpStream;
use std::thread;

/// Bytes of C1, S1, C2 and S2.
const PACKET: usize = 1536;

/// A message on chunk stream 3 with a header of form 0.
fn command(values: &[&[u8]]) -> Vec<u8> {
    let body = values.concat();
    assert!(body.len() <= 128, "one chunk");
    let length = u8::try_from(body.len()).unwrap_or(u8::MAX);
    let mut message = vec![3, 0, 0, 0, 0, 0, length, 20, 0, 0, 0, 0];
    message.extend(body);
    message
}

/// Zero time and version, then bytes that repeat after so many.
fn hello(period: u8) -> Vec<u8> {
    let pattern = (0..period).cycle();
    [0; 8].into_iter().chain(pattern).take(PACKET).collect()
}

/// Connects to a port of the loopback, on which this listens for as long.
pub(crate) fn exchange(port: u16) {
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("a port");
    let (c1, s1) = (hello(251), hello(241));
    // "connect", 1, { app: "live" }; "_error", 1, null.
    let connect = command(&[
        b"\x02\0\x07connect",
        b"\0\x3f\xf0\0\0\0\0\0\0",
        b"\x03\0\x03app\x02\0\x04live\0\0\x09",
    ]);
    let refused = command(&[b"\x02\0\x06_error", b"\0\x3f\xf0\0\0\0\0\0\0", b"\x05"]);
    let ends_with = [PACKET, connect.len()].iter().sum::<usize>();
    let (of_client, of_server) = (c1.clone(), s1.clone());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        stream
            .read_exact(&mut vec![0; 1 + PACKET])
            .expect("C0 and C1");
        stream
            .write_all(&[&[3], &of_server[..], &of_client].concat())
            .expect("S0, S1 and S2");
        stream
            .read_exact(&mut vec![0; ends_with])
            .expect("C2 and connect");
        stream.write_all(&refused).expect("_error");
        // Who connected closes first.
        let _ = stream.read(&mut [0]);
    });
    let mut client = TcpStream::connect(("127.0.0.1", port)).expect("the listener");
    client
        .write_all(&[&[3], &c1[..]].concat())
        .expect("C0 and C1");
    client
        .read_exact(&mut vec![0; 1 + 2 * PACKET])
        .expect("S0, S1 and S2");
    client
        .write_all(&[&s1[..], &connect].concat())
        .expect("C2 and connect");
    client.read_exact(&mut [0; 1]).expect("an answer");
    drop(client);
    server.join().expect("the server ends");
}
