//! Live capture with libpcap.

use std::fmt;
use std::net::IpAddr;
use std::os::fd::AsFd as _;
use std::os::fd::OwnedFd;
use std::path::Path;

use pcap::Active;
use pcap::Capture;
use pcap::ConnectionStatus;
use pcap::Linktype;
use pcap::Stat;
use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::Timespec;

use super::Device;
use super::DeviceAddress;
use super::LiveOptions;
use super::permission;
use crate::base::ids::FrameNumber;
use crate::base::time::Precision;
use crate::base::time::Timestamp;
use crate::capture::Frame;
use crate::capture::LinkType;
use crate::capture::Next;
use crate::capture::Source;
use crate::capture::bpf::Filter;
use crate::capture::error::CaptureError;
use crate::capture::info::Drops;
use crate::capture::info::Format;
use crate::capture::info::InputInfo;
use crate::capture::info::InputName;
use crate::capture::info::InterfaceInfo;
use crate::capture::info::Progress;

/// How long the kernel may hold frames back to hand over more of them at once, in milliseconds.
const BLOCK_TIMEOUT_MS: i32 = 50;

/// How long a quiet interface is waited for before the caller gets a word: a wish to stop is heard
/// within this time.
const IDLE_WAIT: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 50_000_000,
};

/// How many frames of one interface come in a row before the next interface has its turn: asking
/// a quiet one costs a system call.
const BURST: u32 = 64;

/// The pseudo-interface of all interfaces.
const ANY: &str = "any";

/// Frames of one or more interfaces as they pass.
#[derive(Debug)]
pub struct Live {
    interfaces: Vec<Interface>,
    /// What to wait on for each interface; none for one that has failed.
    sockets: Vec<Option<OwnedFd>>,
    /// Which interface is asked first, and how many of its frames came in a row.
    turn: usize,
    burst: u32,
    frames: u64,
    inputs: Vec<InputInfo>,
}

struct Interface {
    name: InputName,
    link: LinkType,
    capture: Capture<Active>,
    failed: bool,
    counters: Counters,
}

/// Counters of libpcap, which wrap at 32 bits, added up.
#[derive(Debug, Clone, Copy, Default)]
struct Counters {
    last: [u32; 3],
    total: [u64; 3],
}

impl Counters {
    fn update(&mut self, stat: Stat) {
        let now = [stat.received, stat.dropped, stat.if_dropped];
        for ((total, last), now) in self.total.iter_mut().zip(&mut self.last).zip(now) {
            *total = total.saturating_add(u64::from(now.wrapping_sub(*last)));
            *last = now;
        }
    }
}

impl fmt::Debug for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interface")
            .field("name", &self.name)
            .field("link", &self.link)
            .field("failed", &self.failed)
            .field("counters", &self.counters)
            .finish_non_exhaustive()
    }
}

impl Live {
    /// Opens the interfaces and begins to capture.
    ///
    /// # Errors
    /// When an interface does not exist, may not be captured on or fails, or the filter makes no
    /// sense.
    pub fn open(options: &LiveOptions) -> Result<Self, CaptureError> {
        // A wrong expression is told even to those who may not capture.
        if let Some(expression) = &options.filter {
            Filter::new(expression)?;
        }
        let mut interfaces = Vec::new();
        let mut sockets = Vec::new();
        let mut inputs = Vec::new();
        for name in &options.interfaces {
            let interface = Interface::open(name, options)?;
            let mut info = InputInfo::new(interface.name.clone());
            info.format = Some(Format::Live);
            info.interfaces.push(InterfaceInfo {
                name: Some(name.clone()),
                link: interface.link,
                snaplen: options.snaplen,
                precision: Precision::Nanos,
                filter: options.filter.clone(),
            });
            inputs.push(info);
            let socket = interface.capture.as_fd().try_clone_to_owned();
            sockets.push(Some(socket.map_err(|error| CaptureError::Device {
                device: interface.name.clone(),
                reason: error.to_string(),
            })?));
            interfaces.push(interface);
        }
        Ok(Self {
            interfaces,
            sockets,
            turn: 0,
            burst: 0,
            frames: 0,
            inputs,
        })
    }
}

impl Interface {
    fn open(name: &str, options: &LiveOptions) -> Result<Self, CaptureError> {
        let activate = |promiscuous: bool| {
            let capture = Capture::from_device(name)?
                .snaplen(options.snaplen.try_into().unwrap_or(i32::MAX))
                .buffer_size(options.buffer_bytes.try_into().unwrap_or(i32::MAX))
                .timeout(BLOCK_TIMEOUT_MS)
                .precision(pcap::Precision::Nano)
                .promisc(promiscuous)
                .open()?;
            // Otherwise a quiet interface blocks for ever, whatever the timeout.
            capture.setnonblock()
        };
        let promiscuous = options.promiscuous && name != ANY;
        let opened = activate(promiscuous).or_else(|error| {
            // Some interfaces cannot be promiscuous, and libpcap's warning comes as an error.
            if promiscuous && message(&error).to_ascii_lowercase().contains("promisc") {
                activate(false)
            } else {
                Err(error)
            }
        });
        let mut capture = opened.map_err(|error| open_error(name, message(&error)))?;
        let link = link_of(capture.get_datalink());
        if let Some(expression) = &options.filter {
            capture
                .filter(expression, true)
                .map_err(|error| CaptureError::Filter {
                    expression: expression.clone(),
                    link: Some(link),
                    reason: message(&error),
                })?;
        }
        Ok(Self {
            name: InputName::new(name),
            link,
            capture,
            failed: false,
            counters: Counters::default(),
        })
    }
}

/// Waits until one of the sockets has frames, or a moment has passed.
fn wait(sockets: &[Option<OwnedFd>]) {
    let mut polled: Vec<_> = sockets
        .iter()
        .flatten()
        .map(|socket| PollFd::new(socket, PollFlags::IN))
        .collect();
    // Whatever comes of it, the next call asks the interfaces again.
    let _ = rustix::event::poll(&mut polled, Some(&IDLE_WAIT));
}

impl Source for Live {
    fn next_frame(&mut self) -> Result<Next<'_>, CaptureError> {
        let Self {
            interfaces,
            sockets,
            turn,
            burst,
            frames,
            ..
        } = self;
        if sockets.iter().all(Option::is_none) {
            return Ok(Next::End);
        }
        if *burst >= BURST {
            *burst = 0;
            *turn = turn.saturating_add(1);
        }
        if *turn >= interfaces.len() {
            *turn = 0;
        }
        let first = *turn;
        let (before, from) = interfaces.split_at_mut_checked(first).unwrap_or_default();
        let places = (first..).zip(from).chain((0..).zip(before));
        for (place, interface) in places.filter(|(_, interface)| !interface.failed) {
            match interface.capture.next_packet() {
                Ok(packet) => {
                    if place != first {
                        *turn = place;
                        *burst = 0;
                    }
                    *burst = burst.saturating_add(1);
                    *frames = frames.saturating_add(1);
                    let header = packet.header;
                    let nanos = u32::try_from(header.ts.tv_usec).unwrap_or(0);
                    return Ok(Next::Frame(Frame {
                        number: FrameNumber(*frames),
                        time: Timestamp::from_secs_nanos(header.ts.tv_sec, nanos),
                        link: interface.link,
                        wire_len: header.len,
                        data: packet.data,
                    }));
                }
                Err(pcap::Error::TimeoutExpired) => {}
                Err(error) => {
                    interface.failed = true;
                    if let Some(socket) = sockets.get_mut(place) {
                        *socket = None;
                    }
                    return Err(CaptureError::Device {
                        device: interface.name.clone(),
                        reason: format!("capturing ended: {}", message(&error)),
                    });
                }
            }
        }
        wait(sockets);
        Ok(Next::Idle)
    }

    fn inputs(&self) -> &[InputInfo] {
        &self.inputs
    }

    fn progress(&self) -> Progress {
        Progress {
            frames: self.frames,
            ..Progress::default()
        }
    }

    fn drops(&mut self) -> Drops {
        let mut sum = [0_u64; 3];
        for interface in &mut self.interfaces {
            if let Ok(stat) = interface.capture.stats() {
                interface.counters.update(stat);
            }
            for (sum, count) in sum.iter_mut().zip(interface.counters.total) {
                *sum = sum.saturating_add(count);
            }
        }
        let [received, by_kernel, by_interface] = sum;
        Drops {
            received: Some(received),
            by_kernel: Some(by_kernel),
            by_interface: Some(by_interface),
        }
    }
}

/// The interfaces that can be captured on, the most useful first.
///
/// # Errors
/// When the system does not tell.
pub fn devices() -> Result<Vec<Device>, CaptureError> {
    let devices = pcap::Device::list().map_err(|error| CaptureError::Device {
        device: InputName::new("the list of interfaces"),
        reason: message(&error),
    })?;
    Ok(devices.into_iter().map(device).collect())
}

fn device(device: pcap::Device) -> Device {
    let flags = &device.flags;
    Device {
        up: flags.is_up(),
        running: flags.is_running(),
        loopback: flags.is_loopback(),
        wireless: flags.is_wireless(),
        connected: match flags.connection_status {
            ConnectionStatus::Connected => Some(true),
            ConnectionStatus::Disconnected => Some(false),
            ConnectionStatus::Unknown | ConnectionStatus::NotApplicable => None,
        },
        addresses: device
            .addresses
            .iter()
            .map(|address| DeviceAddress {
                ip: address.addr,
                prefix_len: address.netmask.map(prefix_len),
            })
            .collect(),
        name: device.name,
        description: device.desc,
    }
}

fn prefix_len(netmask: IpAddr) -> u32 {
    match netmask {
        IpAddr::V4(mask) => mask.to_bits().leading_ones(),
        IpAddr::V6(mask) => mask.to_bits().leading_ones(),
    }
}

/// Why an interface could not be opened: it is missing, forbidden, or something else.
fn open_error(name: &str, reason: String) -> CaptureError {
    let known: Vec<String> = devices()
        .unwrap_or_default()
        .into_iter()
        .map(|device| device.name)
        .collect();
    // To those who may not capture, libpcap says so for missing interfaces, too. Names with a
    // colon have parameters and are on no list.
    let exists = known.iter().any(|known| known == name)
        || name.contains(':')
        || (!name.contains('/') && Path::new("/sys/class/net").join(name).exists());
    let device = InputName::new(name);
    if !exists {
        return CaptureError::NoSuchDevice { device, known };
    }
    let lower = reason.to_ascii_lowercase();
    if ["permission", "permitted", "cap_net_raw"]
        .iter()
        .any(|word| lower.contains(word))
    {
        let remedy = permission::remedy(name);
        return CaptureError::Permission {
            device,
            reason,
            remedy,
        };
    }
    let reason = if lower.contains("not up") {
        format!("{reason}: switch it on with `sudo ip link set {name} up`")
    } else {
        reason
    };
    CaptureError::Device { device, reason }
}

/// What libpcap said, without the name of the variant it came in.
pub(in crate::capture) fn message(error: &pcap::Error) -> String {
    match error {
        pcap::Error::PcapError(message) => message.clone(),
        other => other.to_string(),
    }
}

/// Number of raw IP among the link types of files, and among those of libpcap's interface, which
/// is the one that differs.
const DLT_RAW: Linktype = Linktype(12);

/// A link type as libpcap's functions number it on this system.
pub(in crate::capture) fn dlt_of(link: LinkType) -> Linktype {
    match link {
        LinkType::RAW | LinkType::RAW_BSD => DLT_RAW,
        LinkType(number) => Linktype(number.try_into().unwrap_or(i32::MAX)),
    }
}

/// The link type that libpcap's functions call by this number on this system.
fn link_of(dlt: Linktype) -> LinkType {
    if dlt == DLT_RAW {
        LinkType::RAW
    } else {
        LinkType(dlt.0.try_into().unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_go_on_over_a_wrap_at_32_bits() {
        let stat = |received| Stat {
            received,
            dropped: 0,
            if_dropped: 7,
        };
        let mut counters = Counters::default();
        counters.update(stat(u32::MAX));
        counters.update(stat(4));
        assert_eq!(counters.total, [u64::from(u32::MAX) + 5, 0, 7]);
    }

    #[test]
    fn raw_ip_is_numbered_as_in_files() {
        assert_eq!(link_of(DLT_RAW), LinkType::RAW);
        assert_eq!(dlt_of(LinkType::RAW), DLT_RAW);
        assert_eq!(dlt_of(LinkType::LINUX_SLL2), Linktype(276));
    }

    #[test]
    fn a_missing_interface_is_called_missing() {
        let options = LiveOptions::new(vec!["nosuch0".to_owned()]);
        assert!(matches!(
            Live::open(&options),
            Err(CaptureError::NoSuchDevice { .. })
        ));
    }

    #[test]
    fn a_wrong_filter_is_told_before_the_interface_is_opened() {
        let mut options = LiveOptions::new(vec!["nosuch0".to_owned()]);
        options.filter = Some("tcp prot 1935".to_owned());
        assert!(matches!(
            Live::open(&options),
            Err(CaptureError::Filter { .. })
        ));
    }

    #[test]
    fn prefix_lengths_of_netmasks() {
        assert_eq!(prefix_len("255.255.255.0".parse().unwrap()), 24);
        assert_eq!(prefix_len("ffff:ffff:ffff:ffff::".parse().unwrap()), 64);
    }
}
