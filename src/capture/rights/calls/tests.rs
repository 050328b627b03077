//! What the filters say to calls, reckoned here as the kernel does.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "places in a short program; an overflow fails the test"
)]

use super::*;

#[test]
fn no_call_stands_twice_and_each_group_has_a_reason() {
    let mut seen = std::collections::BTreeSet::new();
    for group in REFUSED.iter().chain(REFUSED_TO_DECODERS) {
        assert!(!group.why.is_empty() && !group.calls.is_empty());
        for call in group.calls {
            assert!(seen.insert(call), "{call}: {}", group.why);
        }
    }
    for call in looked_at().unwrap().keys() {
        assert!(!seen.contains(call), "{call} is refused whatever it says");
    }
}

/// What a filter says to a call, as the kernel reckons it (the instructions that seccompiler
/// makes).
fn verdict(program: &BpfProgram, call: c_long, arguments: [u64; 6]) -> u32 {
    const LOAD: u16 = 0x20;
    const AND: u16 = 0x54;
    const JUMP: u16 = 0x05;
    const IF_EQUAL: u16 = 0x15;
    const IF_GREATER: u16 = 0x25;
    const IF_NOT_LESS: u16 = 0x35;
    const RETURN: u16 = 0x06;

    let arch = if cfg!(target_arch = "x86_64") {
        0xC000_003E_u32
    } else {
        0xC000_00B7
    };
    let mut data = Vec::new();
    data.extend(u32::try_from(call).unwrap().to_le_bytes());
    data.extend(arch.to_le_bytes());
    data.extend([0; 8]);
    data.extend(arguments.iter().flat_map(|argument| argument.to_le_bytes()));
    let (mut at, mut value) = (0_usize, 0_u32);
    loop {
        let step = &program[at];
        at += 1;
        let jump = |is: bool| usize::from(if is { step.jt } else { step.jf });
        match step.code {
            LOAD => {
                let place = step.k as usize;
                value = u32::from_le_bytes(data[place..place + 4].try_into().unwrap());
            }
            AND => value &= step.k,
            JUMP => at += step.k as usize,
            IF_EQUAL => at += jump(value == step.k),
            IF_GREATER => at += jump(value > step.k),
            IF_NOT_LESS => at += jump(value >= step.k),
            RETURN => return step.k,
            other => panic!("instruction {other:#x}"),
        }
    }
}

/// What comes of a call: none where it goes through.
fn errno(who: Who, call: c_long, arguments: &[u64]) -> Option<i32> {
    const ALLOW: u32 = 0x7FFF_0000;

    let mut all = [0; 6];
    all[..arguments.len()].copy_from_slice(arguments);
    let programs = programs(who).unwrap();
    let verdicts = programs.iter().map(|program| verdict(program, call, all));
    // The least of them counts.
    let verdict = verdicts.min().unwrap();
    (verdict != ALLOW).then(|| {
        assert_eq!(verdict >> 16, 5, "an error and nothing worse");
        i32::try_from(verdict & 0xFFFF).unwrap()
    })
}

#[test]
fn what_is_on_the_list_is_refused_and_what_is_needed_is_not() {
    let refused = |call, arguments: &[u64]| {
        assert_eq!(
            errno(Who::Decoders, call, arguments),
            Some(libc::EPERM),
            "{call}"
        );
    };
    let allowed = |call, arguments: &[u64]| {
        assert_eq!(errno(Who::Decoders, call, arguments), None, "{call}");
    };
    for group in REFUSED.iter().chain(REFUSED_TO_DECODERS) {
        for call in group.calls {
            refused(*call, &[]);
        }
    }
    for call in [
        libc::SYS_read,
        libc::SYS_write,
        libc::SYS_openat,
        libc::SYS_accept4,
        libc::SYS_recvfrom,
        libc::SYS_sendto,
        libc::SYS_socketpair,
        libc::SYS_futex,
        libc::SYS_getrandom,
        libc::SYS_madvise,
        libc::SYS_prctl,
        libc::SYS_renameat2,
        libc::SYS_unlinkat,
        libc::SYS_ftruncate,
    ] {
        allowed(call, &[]);
    }
    // A thread, a process, and a call whose flags cannot be seen.
    let of_thread = u64::from((libc::CLONE_VM | libc::CLONE_THREAD).unsigned_abs());
    allowed(libc::SYS_clone, &[of_thread]);
    refused(libc::SYS_clone, &[u64::from(libc::SIGCHLD.unsigned_abs())]);
    assert_eq!(errno(Who::Decoders, CLONE3, &[]), Some(libc::ENOSYS));
    // Memory for data, and for code.
    let (data, code) = (3, 7);
    for call in [libc::SYS_mmap, libc::SYS_mprotect, libc::SYS_pkey_mprotect] {
        allowed(call, &[0, 4096, data]);
        refused(call, &[0, 4096, code]);
    }
    allowed(libc::SYS_prlimit64, &[0, 3, 0, 1 << 40]);
    refused(libc::SYS_prlimit64, &[0, 3, 1 << 40, 0]);
    let own = u64::from(std::process::id());
    allowed(libc::SYS_kill, &[own, 2]);
    refused(libc::SYS_kill, &[own + 1, 2]);
    refused(libc::SYS_tgkill, &[own + 1, own + 1, 2]);
    refused(libc::SYS_ioctl, &[0, TIOCSTI]);
    // The size of a terminal. The kernel looks at 32 bits of the number alone, and so do we.
    allowed(libc::SYS_ioctl, &[0, 0x5413]);
    refused(libc::SYS_ioctl, &[0, TIOCSTI | 1 << 32]);
}

#[cfg(feature = "live")]
#[test]
fn the_capture_thread_opens_sockets_of_interfaces_alone() {
    let socket = |family: i32, kind: i32| {
        let number = |number: i32| u64::from(number.unsigned_abs());
        errno(
            Who::Capture,
            libc::SYS_socket,
            &[number(family), number(kind)],
        )
    };
    let refused = Some(libc::EPERM);
    let flags = libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    assert_eq!(socket(libc::AF_PACKET, libc::SOCK_RAW), None);
    assert_eq!(socket(libc::AF_PACKET, libc::SOCK_DGRAM), None);
    assert_eq!(socket(libc::AF_NETLINK, libc::SOCK_RAW | flags), None);
    assert_eq!(socket(libc::AF_INET, libc::SOCK_DGRAM | flags), None);
    assert_eq!(socket(libc::AF_INET, libc::SOCK_STREAM | flags), refused);
    assert_eq!(socket(libc::AF_INET6, libc::SOCK_RAW), refused);
    assert_eq!(socket(libc::AF_UNIX, libc::SOCK_STREAM), refused);
    assert_eq!(socket(libc::AF_VSOCK, libc::SOCK_DGRAM), refused);
    assert_eq!(errno(Who::Capture, libc::SYS_execve, &[]), refused);
    assert_eq!(errno(Who::Capture, libc::SYS_capset, &[]), None);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn other_numbers_of_the_same_calls_lead_nowhere() {
    for call in [
        libc::SYS_socket,
        libc::SYS_ptrace,
        libc::SYS_clone,
        520,
        545,
    ] {
        assert_eq!(
            errno(Who::Decoders, call | X32, &[]),
            Some(libc::EPERM),
            "{call}"
        );
    }
}

#[test]
fn filters_fit_into_the_kernel() {
    /// Instructions of a filter (`BPF_MAXINSNS`).
    const MOST: usize = 4096;

    for program in programs(Who::Decoders).unwrap() {
        assert!(program.len() < MOST, "{}", program.len());
    }
}
