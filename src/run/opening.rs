//! From a command line to frames that may be read: inputs are opened with all the rights there are,
//! outputs as the user who is to own them, and then rights are given up. Frames come only from what
//! is confined ([`Opened::confine`] is the one way to a [`Reading`]), so that no command can forget
//! it.

use std::io;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rtmpscope::base::text::printable;
use rtmpscope::base::units::bytes;
use rtmpscope::capture::live::DEFAULT_BUFFER_BYTES;
use rtmpscope::capture::rights;
use rtmpscope::capture::rights::Keep;
use rtmpscope::capture::rights::Reach;
use rtmpscope::capture::rights::Shortfall;
use rtmpscope::capture::rights::User;
use rtmpscope::report::packets::PacketFailure;
use rtmpscope::report::packets::Recorder;

use crate::cli::Flags;
use crate::cli::Input;
use crate::cli::Origin;
use crate::run::Exit;
use crate::run::complain;
use crate::run::demo;
use crate::run::exit_of;
use crate::run::reading::Reading;
use crate::run::signals;
use crate::run::steps::wall_clock;

/// What is open, with what it may still reach. Nothing was read yet.
pub(super) struct Opened {
    reading: Reading,
    reach: Reach,
    /// What is kept when the rights go; `None` keeps all of them.
    keep: Option<Keep>,
    /// Who writes, when that is not who started the program.
    writer: Option<String>,
    buffer: u64,
    is_quiet: bool,
}

/// Opens the input and what packets are written to, or says why that cannot be. Files that are
/// made from here on belong to the user who was asked for.
pub(super) fn open(flags: &Flags, input: &Input) -> Result<Opened, Exit> {
    let is_live = matches!(input.origin, Origin::Interfaces(_));
    // A name that nobody has is told before anything begins.
    let user = user(flags, is_live)?;
    let mut reading = Reading::open(flags, input).map_err(|error| {
        complain(&error);
        exit_of(error.class())
    })?;
    let mut writer = None;
    if let Some(user) = &user {
        user.become_it().map_err(|error| {
            complain(&error);
            Exit::Device
        })?;
        writer = Some(user.name().to_owned()).filter(|_| !user.is_root());
    }
    let keep = match (is_live, &writer) {
        (true, _) => Keep::Capture,
        (false, None) => Keep::Files,
        (false, Some(_)) => Keep::Nothing,
    };
    let is_confined = !flags.rights.no_confine;
    if is_confined || writer.is_some() {
        // Before files are made: what cannot be written is known now and not when they turn. Who
        // is no longer root has no capabilities of root, whatever was asked for.
        rights::hold(keep);
    }
    let mut reach = Reach::default();
    if let Origin::Files(paths) = &input.origin {
        for path in paths.iter().filter(|path| path.as_os_str() != "-") {
            reach.reads(path);
        }
    }
    if let Some(options) = flags.packets.options(flags.show_secrets) {
        if let Origin::Files(paths) = &input.origin
            && let Some(path) = paths.iter().find(|path| is_same(path, &options.path))
        {
            complain(&format_args!(
                "{}: is being read, and would be overwritten; -w needs another name",
                printable(&path.to_string_lossy())
            ));
            return Err(Exit::Usage);
        }
        let recorder = Recorder::open(options, wall_clock()).map_err(|error| {
            match &error {
                PacketFailure::File { path, cause } => {
                    complain(&format_args!(
                        "{error}{}",
                        hint(writer.as_deref(), path, cause)
                    ));
                }
                PacketFailure::Enough => complain(&error),
            }
            Exit::Output
        })?;
        reading.recorder = Some(recorder);
        flags.packets.reach(&mut reach);
    }
    Ok(Opened {
        reading,
        reach,
        keep: is_confined.then_some(keep),
        writer,
        buffer: flags.buffer.unwrap_or(u64::from(DEFAULT_BUFFER_BYTES)),
        is_quiet: flags.quiet,
    })
}

/// Like [`open`], for a command that opens nothing else later on.
pub(super) fn open_confined(flags: &Flags, input: &Input) -> Result<Reading, Exit> {
    open(flags, input)?.confine(|_| ())
}

impl Opened {
    /// Who writes, when that is not who started the program.
    pub(super) fn writer(&self) -> Option<&str> {
        self.writer.as_deref()
    }

    /// What may help who cannot write a file, though root could have.
    pub(super) fn hint(&self, path: &Path, error: &io::Error) -> String {
        hint(self.writer.as_deref(), path, error)
    }

    /// Gives up all rights but to read and write what is open, and what is added here. From here
    /// on frames may be read.
    pub(super) fn confine(mut self, add: impl FnOnce(&mut Reach)) -> Result<Reading, Exit> {
        if let Some(keep) = self.keep {
            add(&mut self.reach);
            // The thread that captures keeps a right that all others are without.
            self.reading.source.begin().map_err(|error| {
                complain(&error);
                exit_of(error.class())
            })?;
            let keep = match keep {
                Keep::Capture => Keep::Nothing,
                keep => keep,
            };
            let shortfalls = rights::confine(&self.reach, keep);
            if self.reading.is_live && !self.is_quiet {
                tell_shortfalls(&shortfalls);
            }
        }
        // Who waits for the word that we listen may send the first one right behind it.
        signals::catch(&self.reading.stop);
        signals::answer(&self.reading.asked);
        if self.reading.is_live && !self.is_quiet {
            tell_listening(&self.reading, self.buffer);
        }
        Ok(self.reading)
    }
}

/// Who to become: who was asked for, or, when interfaces are captured on, who called sudo.
fn user(flags: &Flags, is_live: bool) -> Result<Option<User>, Exit> {
    if let Some(name) = &flags.rights.user {
        return User::named(name).map(Some).map_err(|error| {
            complain(&error);
            Exit::Usage
        });
    }
    if !is_live || flags.rights.no_confine || !rights::is_root() {
        return Ok(None);
    }
    // The environment is that of root, who can become anybody.
    let number = |name: &str| std::env::var(name).ok()?.parse::<u32>().ok();
    let Some(uid) = number("SUDO_UID").filter(|uid| *uid != 0) else {
        return Ok(None);
    };
    let by_numbers = || User::named(&format!("{uid}:{}", number("SUDO_GID")?)).ok();
    Ok(User::named(&uid.to_string()).ok().or_else(by_numbers))
}

pub(super) fn hint(writer: Option<&str>, path: &Path, error: &io::Error) -> String {
    if error.kind() != io::ErrorKind::PermissionDenied {
        return String::new();
    }
    if let Some(writer) = writer {
        let writer = printable(writer);
        return format!("; user {writer} writes it: -Z names another, and -Z root stays root");
    }
    if !rights::is_root_without_override() {
        return String::new();
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let Ok(owner) = folder.unwrap_or(Path::new(".")).metadata() else {
        return String::new();
    };
    let (user, group) = (owner.uid(), owner.gid());
    format!(
        "; root has given up writing where others own: -Z {user}:{group} writes as the folder's owner"
    )
}

fn tell_shortfalls(shortfalls: &[Shortfall]) {
    if shortfalls.is_empty() {
        return;
    }
    let all: Vec<String> = shortfalls.iter().map(ToString::to_string).collect();
    complain(&format_args!(
        "not confined as it should be: {}",
        all.join("; ")
    ));
}

/// Says that the kernel captures from here on, as tcpdump does.
fn tell_listening(reading: &Reading, buffer: u64) {
    for input in reading.source.inputs() {
        for interface in &input.interfaces {
            let _ = writeln!(
                io::stderr(),
                "rtmpscope: listening on {}, link type {}, snapshot length {} bytes, buffer {}",
                input.name,
                interface.link,
                interface.snaplen,
                bytes(buffer),
            );
        }
    }
}

/// Whether two paths lead to the same file.
fn is_same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other && one.is_file(),
        _ => false,
    }
}

/// What is read, in a few words.
pub(super) fn input_name(input: &Input) -> String {
    let name = match &input.origin {
        Origin::Files(paths) => match paths.as_slice() {
            [only] if only.as_os_str() == "-" => "stdin".to_owned(),
            [only] => only
                .file_name()
                .unwrap_or(only.as_os_str())
                .to_string_lossy()
                .into_owned(),
            all => format!("{} files", all.len()),
        },
        Origin::Interfaces(names) => names.join(" "),
        Origin::Demo => demo::NAME.to_owned(),
    };
    printable(&name)
}
