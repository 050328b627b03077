//! Files, read again, and frames of pipes and interfaces as far as they are remembered.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;

use rtmpscope::base::ids::FlowId;
use rtmpscope::base::side::PerSide;
use rtmpscope::base::text::printable;
use rtmpscope::capture::Next;
use rtmpscope::capture::again::Again as CaptureAgain;
use rtmpscope::capture::bpf::Filter;
use rtmpscope::capture::file::Files as FileSource;
use rtmpscope::capture::file::Input as FileInput;
use rtmpscope::net::Endpoint;
use rtmpscope::net::connection::Connection as Tcp;
use rtmpscope::pipeline::Connection;
use rtmpscope::pipeline::Observer;
use rtmpscope::pipeline::Options;
use rtmpscope::pipeline::Pipeline;

use crate::cli::Flags;
use crate::cli::Input;
use crate::cli::Origin;
use crate::run::demo;
use crate::run::memory::MemoryLimit;
use crate::run::reading::Reading;
use crate::run::reading::filter_of;
use crate::run::saving::Again;

/// What is read once and gone.
const OF_INTERFACES: &str = "packets of an interface cannot be read again before it is listened on: -w FILE writes them as they come";

/// What else is.
const OF_PIPES: &str = "can be read only once: save what comes through it to a file, and open that";

/// The files of the command line.
pub(super) struct Files {
    flags: Flags,
    /// Whether each is a capture by itself.
    is_apart: bool,
    /// Which, or why not.
    origin: Result<Origin, String>,
    /// The filter while nobody uses it. It is made before rights are given up, since names in it
    /// are looked up elsewhere.
    filter: Option<Filter>,
}

impl Files {
    pub(super) fn new(flags: &Flags, input: &Input) -> Self {
        let origin = match &input.origin {
            Origin::Interfaces(_) => Err(OF_INTERFACES.to_owned()),
            Origin::Demo => Ok(Origin::Demo),
            Origin::Files(paths) => match paths.iter().find(|path| is_pipe(path)) {
                None => Ok(input.origin.clone()),
                Some(path) if path.as_os_str() == "-" => Err(format!("standard input {OF_PIPES}")),
                Some(path) => Err(format!("{} {OF_PIPES}", printable(&path.to_string_lossy()))),
            },
        };
        Self {
            // What is wrong with it was told when the capture was opened.
            filter: origin
                .as_ref()
                .ok()
                .and_then(|_| filter_of(input).ok().flatten()),
            origin,
            is_apart: input.is_apart,
            flags: flags.clone(),
        }
    }
}

pub(in crate::run) fn is_pipe(path: &Path) -> bool {
    path.as_os_str() == "-" || path.metadata().is_ok_and(|found| !found.is_file())
}

impl Again for Files {
    fn open(&mut self) -> Result<Reading, String> {
        let files = match self.origin.clone()? {
            Origin::Files(paths) => FileSource::new(paths.into_iter().map(FileInput::named)),
            Origin::Demo => FileSource::new([demo::input()]),
            Origin::Interfaces(_) => return Err(OF_INTERFACES.to_owned()),
        };
        // The dashboard has its own share of the memory, and what it holds is not to be let go.
        let memory = MemoryLimit::beside(self.flags.memory / 4);
        let filter = self.filter.take();
        let turn = self.is_apart.then(|| files.turn());
        Ok(Reading::over(Box::new(files), filter, &self.flags, memory).apart_at(turn))
    }

    fn done(&mut self, mut reading: Reading) {
        self.filter = reading.take_filter();
    }
}

/// Frames of a pipe or an interface, as far as they are remembered.
pub(super) struct Remembered {
    again: CaptureAgain,
    flags: Flags,
    options: Options,
}

impl Remembered {
    pub(super) fn new(again: CaptureAgain, flags: &Flags, options: Options) -> Self {
        Self {
            again,
            flags: flags.clone(),
            options,
        }
    }
}

/// Who is there, by address.
#[derive(Default)]
struct Attendance(Vec<(FlowId, PerSide<Endpoint>)>);

impl Observer for Attendance {
    fn ended(&mut self, connection: &Connection, _: &Tcp) {
        self.0.push((connection.id, connection.ends));
    }
}

impl Again for Remembered {
    fn open(&mut self) -> Result<Reading, String> {
        let source = self.again.source().ok_or("nothing is remembered")?;
        let memory = MemoryLimit::beside(self.flags.memory / 4);
        Ok(Reading::over(source, None, &self.flags, memory))
    }

    fn numbers(&mut self, ends: &BTreeMap<FlowId, PerSide<Endpoint>>) -> BTreeSet<FlowId> {
        let Ok(mut reading) = self.open() else {
            return BTreeSet::new();
        };
        let mut pipeline = Pipeline::new(self.options.clone());
        let mut there = Attendance::default();
        reading.drive(&mut pipeline, &mut there, |_, _, _, _| true, |_| ());
        // Without its begin it may be taken the other way round.
        let is_wanted = |found: &PerSide<Endpoint>| {
            let is = |wanted: &PerSide<Endpoint>| {
                (wanted.client == found.client && wanted.server == found.server)
                    || (wanted.client == found.server && wanted.server == found.client)
            };
            ends.values().any(is)
        };
        let wanted = there.0.iter().filter(|(_, found)| is_wanted(found));
        wanted.map(|(id, _)| *id).collect()
    }

    fn remark(&self) -> Option<String> {
        let mut source = self.again.source()?;
        match source.next_frame() {
            Ok(Next::Frame(frame)) if frame.number.0 > 1 => Some(format!(
                "of what is remembered, from frame {} on",
                frame.number
            )),
            _ => None,
        }
    }
}
