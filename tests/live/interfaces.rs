//! Interfaces that come and go, in network namespaces of their own.

use std::fs;
use std::process::Command;
use std::process::Output;

use serde_json::Value;

use crate::common::command;
use crate::watch::Watcher;
use crate::watch::has;
use crate::watch::wait_for;

/// Two namespaces joined by a pair of interfaces; gone at the end of the test.
pub(crate) struct Pair {
    pub(crate) near: String,
    pub(crate) far: String,
}

pub(crate) fn ip(args: &str) -> Output {
    Command::new("ip")
        .args(args.split_whitespace())
        .output()
        .expect("ip can be started")
}

impl Pair {
    /// Makes them; `None`, with a word, where that is not permitted.
    pub(crate) fn new(name: &str) -> Option<Self> {
        if !has("ip") {
            return None;
        }
        let pair = Self {
            near: format!("rtmpscope-{name}-{}-a", std::process::id()),
            far: format!("rtmpscope-{name}-{}-b", std::process::id()),
        };
        for namespace in [&pair.near, &pair.far] {
            let made = ip(&format!("netns add {namespace}"));
            if !made.status.success() {
                let said = String::from_utf8_lossy(&made.stderr).into_owned();
                println!("skipped: no network namespace: {}", said.trim());
                return None;
            }
        }
        pair.join();
        Some(pair)
    }

    /// Joins them by `near0` and `far0`.
    pub(crate) fn join(&self) {
        let Self { near, far } = self;
        let made = ip(&format!(
            "link add near0 netns {near} type veth peer name far0 netns {far}"
        ));
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        for (namespace, name, address) in [(near, "near0", "192.0.2.1"), (far, "far0", "192.0.2.2")]
        {
            ip(&format!("-n {namespace} addr add {address}/24 dev {name}"));
            ip(&format!("-n {namespace} link set {name} up"));
        }
        self.wait_for_link();
    }

    /// Waits until both ends carry something: the kernel calls a link operational some time after it
    /// was switched on.
    fn wait_for_link(&self) {
        for (namespace, name) in [(&self.near, "near0"), (&self.far, "far0")] {
            wait_for("the link is operational", || {
                let shown = ip(&format!("-n {namespace} link show dev {name}"));
                String::from_utf8_lossy(&shown.stdout).contains("state UP")
            });
        }
    }

    /// Takes the pair away, and makes it again once its watcher has told that it is missed; waits until
    /// it is captured on again.
    pub(crate) fn go_and_come_back(&self, watcher: &Watcher) {
        ip(&format!("-n {} link del near0", self.near));
        wait_for("it is missed", || {
            watcher.said().contains("waiting for it to come back")
        });
        self.join();
        wait_for("it is back", || {
            watcher.said().contains("near0: captured on again")
        });
    }

    /// Sends echo requests from the far end until so many were answered.
    pub(crate) fn ping(&self, count: u32) {
        let far = &self.far;
        // With a limit of all of it, unlike with one of each answer, a single answer is no success.
        wait_for("all answers", || {
            ip(&format!(
                "netns exec {far} ping -q -i 0.05 -w 10 -c {count} 192.0.2.1"
            ))
            .status
            .success()
        });
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        for namespace in [&self.near, &self.far] {
            ip(&format!("netns del {namespace}"));
        }
    }
}

#[test]
fn an_interface_is_captured_on_again_when_it_is_back() {
    if !has("ping") {
        return;
    }
    let Some(pair) = Pair::new("back") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let args = ["json", "-i", "near0", "--events", "capture", "icmp"];
    let Some(watcher) = Watcher::start(Some(&pair.near), &args, folder.path()) else {
        return;
    };
    pair.ping(2);
    // Switched off and on, it is the same interface.
    ip(&format!("-n {} link set near0 down", pair.near));
    ip(&format!("-n {} link set near0 up", pair.near));
    pair.wait_for_link();
    pair.ping(2);
    // With an interface goes what the kernel still holds of it.
    wait_for("requests and answers are captured", || {
        watcher.counted() >= 2 * 4
    });
    pair.go_and_come_back(&watcher);
    pair.ping(3);
    assert_eq!(watcher.end(), 0);
    let output = fs::read_to_string(folder.path().join("stdout")).expect("records");
    let record: Value = serde_json::from_str(&output).expect("a record");
    let frames = record["capture"]["skipped_frames"]["icmp"].as_u64();
    // Requests and answers; the first attempts may come before the ends know each other.
    assert!(frames >= Some(2 * 7), "{record}");
}

#[test]
fn interfaces_are_listed_with_state_addresses_and_traffic() {
    let Some(pair) = Pair::new("list") else {
        return;
    };
    let output = Command::new("ip")
        .args(["netns", "exec", &pair.near])
        .arg(crate::common::rtmpscope().get_program())
        .arg("-D")
        .output()
        .expect("ip can be started");
    assert!(output.status.success());
    let list = crate::common::stdout(&output);
    let line = |name: &str| {
        let mut lines = list.lines();
        let found = lines.find(|line| line.split(' ').next() == Some(name));
        found.unwrap_or_else(|| panic!("no {name} in\n{list}"))
    };
    let near = line("near0");
    for part in [" up running ", " packets/s ", " in all ", " 192.0.2.1/24"] {
        assert!(near.contains(part), "{part} in {near}");
    }
    // That of a new namespace is switched off.
    let idle = line("lo");
    for part in [" down loopback ", " 0 packets/s ", " 0 B/s ", " 0 B in all"] {
        assert!(idle.contains(part), "{part} in {idle}");
    }
    // Other namespaces are not ours to tell of.
    assert!(!list.contains("far0"), "{list}");
}

#[test]
fn a_missing_right_is_4_and_says_what_to_do() {
    if !has("setpriv") {
        return;
    }
    let program = crate::common::rtmpscope();
    let output = command("setpriv")
        .args(["--bounding-set", "-net_raw", "--inh-caps", "-net_raw"])
        .arg(program.get_program())
        .args(["report", "-i", "lo"])
        .output()
        .expect("setpriv can be started");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if said.contains("setpriv:") {
        println!("skipped: {}", said.trim());
        return;
    }
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("lo: no permission to capture"), "{said}");
}
