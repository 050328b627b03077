//! `rtmpscope diff`: two connections held against each other, of one file or of two.

use std::collections::HashMap;
use std::io;
use std::io::IsTerminal as _;
use std::io::Write as _;

use rtmpscope::base::ids::FlowId;
use rtmpscope::base::ids::Mark;
use rtmpscope::base::side::PerSide;
use rtmpscope::base::text::printable;
use rtmpscope::compare::Comparison;
use rtmpscope::compare::Opening;
use rtmpscope::compare::Party;
use rtmpscope::compare::compare;
use rtmpscope::net::Endpoint;
use rtmpscope::net::connection::Connection as Tcp;
use rtmpscope::net::health::Health;
use rtmpscope::pipeline::Connection;
use rtmpscope::pipeline::Heard;
use rtmpscope::pipeline::Observer;
use rtmpscope::pipeline::Pipeline;
use rtmpscope::report::comparison;
use rtmpscope::session::Session;
use rtmpscope::session::mask::Mask;

use crate::cli::DiffFlags;
use crate::cli::DiffFormat;
use crate::cli::Flags;
use crate::cli::Input;
use crate::cli::Origin;
use crate::cli::Sought;
use crate::run::Exit;
use crate::run::REPORT_HISTORY;
use crate::run::complain;
use crate::run::dashboard::dashboard_of_two;
use crate::run::leave;
use crate::run::opening::open_confined;
use crate::run::options;
use crate::run::output_exit;
use crate::run::progress::ProgressLine;
use crate::run::signals::Output;

/// Bytes kept of the first messages of connections that may be chosen. A setup has some kilobytes;
/// of what does not fit, the order of the messages is not compared.
const OPENINGS: usize = 64 << 20;

pub(super) fn diff(flags: &Flags, asked: &DiffFlags) -> Exit {
    let (input, sought) = match asked.input(flags) {
        Ok(settled) => settled,
        Err(message) => {
            complain(&message);
            return Exit::Usage;
        }
    };
    let is_printed = asked.text || asked.format.is_some() || !io::stdout().is_terminal();
    if is_printed {
        print(flags, asked, &input, sought)
    } else {
        dashboard_of_two(flags, &input, sought)
    }
}

fn print(flags: &Flags, asked: &DiffFlags, input: &Input, sought: [Sought; 2]) -> Exit {
    let mut reading = match open_confined(flags, input) {
        Ok(reading) => reading,
        Err(exit) => return exit,
    };
    let mut pipeline = Pipeline::new(options(flags, Some(REPORT_HISTORY)));
    let mut chooser = Chooser::keeping(sought);
    let mut progress = ProgressLine::new(flags.quiet);
    reading.drive(
        &mut pipeline,
        &mut chooser,
        |_, _, _, source| {
            progress.show(source);
            true
        },
        |error| complain(error),
    );
    progress.clear();
    leave(pipeline);
    if reading.is_in_vain() {
        return reading.exit();
    }
    let paths = match &input.origin {
        Origin::Files(paths) => paths.as_slice(),
        _ => &[],
    };
    let name = |sought: Sought| {
        let at = usize::try_from(sought.file).unwrap_or(usize::MAX);
        let path = paths.get(at);
        path.map_or_else(String::new, |path| printable(&path.to_string_lossy()))
    };
    let names = sought.map(name);
    let comparison = match chooser.compared(flags.show_secrets) {
        Ok(comparison) => comparison,
        Err(missing) => {
            let missing = usize::from(missing);
            let file = sought.get(missing).map_or(0, |sought| sought.file);
            let file = usize::try_from(file).unwrap_or(usize::MAX);
            let input = reading.source.inputs().get(file);
            if input.is_none_or(|input| input.interfaces.is_empty()) {
                // Why it cannot be read was told.
                return reading.exit();
            }
            let name = names.get(missing).map_or("", String::as_str);
            let number = sought.get(missing).and_then(|sought| sought.number);
            match number {
                Some(number) => complain(&format_args!(
                    "{name}: connection #{number} is not there, or is no RTMP"
                )),
                None => complain(&format_args!("{name}: there is no RTMP connection in it")),
            }
            return Exit::Input;
        }
    };
    let [left, right] = &names;
    let names = [left.as_str(), right.as_str()];
    let mut out = io::BufWriter::new(Output::new(&reading.calls));
    let written = match asked.format {
        Some(DiffFormat::Json) => comparison::json(&mut out, &comparison, names, asked.all),
        Some(DiffFormat::Text) | None => comparison::text(&mut out, &comparison, names, asked.all),
    };
    match written.and_then(|()| out.flush()) {
        Ok(()) => reading.exit(),
        Err(error) => output_exit(&error),
    }
}

/// Chooses the two connections while captures are read.
#[derive(Debug, Default)]
pub(super) struct Chooser {
    sought: Option<[Sought; 2]>,
    keeps: bool,
    /// Which file is read, from 0, and how many connections were in those before it.
    file: u64,
    before: u64,
    /// The best so far.
    found: [Option<Found>; 2],
    openings: HashMap<FlowId, Opening>,
    opening_bytes: usize,
}

/// A connection that may be the one.
#[derive(Debug, Clone)]
struct Found {
    id: FlowId,
    /// Media bytes, then messages: how important it is.
    rank: (u64, u64),
    kept: Option<Box<Kept>>,
}

/// What is kept of it to be compared.
#[derive(Debug, Clone)]
struct Kept {
    number: FlowId,
    ends: PerSide<Endpoint>,
    first: Mark,
    last: Mark,
    session: Session,
    health: PerSide<Health>,
    missing: PerSide<u64>,
    opening: Opening,
}

impl Kept {
    fn party(&self, show_secrets: bool) -> Party<'_> {
        Party {
            id: self.number,
            ends: self.ends,
            first: self.first,
            last: self.last,
            session: &self.session,
            health: &self.health,
            missing: self.missing,
            opening: &self.opening,
            mask: Mask::new(&self.session, show_secrets),
        }
    }
}

impl Chooser {
    /// Finds out the numbers of the two among the connections of all files.
    pub(super) fn new(sought: [Sought; 2]) -> Self {
        Self {
            sought: Some(sought),
            ..Self::default()
        }
    }

    /// The same, and keeps what is to be compared.
    fn keeping(sought: [Sought; 2]) -> Self {
        Self {
            keeps: true,
            ..Self::new(sought)
        }
    }

    /// The two connections, when it is known that no other will take the place of either.
    pub(super) fn pair(&self) -> Option<(FlowId, FlowId)> {
        let is_settled = |sought: &Sought| sought.number.is_some() || sought.file < self.file;
        let sought = self.sought.as_ref()?;
        sought.iter().all(is_settled).then(|| self.best())?
    }

    /// The two connections by what was read so far.
    pub(super) fn best(&self) -> Option<(FlowId, FlowId)> {
        let [left, right] = &self.found;
        Some((left.as_ref()?.id, right.as_ref()?.id))
    }

    /// What came of them, or which of them is not there.
    fn compared(&self, show_secrets: bool) -> Result<Comparison, u8> {
        let [left, right] = &self.found;
        let kept = |found: &Option<Found>| found.as_ref()?.kept.clone();
        let left = kept(left).ok_or(0)?;
        let right = kept(right).ok_or(1)?;
        Ok(compare(
            &left.party(show_secrets),
            &right.party(show_secrets),
        ))
    }

    /// The number of a connection within its file.
    fn number(&self, id: FlowId) -> u64 {
        id.0.saturating_sub(self.before)
    }

    /// Whether a connection of the file that is read may be one of the two.
    fn may_be(&self, id: FlowId) -> bool {
        let number = self.number(id);
        let fits = |sought: &Sought| {
            sought.file == self.file && sought.number.is_none_or(|wanted| wanted == number)
        };
        self.sought.iter().flatten().any(fits)
    }

    fn consider(&self, connection: &Connection, tcp: &Tcp, opening: &Opening) -> Found {
        let tracks = connection.session.tracks.iter();
        let media = tracks.fold(0_u64, |sum, track| sum.saturating_add(track.payload_bytes));
        Found {
            id: connection.id,
            rank: (media, connection.session.messages()),
            kept: self.keeps.then(|| {
                Box::new(Kept {
                    number: FlowId(self.number(connection.id)),
                    ends: connection.ends,
                    first: connection.first,
                    last: connection.last,
                    session: connection.session.clone(),
                    health: tcp.health().clone(),
                    missing: connection.missing(),
                    opening: opening.clone(),
                })
            }),
        }
    }
}

impl Observer for Chooser {
    fn message(&mut self, connection: &Connection, heard: &Heard<'_>) {
        if !self.keeps || !self.may_be(connection.id) {
            return;
        }
        if heard.number == 1 && self.opening_bytes < OPENINGS {
            self.openings.insert(connection.id, Opening::default());
        }
        if let Some(opening) = self.openings.get_mut(&connection.id)
            && !opening.is_over()
        {
            let before = opening.bytes();
            opening.note(heard.side, heard.raw);
            let more = opening.bytes().saturating_sub(before);
            self.opening_bytes = self.opening_bytes.saturating_add(more);
        }
    }

    fn ended(&mut self, connection: &Connection, tcp: &Tcp) {
        let opening = self.openings.remove(&connection.id).unwrap_or_default();
        self.opening_bytes = self.opening_bytes.saturating_sub(opening.bytes());
        let Some(sought) = self.sought else {
            return;
        };
        let number = self.number(connection.id);
        for (at, sought) in sought.into_iter().enumerate() {
            let fits =
                sought.file == self.file && sought.number.is_none_or(|wanted| wanted == number);
            if !fits {
                continue;
            }
            let found = self.consider(connection, tcp, &opening);
            if let Some(place) = self.found.get_mut(at)
                && place.as_ref().is_none_or(|best| best.rank < found.rank)
            {
                *place = Some(found);
            }
        }
    }

    fn ended_unknown(&mut self, flow: FlowId) {
        if let Some(opening) = self.openings.remove(&flow) {
            self.opening_bytes = self.opening_bytes.saturating_sub(opening.bytes());
        }
    }

    fn another_capture(&mut self, connections: u64) {
        self.file = self.file.saturating_add(1);
        self.before = connections;
    }
}
