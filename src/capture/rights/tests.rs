//! A confined thread tries what it must not do, and what it has to be able to. Where the kernel
//! lacks a measure, that is told and not held against us.

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::ErrorKind;
use std::io::Write as _;
use std::net::TcpListener;
use std::net::TcpStream;
use std::net::UdpSocket;
use std::path::Path;
use std::process::Command;
use std::thread;

use super::Keep;
use super::Measure;
use super::Reach;
use super::confine;

/// Runs a test in a thread that is confined; not where the kernel lacks a measure.
fn confined(reach: Reach, test: impl FnOnce() + Send + 'static) {
    let tested = thread::spawn(move || {
        let shortfalls = confine(&reach, Keep::Nothing);
        for shortfall in &shortfalls {
            println!("skipped: {shortfall}");
            assert_ne!(shortfall.measure, Measure::Capabilities);
        }
        if shortfalls.is_empty() {
            test();
        }
    });
    if let Err(panic) = tested.join() {
        std::panic::resume_unwind(panic);
    }
}

/// What the system says.
fn errno<T>(result: io::Result<T>) -> Option<i32> {
    result.err().and_then(|error| error.raw_os_error())
}

#[test]
fn no_program_is_started_and_no_socket_opened() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    confined(Reach::default(), move || {
        assert_eq!(errno(Command::new("true").spawn()), Some(libc::EPERM));
        assert_eq!(errno(UdpSocket::bind("127.0.0.1:0")), Some(libc::EPERM));
        assert_eq!(errno(TcpStream::connect(address)), Some(libc::EPERM));
        assert_eq!(errno(TcpListener::bind("127.0.0.1:0")), Some(libc::EPERM));
        let unix = std::os::unix::net::UnixDatagram::unbound();
        assert_eq!(errno(unix), Some(libc::EPERM));
        // What is open goes on: this is how metrics are served.
        listener.set_nonblocking(true).unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
        // And so do threads.
        assert_eq!(thread::spawn(|| 7).join().unwrap(), 7);
    });
}

#[test]
fn no_right_comes_back() {
    confined(Reach::default(), || {
        let errno =
            |result: rustix::io::Result<()>| result.err().map(rustix::io::Errno::raw_os_error);
        let all = rustix::thread::CapabilitySets {
            effective: rustix::thread::CapabilitySet::NET_RAW,
            permitted: rustix::thread::CapabilitySet::NET_RAW,
            inheritable: rustix::thread::CapabilitySet::empty(),
        };
        assert_eq!(
            errno(rustix::thread::set_capabilities(None, all)),
            Some(libc::EPERM)
        );
        let held = rustix::thread::capabilities(None).unwrap();
        assert!(held.permitted.is_empty() && held.effective.is_empty());
        assert!(rustix::thread::no_new_privs().unwrap());
        // Of this thread alone: a C library would have all threads become it, and give the
        // process up where they differ.
        let root = rustix::process::Uid::ROOT;
        assert_eq!(
            errno(rustix::thread::set_thread_uid(root)),
            Some(libc::EPERM)
        );
        let parent = rustix::process::getppid().unwrap();
        assert_eq!(
            errno(rustix::process::test_kill_process(parent)),
            Some(libc::EPERM)
        );
        let own = rustix::process::getpid();
        assert_eq!(errno(rustix::process::test_kill_process(own)), None);
    });
}

#[test]
fn limits_are_looked_at_and_not_set() {
    confined(Reach::default(), || {
        let none = rustix::process::Rlimit {
            current: Some(0),
            maximum: Some(0),
        };
        let core = rustix::process::Resource::Core;
        let before = rustix::process::getrlimit(core);
        let set = rustix::process::setrlimit(core, none);
        assert_eq!(
            set.err().map(rustix::io::Errno::raw_os_error),
            Some(libc::EPERM)
        );
        assert_eq!(rustix::process::getrlimit(core), before);
    });
}

#[test]
fn only_what_was_named_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("in"), b"input").unwrap();
    fs::write(path.join("other"), b"other").unwrap();
    fs::create_dir(path.join("out")).unwrap();
    fs::write(path.join("out/secret"), b"secret").unwrap();
    let mut reach = Reach::default();
    reach.reads(&path.join("in"));
    reach.writes_into(&path.join("out"));
    let at = path.to_owned();
    confined(reach, move || {
        assert_eq!(fs::read(at.join("in")).unwrap(), b"input");
        let denied = |result: io::Result<File>| {
            assert_eq!(errno(result), Some(libc::EACCES));
        };
        denied(File::open(at.join("other")));
        denied(File::open("/etc/passwd"));
        denied(File::open("/proc/self/status"));
        denied(OpenOptions::new().append(true).open(at.join("in")));
        denied(File::create(at.join("new")));
        // What is written there is not read.
        denied(File::open(at.join("out/secret")));
        // Files that turn: made, renamed, made again, deleted.
        let out = at.join("out");
        File::create(out.join("a"))
            .unwrap()
            .write_all(b"1")
            .unwrap();
        fs::rename(out.join("a"), out.join("a.1")).unwrap();
        File::create(out.join("a"))
            .unwrap()
            .write_all(b"2")
            .unwrap();
        fs::remove_file(out.join("a.1")).unwrap();
        // Nothing else.
        assert_eq!(errno(fs::create_dir(out.join("b"))), Some(libc::EACCES));
        assert_eq!(
            errno(std::os::unix::fs::symlink("/etc/passwd", out.join("c"))),
            Some(libc::EPERM)
        );
        assert_eq!(
            errno(fs::hard_link(at.join("in"), out.join("d"))),
            Some(libc::EPERM)
        );
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o4755);
        assert_eq!(
            errno(fs::set_permissions(out.join("a"), mode)),
            Some(libc::EPERM)
        );
        assert!(fs::rename(out.join("a"), at.join("e")).is_err());
        // What is not there is told as that.
        assert_eq!(errno(File::open(Path::new("/no/such"))), Some(libc::ENOENT));
    });
    assert_eq!(fs::read(path.join("out/a")).unwrap(), b"2");
}

#[test]
fn the_trial_finds_no_leak() {
    let trial = super::trial();
    if trial.shortfalls.is_empty() {
        assert_eq!(trial.leaks, Vec::<&str>::new());
    } else {
        println!("skipped: {:?}", trial.shortfalls);
    }
    // The one who asked is as free as before.
    assert!(File::open("/proc/self/status").is_ok());
}

/// As on a kernel, or in a container, that lacks a call.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn without(call: libc::c_long, errno: i32) {
    let rules = std::collections::BTreeMap::from([(call, Vec::new())]);
    let refused = seccompiler::SeccompAction::Errno(u32::try_from(errno).unwrap());
    let arch = std::env::consts::ARCH.try_into().unwrap();
    let allow = seccompiler::SeccompAction::Allow;
    let filter = seccompiler::SeccompFilter::new(rules, allow, refused, arch).unwrap();
    let program: seccompiler::BpfProgram = filter.try_into().unwrap();
    seccompiler::apply_filter(&program).unwrap();
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[test]
fn what_is_lacking_is_told_and_the_rest_is_done() {
    let cases = [
        (444, libc::ENOSYS, Measure::Landlock), // landlock_create_ruleset
        (444, libc::EPERM, Measure::Landlock),
        (libc::SYS_seccomp, libc::EPERM, Measure::Seccomp),
        (libc::SYS_capset, libc::EPERM, Measure::Capabilities),
    ];
    for (call, errno, lacking) in cases {
        let tested = thread::spawn(move || {
            let had = rustix::thread::capabilities(None).unwrap();
            without(call, errno);
            let told = confine(&Reach::default(), Keep::Nothing);
            let is_told = told.iter().any(|shortfall| shortfall.measure == lacking);
            // Who has no capabilities need not give any up.
            let is_lacking = lacking != Measure::Capabilities || !had.permitted.is_empty();
            assert_eq!(is_told, is_lacking, "{lacking}: {told:?}");
            if told.iter().all(|shortfall| shortfall.measure == lacking) {
                let is_open = File::open("/proc/self/status").is_ok();
                assert_eq!(is_open, lacking == Measure::Landlock);
                let is_socket = UdpSocket::bind("127.0.0.1:0").is_ok();
                assert_eq!(is_socket, lacking == Measure::Seccomp);
            }
        });
        if let Err(panic) = tested.join() {
            std::panic::resume_unwind(panic);
        }
    }
}
