//! Answers Prometheus. One request at a time, each within seconds, nothing but `GET /metrics`: a
//! server of a library would bring threads without bound and features without use onto a host that
//! must not notice us.

use std::io;
use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use rtmpscope::report::metrics::Exposition;

/// How long a request may take, and the answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Bytes of the head of a request; Prometheus sends some hundred.
const MAX_HEAD: usize = 8 * 1024;

/// A port that waits for requests.
#[derive(Debug)]
pub(super) struct Endpoint {
    listener: TcpListener,
    metrics: Exposition,
}

impl Endpoint {
    pub(super) fn bind(address: SocketAddr, metrics: Exposition) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        Ok(Self { listener, metrics })
    }

    /// Answers from a thread of its own, until the process ends.
    pub(super) fn serve(self) {
        thread::spawn(move || {
            for stream in self.listener.incoming() {
                match stream {
                    // Who does not wait for the answer does not want it.
                    Ok(mut stream) => drop(self.answer(&mut stream)),
                    // Too many files are open, for example: it passes.
                    Err(_) => thread::sleep(Duration::from_millis(100)),
                }
            }
        });
    }

    fn answer(&self, stream: &mut TcpStream) -> io::Result<()> {
        let head = read_head(stream)?;
        let (status, kind, body) = respond(&head, &self.metrics);
        let mut answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        if !head.starts_with(b"HEAD ") {
            answer.push_str(&body);
        }
        write_within(stream, answer.as_bytes(), PATIENCE)
    }
}

/// The bytes of a request up to the empty line.
fn read_head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let begin = Instant::now();
    let mut head = Vec::new();
    let mut piece = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let left = PATIENCE.checked_sub(begin.elapsed());
        let left = left.filter(|left| !left.is_zero());
        stream.set_read_timeout(Some(left.ok_or(io::ErrorKind::TimedOut)?))?;
        let count = stream.read(&mut piece)?;
        if count == 0 || head.len() >= MAX_HEAD {
            return Err(io::ErrorKind::InvalidData.into());
        }
        head.extend_from_slice(piece.get(..count).unwrap_or_default());
    }
    Ok(head)
}

/// Writes all of it, or gives up: a timeout of the socket alone would begin again with each byte
/// that is taken.
fn write_within(stream: &mut TcpStream, mut bytes: &[u8], patience: Duration) -> io::Result<()> {
    let begin = Instant::now();
    while !bytes.is_empty() {
        let left = patience.checked_sub(begin.elapsed());
        let left = left.filter(|left| !left.is_zero());
        stream.set_write_timeout(Some(left.ok_or(io::ErrorKind::TimedOut)?))?;
        let count = match stream.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(io::ErrorKind::TimedOut.into());
            }
            written => written?,
        };
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes = bytes.get(count..).unwrap_or_default();
    }
    Ok(())
}

/// Status, media type and body of the answer to a request.
fn respond(head: &[u8], metrics: &Exposition) -> (&'static str, &'static str, String) {
    const TEXT: &str = "text/plain; charset=utf-8";

    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let path = target.split('?').next().unwrap_or("");
    match (method, path) {
        ("GET" | "HEAD", "/metrics") => ("200 OK", Exposition::CONTENT_TYPE, metrics.to_string()),
        ("GET" | "HEAD", "/") => ("200 OK", TEXT, "rtmpscope: /metrics\n".to_owned()),
        ("GET" | "HEAD", _) => ("404 Not Found", TEXT, "there is /metrics\n".to_owned()),
        _ => ("405 Method Not Allowed", TEXT, String::new()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    use std::sync::atomic::Ordering;

    use rtmpscope::report::metrics::Metrics;

    use super::*;

    fn status(head: &str) -> &'static str {
        respond(head.as_bytes(), &Metrics::default().exposition()).0
    }

    #[test]
    fn requests_have_their_answers() {
        assert_eq!(status("GET /metrics HTTP/1.1\r\n\r\n"), "200 OK");
        assert_eq!(status("GET /metrics?x=1 HTTP/1.1\r\n\r\n"), "200 OK");
        assert_eq!(status("GET /other HTTP/1.1\r\n\r\n"), "404 Not Found");
        assert_eq!(
            status("POST /metrics HTTP/1.1\r\n\r\n"),
            "405 Method Not Allowed"
        );
        assert_eq!(status("\u{0}\u{1}"), "405 Method Not Allowed");
    }

    /// More than any buffers hold. It is not allocated: the limit of memory that other tests keep within
    /// is that of the process.
    static MUCH: [u8; 256 << 20] = [0; 256 << 20];

    #[test]
    fn who_does_not_read_does_not_hold_up_the_others() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let mut slow = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        let end = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&end);
        // A little at a time, for ever.
        let reader = thread::spawn(move || {
            let mut piece = vec![0; 1 << 20];
            while !is_over.load(Ordering::Relaxed) {
                let _ = slow.read(&mut piece);
                thread::sleep(Duration::from_millis(100));
            }
        });
        let begin = Instant::now();
        let sent = write_within(&mut stream, &MUCH, PATIENCE);
        end.store(true, Ordering::Relaxed);
        drop(stream);
        reader.join().unwrap();
        assert_eq!(sent.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(begin.elapsed() < 3 * PATIENCE);
    }

    #[test]
    fn who_says_nothing_does_not_hold_up_the_others() {
        let metrics = Metrics::default();
        let endpoint = Endpoint::bind(([127, 0, 0, 1], 0).into(), metrics.exposition()).unwrap();
        let address = endpoint.listener.local_addr().unwrap();
        endpoint.serve();
        let _silent = TcpStream::connect(address).unwrap();
        let mut other = TcpStream::connect(address).unwrap();
        other.write_all(b"GET /metrics HTTP/1.1\r\n\r\n").unwrap();
        let mut answer = String::new();
        other.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("# EOF\n"));
    }
}
