//! This machine, as the Start screen asks for it.

use std::collections::HashMap;
use std::env;
use std::net::IpAddr;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use rtmpscope::base::text::printable;
use rtmpscope::capture::bpf::check;
use rtmpscope::capture::doctor::obstacles;
use rtmpscope::capture::file::Begin;
use rtmpscope::capture::live;
use rtmpscope::capture::live::Device;
use rtmpscope::capture::live::Traffic;
use rtmpscope::tui::start::World;
use rtmpscope::tui::start::browse::at_home;
use rtmpscope::tui::start::model;
use rtmpscope::tui::start::model::Choice;
use rtmpscope::tui::start::model::Filter;
use rtmpscope::tui::start::model::Interface;
use rtmpscope::tui::start::model::Snapshot;

use crate::cli::Flags;
use crate::cli::Input;
use crate::cli::Origin;
use crate::run::interfaces::packets_and_bytes;
use crate::run::reading::Reading;
use crate::run::recent;
use crate::run::recent::Memory;
use crate::run::start::folder;

/// The port of RTMP.
const RTMP: u16 = 1935;

/// The interface that stands for all of them.
const ANY: &str = "any";

/// Time that a rate is taken over, but for the first one: nobody waits a second to see something.
const RATE_EVERY: Duration = Duration::from_secs(1);
const FIRST_RATE: Duration = Duration::from_millis(300);

/// Time between two looks at which interfaces there are, who is connected, and what a folder holds.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// Rates of an interface that are kept: as many as are drawn.
const COURSE: usize = 30;

/// Interfaces that are listed: a machine full of containers has hundreds, and each is a line.
const MOST_INTERFACES: usize = 1000;

/// What is known, and since when.
pub(super) struct Here<'a> {
    flags: &'a Flags,
    snapshot: Snapshot,
    devices: Vec<Device>,
    local: Vec<IpAddr>,
    looked: Option<Instant>,
    traffic: HashMap<String, Traffic>,
    counted: Instant,
    /// The filter that the snapshot knows about.
    filter: Option<String>,
    /// The folder as it was typed, and when it was listed.
    folder: Option<(String, Instant)>,
}

impl<'a> Here<'a> {
    pub(super) fn new(flags: &'a Flags) -> Self {
        let obstacles: Vec<String> = obstacles()
            .into_iter()
            .map(|finding| {
                let remedy = finding.remedy.map(|remedy| format!("; {remedy}"));
                let remedy = remedy.unwrap_or_default();
                format!("{} {}{remedy}", finding.about, finding.text)
            })
            .collect();
        let memory = Memory::of_user(flags);
        let snapshot = Snapshot {
            obstacle: (!obstacles.is_empty()).then(|| obstacles.join("; ")),
            remembers: memory.is_some(),
            recent: memory.as_ref().map(recents).unwrap_or_default(),
            home: env::var_os("HOME").map(PathBuf::from),
            ..Snapshot::default()
        };
        Self {
            flags,
            snapshot,
            devices: Vec::new(),
            local: Vec::new(),
            looked: None,
            traffic: live::traffic(),
            counted: Instant::now(),
            filter: None,
            folder: None,
        }
    }

    fn look_at_interfaces(&mut self) {
        if is_over(self.looked, LOOK_EVERY) {
            self.looked = Some(Instant::now());
            self.local = live::established(RTMP);
            match live::devices() {
                Ok(devices) => {
                    self.devices = sorted(devices, &self.traffic);
                    self.snapshot.trouble = None;
                }
                Err(error) => {
                    self.devices.clear();
                    self.snapshot.trouble = Some(error.to_string());
                }
            }
            self.list_interfaces();
        }
        let is_first = self.snapshot.interfaces.iter().all(|i| i.course.is_empty());
        let every = if is_first { FIRST_RATE } else { RATE_EVERY };
        let passed = self.counted.elapsed();
        if passed >= every {
            self.counted = Instant::now();
            let before = std::mem::replace(&mut self.traffic, live::traffic());
            self.take_rates(&before, passed);
        }
    }

    /// Puts the interfaces there are into the snapshot; what was known of them stays.
    fn list_interfaces(&mut self) {
        let before = std::mem::take(&mut self.snapshot.interfaces);
        let listed = self.devices.iter().map(|device| {
            let known = before.iter().find(|known| known.name == device.name);
            let known = known.cloned().unwrap_or_default();
            Interface {
                name: device.name.clone(),
                about: about(device),
                is_up: device.up,
                connections: self.connections(device),
                ..known
            }
        });
        self.snapshot.interfaces = listed.collect();
    }

    fn connections(&self, device: &Device) -> usize {
        let is_here = |local: &&IpAddr| {
            device.name == ANY || device.addresses.iter().any(|address| address.ip == **local)
        };
        self.local.iter().filter(is_here).count()
    }

    fn take_rates(&mut self, before: &HashMap<String, Traffic>, passed: Duration) {
        let mut all = 0_u64;
        for (interface, device) in self.snapshot.interfaces.iter_mut().zip(&self.devices) {
            let (was, is) = (before.get(&device.name), self.traffic.get(&device.name));
            interface.rate = was.zip(is).map(|(was, is)| {
                let [was, is] = [was, is].map(|traffic| packets_and_bytes(device, traffic).1);
                per_second(is.saturating_sub(was), passed)
            });
            all = all.saturating_add(interface.rate.unwrap_or(0));
        }
        for interface in &mut self.snapshot.interfaces {
            if interface.name == ANY && !self.traffic.is_empty() {
                interface.rate = Some(all);
            }
            if let Some(rate) = interface.rate {
                let rate = u32::try_from(rate).unwrap_or(u32::MAX);
                interface.course.push(rate);
                let over = interface.course.len().saturating_sub(COURSE);
                interface.course.drain(..over);
            }
        }
    }

    fn look_at_filter(&mut self, filter: &str) {
        if self.filter.as_deref() == Some(filter) {
            return;
        }
        self.filter = Some(filter.to_owned());
        self.snapshot.filter = match check(filter) {
            Ok(checked) => Filter::Checked(checked),
            Err(error) => Filter::Unusable(error.to_string()),
        };
    }

    fn look_at_folder(&mut self, typed: Option<&str>) {
        let Some(typed) = typed else {
            self.folder = None;
            return;
        };
        let is_new = self.folder.as_ref().is_none_or(|(text, _)| text != typed);
        let since = self.folder.as_ref().map(|(_, since)| *since);
        if !is_new && !is_over(since, LOOK_EVERY) {
            return;
        }
        let path = match typed {
            "" => PathBuf::from("."),
            typed => at_home(typed, self.snapshot.home.as_deref()),
        };
        self.snapshot.folder = folder::list(&path);
        self.folder = Some((typed.to_owned(), Instant::now()));
    }
}

impl World for Here<'_> {
    fn look(&mut self, filter: &str, folder: Option<&str>) -> Snapshot {
        self.look_at_interfaces();
        self.look_at_filter(filter);
        self.look_at_folder(folder);
        self.snapshot.clone()
    }

    fn admit(&mut self, choice: &Choice) -> Result<(), String> {
        if let model::Origin::File(path) = &choice.origin {
            is_capture(path)?;
        }
        let input = input(self.flags, choice)?;
        // What is opened here is closed again: it is opened for good where rights are given up.
        match Reading::open(self.flags, &input) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// What is to be read for a choice.
pub(super) fn input(flags: &Flags, choice: &Choice) -> Result<Input, String> {
    let origin = match &choice.origin {
        model::Origin::Interfaces(names) => Origin::Interfaces(names.clone()),
        model::Origin::File(path) => Origin::Files(vec![path.clone()]),
        model::Origin::Demo => Origin::Demo,
    };
    let mut input = flags.input_of(origin)?;
    // The field began with what the command line had.
    input.bpf.clone_from(&choice.bpf);
    Ok(input)
}

fn is_capture(path: &Path) -> Result<(), String> {
    let name = printable(&path.to_string_lossy());
    let said = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("{name}: no such file"),
        _ => format!("{name}: {error}"),
    };
    let metadata = path.metadata().map_err(said)?;
    if metadata.is_dir() {
        return Err(format!(
            "{name}: is a folder; a / behind it lists what is in it"
        ));
    }
    // A pipe is not opened twice.
    if metadata.is_file() && folder::begin(path).map_err(said)? == Begin::Foreign {
        return Err(format!(
            "{name}: not a capture file: pcap and pcapng are read, plain or compressed with gzip, zstd or lz4"
        ));
    }
    Ok(())
}

fn recents(memory: &Memory) -> Vec<model::Recent> {
    let now = recent::now();
    let opened = memory.opened().into_iter();
    opened
        .map(|opened| model::Recent {
            age: now.saturating_sub(opened.at),
            size: opened.path.metadata().ok().map(|file| file.len()),
            path: opened.path,
        })
        .collect()
}

fn is_over(since: Option<Instant>, time: Duration) -> bool {
    since.is_none_or(|since| since.elapsed() >= time)
}

fn per_second(bytes: u64, passed: Duration) -> u64 {
    let nanos = u128::from(bytes).saturating_mul(1_000_000_000);
    u64::try_from(nanos / passed.as_nanos().max(1)).unwrap_or(u64::MAX)
}

/// The one for all first, then those that can carry something, then the loopback, then what is
/// switched off. What has no counters where the others have some carries no IP: libpcap lists
/// Bluetooth, USB and message buses, too.
fn sorted(mut devices: Vec<Device>, traffic: &HashMap<String, Traffic>) -> Vec<Device> {
    devices.retain(|device| {
        traffic.is_empty() || device.name == ANY || traffic.contains_key(&device.name)
    });
    devices.sort_by_key(|device| match device {
        device if device.name == ANY => 0,
        device if !device.up => 3,
        device if device.loopback => 2,
        _ => 1,
    });
    devices.truncate(MOST_INTERFACES);
    devices
}

fn about(device: &Device) -> String {
    if device.name == ANY {
        return "all interfaces".to_owned();
    }
    let addresses = device.addresses.iter();
    let addresses: Vec<String> = addresses.map(|address| address.ip.to_string()).collect();
    if addresses.is_empty() {
        return device.description.clone().unwrap_or_default();
    }
    addresses.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(name: &str, up: bool, loopback: bool) -> Device {
        Device {
            name: name.to_owned(),
            description: None,
            addresses: Vec::new(),
            up,
            running: up,
            loopback,
            wireless: false,
            connected: None,
        }
    }

    #[test]
    fn the_most_useful_interface_is_first() {
        let devices = vec![
            device("off0", false, false),
            device("lo", true, true),
            device("eth0", true, false),
            device("bluetooth0", true, false),
            device("any", true, false),
        ];
        let names = |traffic: &HashMap<String, Traffic>| {
            let devices = sorted(devices.clone(), traffic).into_iter();
            devices.map(|device| device.name).collect::<Vec<_>>()
        };
        let counted = ["off0", "lo", "eth0"].map(|name| (name.to_owned(), Traffic::default()));
        assert_eq!(
            names(&HashMap::from(counted)),
            ["any", "eth0", "lo", "off0"]
        );
        let all = ["any", "eth0", "bluetooth0", "lo", "off0"];
        assert_eq!(names(&HashMap::new()), all);
    }

    #[test]
    fn rates_are_those_of_the_time_that_passed() {
        assert_eq!(per_second(500, Duration::from_millis(250)), 2000);
        assert_eq!(per_second(0, Duration::ZERO), 0);
        assert_eq!(per_second(u64::MAX, Duration::ZERO), u64::MAX);
    }

    #[test]
    fn what_is_no_capture_is_refused_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().join("notes.txt");
        std::fs::write(&text, b"text").unwrap();
        assert!(
            is_capture(&text)
                .unwrap_err()
                .contains("not a capture file")
        );
        assert!(
            is_capture(folder.path())
                .unwrap_err()
                .contains("is a folder")
        );
        let gone = is_capture(&folder.path().join("gone")).unwrap_err();
        assert!(gone.ends_with("gone: no such file"), "{gone}");
        let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/slow-uplink.pcap.gz");
        assert_eq!(is_capture(Path::new(sample)), Ok(()));
    }
}
