//! System calls that are refused, by seccomp.
//!
//! What is refused is on the list, and not what is allowed: which calls a C library makes for a
//! thread or a lock differs from one version and machine to the next, and a list of those would
//! break on a host that nobody tried, in the middle of a capture. What the program must never do
//! is the same everywhere. A call that is refused fails with EPERM, as for a user without rights: a
//! capture that runs into a mistake of ours tells it and goes on.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::env::consts::ARCH;

use libc::c_long;
use seccompiler::BackendError;
use seccompiler::BpfProgram;
use seccompiler::SeccompAction;
use seccompiler::SeccompCmpArgLen::Dword;
use seccompiler::SeccompCmpArgLen::Qword;
use seccompiler::SeccompCmpOp;
use seccompiler::SeccompCondition;
use seccompiler::SeccompFilter;
use seccompiler::SeccompRule;
use seccompiler::TargetArch;

/// Calls with one reason to refuse them.
struct Refused {
    #[cfg_attr(not(test), expect(dead_code, reason = "it is for who reads the table"))]
    why: &'static str,
    calls: &'static [c_long],
}

/// What no thread does once it is confined. Calls of Linux 5.1 and later stand by their numbers,
/// which are the same on all machines; C libraries lag behind in their names.
const REFUSED: &[Refused] = &[
    Refused {
        why: "no program is started",
        calls: &[libc::SYS_execve, libc::SYS_execveat],
    },
    #[cfg(target_arch = "x86_64")]
    Refused {
        why: "no process is made (clone is looked at below)",
        calls: &[libc::SYS_fork, libc::SYS_vfork],
    },
    Refused {
        why: "nobody is spoken to but those who ask for metrics, over a socket that is open",
        calls: &[libc::SYS_listen],
    },
    Refused {
        why: "no other process is looked into, written to, held or signalled",
        calls: &[
            libc::SYS_ptrace,
            libc::SYS_process_vm_readv,
            libc::SYS_process_vm_writev,
            libc::SYS_kcmp,
            libc::SYS_move_pages,
            libc::SYS_migrate_pages,
            libc::SYS_rt_sigqueueinfo,
            libc::SYS_rt_tgsigqueueinfo,
            424, // pidfd_send_signal
            434, // pidfd_open
            438, // pidfd_getfd
            440, // process_madvise
            448, // process_mrelease
        ],
    },
    Refused {
        why: "the kernel runs no code of ours, and is measured by nobody",
        calls: &[
            libc::SYS_bpf,
            libc::SYS_perf_event_open,
            libc::SYS_userfaultfd,
            libc::SYS_init_module,
            libc::SYS_finit_module,
            libc::SYS_delete_module,
            libc::SYS_kexec_load,
            KEXEC_FILE_LOAD,
        ],
    },
    Refused {
        why: "io_uring does without system calls what is refused here",
        calls: &[425, 426, 427], // io_uring_setup, io_uring_enter, io_uring_register
    },
    Refused {
        why: "nothing is mounted, and the root stays where it is",
        calls: &[
            libc::SYS_mount,
            libc::SYS_umount2,
            libc::SYS_pivot_root,
            libc::SYS_chroot,
            428, // open_tree
            429, // move_mount
            430, // fsopen
            431, // fsconfig
            432, // fsmount
            433, // fspick
            442, // mount_setattr
            467, // open_tree_attr
        ],
    },
    Refused {
        why: "no namespace is made or entered: in one of its own a process has all capabilities",
        calls: &[libc::SYS_unshare, libc::SYS_setns],
    },
    Refused {
        why: "files are opened by their paths alone, which Landlock knows",
        calls: &[
            libc::SYS_open_by_handle_at,
            libc::SYS_name_to_handle_at,
            libc::SYS_fanotify_init,
            libc::SYS_fanotify_mark,
        ],
    },
    Refused {
        why: "no file changes its owner, mode, attributes or times, and none gets another name \
              but by renaming: Landlock does not look at most of these",
        calls: &[
            libc::SYS_fchmod,
            libc::SYS_fchmodat,
            452, // fchmodat2
            libc::SYS_fchown,
            libc::SYS_fchownat,
            libc::SYS_setxattr,
            libc::SYS_lsetxattr,
            libc::SYS_fsetxattr,
            libc::SYS_removexattr,
            libc::SYS_lremovexattr,
            libc::SYS_fremovexattr,
            463, // setxattrat
            466, // removexattrat
            libc::SYS_utimensat,
            libc::SYS_linkat,
            libc::SYS_symlinkat,
            libc::SYS_mknodat,
        ],
    },
    #[cfg(target_arch = "x86_64")]
    Refused {
        why: "the same, by older calls",
        calls: &[
            libc::SYS_chmod,
            libc::SYS_chown,
            libc::SYS_lchown,
            libc::SYS_utime,
            libc::SYS_utimes,
            libc::SYS_futimesat,
            libc::SYS_link,
            libc::SYS_symlink,
            libc::SYS_mknod,
            libc::SYS_setrlimit,
        ],
    },
    Refused {
        why: "no user, group or manner of running is changed",
        calls: &[
            libc::SYS_setuid,
            libc::SYS_setgid,
            libc::SYS_setreuid,
            libc::SYS_setregid,
            libc::SYS_setresuid,
            libc::SYS_setresgid,
            libc::SYS_setfsuid,
            libc::SYS_setfsgid,
            libc::SYS_setgroups,
            libc::SYS_personality,
        ],
    },
    Refused {
        why: "the kernel's keys are not ours",
        calls: &[libc::SYS_add_key, libc::SYS_request_key, libc::SYS_keyctl],
    },
    Refused {
        why: "no memory is shared, nor a file made that has no path",
        calls: &[
            libc::SYS_memfd_create,
            447, // memfd_secret
            libc::SYS_shmget,
            libc::SYS_shmat,
            libc::SYS_shmctl,
            libc::SYS_msgget,
            libc::SYS_semget,
            libc::SYS_mq_open,
        ],
    },
    Refused {
        why: "clock, name, disks, log and power of the machine are not ours",
        calls: &[
            libc::SYS_settimeofday,
            libc::SYS_clock_settime,
            libc::SYS_clock_adjtime,
            libc::SYS_adjtimex,
            libc::SYS_sethostname,
            libc::SYS_setdomainname,
            libc::SYS_swapon,
            libc::SYS_swapoff,
            libc::SYS_quotactl,
            443, // quotactl_fd
            libc::SYS_acct,
            libc::SYS_syslog,
            libc::SYS_reboot,
            libc::SYS_vhangup,
        ],
    },
    #[cfg(target_arch = "x86_64")]
    Refused {
        why: "ports and descriptor tables of the processor are not ours",
        calls: &[libc::SYS_iopl, libc::SYS_ioperm, libc::SYS_modify_ldt],
    },
];

/// What those refuse themselves that decode: the capture thread has to open interfaces again.
const REFUSED_TO_DECODERS: &[Refused] = &[Refused {
    why: "no socket is opened, bound or connected, and no capability comes back",
    calls: &[
        libc::SYS_socket,
        libc::SYS_connect,
        libc::SYS_bind,
        libc::SYS_capset,
    ],
}];

/// Some C libraries have no name for it.
const KEXEC_FILE_LOAD: c_long = if cfg!(target_arch = "x86_64") {
    320
} else {
    294
};

/// Makes threads and processes by what is in memory, where a filter cannot look.
const CLONE3: c_long = 435;

/// Added to the number of a call by the x32 way to make it, which few kernels have: the same calls
/// by other numbers.
#[cfg(target_arch = "x86_64")]
const X32: c_long = 0x4000_0000;

/// Calls that have numbers of their own there.
#[cfg(target_arch = "x86_64")]
const X32_ONLY: std::ops::RangeInclusive<c_long> = 512..=547;

/// For whom a filter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// Everyone who reads bytes of packets.
    Decoders,
    /// The thread that captures.
    #[cfg(feature = "live")]
    Capture,
}

/// Refuses this thread, and those it will start, what it must not do.
pub(super) fn refuse(who: Who) -> Result<(), seccompiler::Error> {
    let programs = programs(who).map_err(seccompiler::Error::Backend)?;
    for program in &programs {
        seccompiler::apply_filter(program)?;
    }
    Ok(())
}

fn programs(who: Who) -> Result<[BpfProgram; 2], BackendError> {
    let mut rules: BTreeMap<c_long, Vec<SeccompRule>> = BTreeMap::new();
    let to_some = match who {
        Who::Decoders => REFUSED_TO_DECODERS,
        #[cfg(feature = "live")]
        Who::Capture => &[],
    };
    for call in REFUSED.iter().chain(to_some).flat_map(|group| group.calls) {
        rules.insert(*call, Vec::new());
    }
    rules.extend(looked_at()?);
    #[cfg(feature = "live")]
    if who == Who::Capture {
        rules.insert(libc::SYS_socket, sockets_beyond_interfaces()?);
    }
    #[cfg(target_arch = "x86_64")]
    {
        let others: Vec<_> = rules.keys().map(|call| call | X32).collect();
        let others = others.into_iter().chain(X32_ONLY.map(|call| call | X32));
        rules.extend(others.map(|call| (call, Vec::new())));
    }
    // C libraries make their threads by clone where there is no clone3.
    let no_such_call = u32::try_from(libc::ENOSYS).unwrap_or(0);
    let not_permitted = u32::try_from(libc::EPERM).unwrap_or(0);
    let clone3 = BTreeMap::from([(CLONE3, Vec::new())]);
    Ok([
        compile(clone3, no_such_call)?,
        compile(rules, not_permitted)?,
    ])
}

fn compile(
    rules: BTreeMap<c_long, Vec<SeccompRule>>,
    errno: u32,
) -> Result<BpfProgram, BackendError> {
    SeccompFilter::new(
        rules,
        SeccompAction::Allow,
        SeccompAction::Errno(errno),
        TargetArch::try_from(ARCH)?,
    )?
    .try_into()
}

/// Calls of which some are refused, by their arguments.
fn looked_at() -> Result<BTreeMap<c_long, Vec<SeccompRule>>, BackendError> {
    let flag = |flag: i32| u64::from(flag.unsigned_abs());
    let has = |argument, flag| {
        let op = SeccompCmpOp::MaskedEq(flag);
        rule(&[(argument, op, flag)])
    };
    let own_process = u64::from(std::process::id());
    let of_others = || rule(&[(0, SeccompCmpOp::Ne, own_process)]);
    Ok(BTreeMap::from([
        // Threads are made, processes are not.
        (
            libc::SYS_clone,
            vec![rule(&[(
                0,
                SeccompCmpOp::MaskedEq(flag(libc::CLONE_THREAD)),
                0,
            )])?],
        ),
        // A second signal ends the program, which it sends itself.
        (libc::SYS_kill, vec![of_others()?]),
        (libc::SYS_tgkill, vec![of_others()?]),
        // No memory is written that runs: no new code comes in.
        (libc::SYS_mmap, vec![has(2, flag(libc::PROT_EXEC))?]),
        (libc::SYS_mprotect, vec![has(2, flag(libc::PROT_EXEC))?]),
        (
            libc::SYS_pkey_mprotect,
            vec![has(2, flag(libc::PROT_EXEC))?],
        ),
        // Limits are looked at and not set, not those of others either.
        (
            libc::SYS_prlimit64,
            vec![SeccompRule::new(vec![SeccompCondition::new(
                2,
                Qword,
                SeccompCmpOp::Ne,
                0,
            )?])?],
        ),
        // Nothing is typed into the terminal for the shell behind us.
        (
            libc::SYS_ioctl,
            vec![
                rule(&[(1, SeccompCmpOp::Eq, TIOCSTI)])?,
                rule(&[(1, SeccompCmpOp::Eq, TIOCLINUX)])?,
            ],
        ),
    ]))
}

/// Types a character into a terminal (`ioctl_tty(2)`).
const TIOCSTI: u64 = 0x5412;

/// Among others pastes what was marked on a console.
const TIOCLINUX: u64 = 0x541C;

/// Sockets that opening an interface does not need. It needs those of packets and of netlink;
/// datagrams for questions about an interface, and to names servers when a filter holds names.
#[cfg(feature = "live")]
fn sockets_beyond_interfaces() -> Result<Vec<SeccompRule>, BackendError> {
    /// Bits of the type of a socket beside its flags.
    const TYPES: u64 = 0xF;

    let number = |number: i32| u64::from(number.unsigned_abs());
    let is_not = |family| (0, SeccompCmpOp::Ne, number(family));
    let of_interfaces = [is_not(libc::AF_PACKET), is_not(libc::AF_NETLINK)];
    let of_questions = [
        is_not(libc::AF_INET),
        is_not(libc::AF_INET6),
        is_not(libc::AF_UNIX),
    ];
    let mut rules = vec![rule(&[&of_interfaces[..], &of_questions].concat())?];
    for other in [
        libc::SOCK_STREAM,
        libc::SOCK_RAW,
        libc::SOCK_RDM,
        libc::SOCK_SEQPACKET,
    ] {
        let is_type = (1, SeccompCmpOp::MaskedEq(TYPES), number(other));
        rules.push(rule(&[&of_interfaces[..], &[is_type]].concat())?);
    }
    Ok(rules)
}

/// A rule of conditions that hold together: argument, comparison, value. The arguments are numbers
/// of 32 bits.
fn rule(conditions: &[(u8, SeccompCmpOp, u64)]) -> Result<SeccompRule, BackendError> {
    let conditions = conditions
        .iter()
        .map(|(argument, op, value)| SeccompCondition::new(*argument, Dword, op.clone(), *value));
    SeccompRule::new(conditions.collect::<Result<_, _>>()?)
}
