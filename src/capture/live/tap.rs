//! One interface, through libpcap: opened, read into batches, opened again.

use std::fmt;
use std::os::fd::AsFd as _;
use std::os::fd::BorrowedFd;
use std::path::Path;

use pcap::Active;
use pcap::Capture;
use pcap::Linktype;
use pcap::Stat;

use super::LiveOptions;
use super::batch::Batch;
use super::devices::devices;
use super::permission;
use crate::base::time::Timestamp;
use crate::capture::LinkType;
use crate::capture::error::CaptureError;
use crate::capture::info::InputName;
use crate::capture::rights::with_capture;

/// How long the kernel may hold frames back to hand over more of them at once, in milliseconds.
pub(super) const BLOCK_TIMEOUT_MS: i32 = 50;

/// Frames that libpcap hands over in a row. A batch is looked at between two rows, so that segments
/// of 64 KiB, which offloading makes, overfill it by no more than it holds.
const ROW: usize = 4;

/// The pseudo-interface of all interfaces.
const ANY: &str = "any";

/// What the capture thread reads: an interface, or what a test makes of one.
pub(super) trait Tap: Send + fmt::Debug {
    /// How the interface is called.
    fn name(&self) -> &InputName;

    /// Appends frames to a batch until it is full, or there are no more just now.
    ///
    /// # Errors
    /// What the system says when the interface is of no more use.
    fn read(&mut self, batch: &mut Batch) -> Result<(), String>;

    /// What to wait on for more frames.
    fn socket(&self) -> Option<BorrowedFd<'_>>;

    /// Frames received, dropped by the kernel and dropped by the interface since the begin.
    fn counts(&mut self) -> [u64; 3];

    /// Opens the interface again, after it was of no more use.
    ///
    /// # Errors
    /// When it is not there, or not for us.
    fn reopen(&mut self) -> Result<(), CaptureError>;
}

/// An interface that libpcap captures on.
pub(super) struct Interface {
    name: InputName,
    options: LiveOptions,
    link: LinkType,
    capture: Capture<Active>,
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
            let more = now.wrapping_sub(*last);
            *last = now;
            // What an interface dropped is counted by its driver, and begins at 0 when that goes:
            // so much less is no wrap.
            if more <= u32::MAX / 2 {
                *total = total.saturating_add(u64::from(more));
            }
        }
    }
}

impl fmt::Debug for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interface")
            .field("name", &self.name)
            .field("link", &self.link)
            .field("counters", &self.counters)
            .finish_non_exhaustive()
    }
}

impl Interface {
    /// Opens an interface and begins to capture on it.
    ///
    /// # Errors
    /// When it does not exist, may not be captured on or fails, or the filter makes no sense.
    pub(super) fn open(name: &str, options: &LiveOptions) -> Result<Self, CaptureError> {
        let (capture, link) = open(name, options)?;
        Ok(Self {
            name: InputName::new(name),
            options: options.clone(),
            link,
            capture,
            counters: Counters::default(),
        })
    }

    /// How its frames begin.
    pub(super) fn link(&self) -> LinkType {
        self.link
    }
}

impl Tap for Interface {
    fn name(&self) -> &InputName {
        &self.name
    }

    fn read(&mut self, batch: &mut Batch) -> Result<(), String> {
        let link = self.link;
        while !batch.is_full() {
            let count = self
                .capture
                .dispatch(Some(ROW), |packet| {
                    let header = packet.header;
                    // The clock was asked for nanoseconds.
                    let nanos = u32::try_from(header.ts.tv_usec).unwrap_or(0);
                    let time = Timestamp::from_secs_nanos(header.ts.tv_sec, nanos);
                    batch.push(time, link, header.len, packet.data);
                })
                .map_err(|error| message(&error))?;
            if count < ROW {
                break;
            }
        }
        Ok(())
    }

    fn socket(&self) -> Option<BorrowedFd<'_>> {
        Some(self.capture.as_fd())
    }

    fn counts(&mut self) -> [u64; 3] {
        if let Ok(stat) = self.capture.stats() {
            self.counters.update(stat);
        }
        self.counters.total
    }

    fn reopen(&mut self) -> Result<(), CaptureError> {
        let opened = with_capture(|| open(self.name.as_str(), &self.options));
        let (capture, link) = opened?;
        self.capture = capture;
        self.link = link;
        // The new one counts from 0.
        self.counters.last = [0; 3];
        Ok(())
    }
}

fn open(name: &str, options: &LiveOptions) -> Result<(Capture<Active>, LinkType), CaptureError> {
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
    Ok((capture, link))
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
        for received in [1 << 30, 1 << 31, 3 << 30, u32::MAX, 4] {
            counters.update(stat(received));
        }
        assert_eq!(counters.total, [u64::from(u32::MAX) + 5, 0, 7]);
    }

    #[test]
    fn counters_that_begin_again_lost_nothing() {
        let stat = |if_dropped| Stat {
            received: 0,
            dropped: 0,
            if_dropped,
        };
        let mut counters = Counters::default();
        // An interface that had dropped 5 before goes away with what it counted.
        for if_dropped in [7, 0_u32.wrapping_sub(5), 0_u32.wrapping_sub(3)] {
            counters.update(stat(if_dropped));
        }
        assert_eq!(counters.total, [0, 0, 9]);
    }

    #[test]
    fn raw_ip_is_numbered_as_in_files() {
        assert_eq!(link_of(DLT_RAW), LinkType::RAW);
        assert_eq!(dlt_of(LinkType::RAW), DLT_RAW);
        assert_eq!(dlt_of(LinkType::LINUX_SLL2), Linktype(276));
    }
}
