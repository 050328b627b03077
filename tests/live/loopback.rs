//! Capturing on the loopback interface: frames come, silence does not block, counters count.

use std::net::UdpSocket;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use rtmpscope::base::time::Precision;
use rtmpscope::base::time::Timestamp;
use rtmpscope::capture::Next;
use rtmpscope::capture::Source as _;
use rtmpscope::capture::error::CaptureError;
use rtmpscope::capture::live::Live;
use rtmpscope::capture::live::LiveOptions;
use rtmpscope::capture::live::devices;

/// Opens the loopback for what goes to one UDP port; none where that is not permitted.
fn open(port: u16) -> Option<Live> {
    let mut options = LiveOptions::new(vec!["lo".to_owned()]);
    options.buffer_bytes = 4 * 1024 * 1024;
    options.filter = Some(format!("udp dst port {port}"));
    match Live::open(&options) {
        Ok(live) => Some(live),
        Err(error @ (CaptureError::Permission { .. } | CaptureError::NoSuchDevice { .. })) => {
            println!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn time_of_day() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock that is set");
    Timestamp(i64::try_from(since.as_nanos()).expect("this century"))
}

#[test]
fn frames_arrive_and_are_counted() {
    let receiver = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let to = receiver.local_addr().expect("its number");
    let Some(mut live) = open(to.port()) else {
        return;
    };
    let sender = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let begin = time_of_day();
    for number in 0..100_u8 {
        sender.send_to(&[number; 300], to).expect("sent");
    }
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut seen = Vec::new();
    while seen.len() < 100 && Instant::now() < deadline {
        match live.next_frame() {
            Ok(Next::Frame(frame)) => {
                assert_eq!(frame.wire_len as usize, frame.data.len());
                assert!((begin..=time_of_day()).contains(&frame.time));
                seen.push(frame.data.last().copied());
            }
            Ok(Next::Idle | Next::Back(_)) => {}
            Ok(Next::End) => panic!("an interface does not end"),
            Err(error) => panic!("{error}"),
        }
    }
    // A sender that goes on by another processor overtakes itself.
    seen.sort_unstable();
    let expected: Vec<_> = (0..100).map(Some).collect();
    assert_eq!(seen, expected);
    assert_eq!(live.progress().frames, 100);
    assert_eq!(live.precision(), Precision::Nanos);
    // The counters are those of all of it once the capture has ended.
    live.stop();
    while !matches!(live.next_frame(), Ok(Next::End)) {}
    let drops = live.drops();
    assert!(drops.received >= Some(100), "{drops:?}");
    assert_eq!(drops.by_kernel, Some(0));
}

#[test]
fn a_quiet_interface_gives_the_word_back() {
    // Nobody sends to the discard port here.
    let Some(mut live) = open(9) else { return };
    let start = Instant::now();
    for _ in 0..4 {
        assert!(matches!(live.next_frame(), Ok(Next::Idle)));
    }
    // Far below what a capture that blocks would take; the machine may be busy.
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn the_loopback_is_listed() {
    let devices = devices().expect("a list");
    let Some(loopback) = devices.iter().find(|device| device.name == "lo") else {
        println!("skipped: no loopback called lo");
        return;
    };
    assert!(loopback.loopback);
}
