//! FLV files out of published and played streams: one file for each net stream, its tags exactly
//! as they were sent (FLV 10.1 annex E).

mod before;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use crate::base::ids::FlowId;
use crate::base::side::Side;
use crate::base::time::Timestamp;
use crate::filter::Filter;
use crate::net::connection::Connection as Tcp;
use crate::pipeline::Connection;
use crate::pipeline::Heard;
use crate::pipeline::Observer;
use crate::report::matching::Matcher;
use crate::rtmp::event::RawMessage;
use crate::rtmp::inferred::Inference;
use crate::rtmp::message::Message;
use crate::rtmp::secret::Secrecy;
use crate::rtmp::types::MessageStreamId;
use crate::rtmp::types::MessageTypeId;
use crate::session::mask::Mask;
use crate::session::netstream::Role;

use self::before::Before;

/// File header: signature, version 1, audio and video, header length 9; then the length of the
/// tag before the first, which is none (sections E.2 and E.3).
const FILE_HEADER: [u8; 13] = [b'F', b'L', b'V', 1, 5, 0, 0, 0, 9, 0, 0, 0, 0];

/// Length of a tag's header (section E.4.1).
const TAG_HEADER_LEN: u32 = 11;

/// Tag type of script data; AMF3 data has type 15 in Enhanced RTMP.
const SCRIPT_DATA: u8 = 18;

/// Bytes of one file that are collected before they are written. Files are open only while they
/// are written to, so that thousands of streams need no thousand descriptors.
const BUFFER: usize = 256 * 1024;

/// Longest part of a stream's name that goes into a file name.
const MAX_NAME: usize = 80;

/// What `@setDataFrame` looks like in front of the metadata: a string of AMF0.
const SET_DATA_FRAME: &[u8] = b"\x02\x00\x0d@setDataFrame";

/// Writes the FLV files.
#[derive(Debug)]
pub struct FlvExtractor {
    target: FlvTarget,
    window: Option<(Timestamp, Timestamp)>,
    show_secrets: bool,
    matcher: Option<Matcher>,
    /// Streams that are not wanted.
    refused: BTreeSet<(FlowId, Side, MessageStreamId)>,
    open: BTreeMap<(FlowId, Side, MessageStreamId), Stream>,
    done: Vec<FlvFile>,
    names: BTreeSet<String>,
    failure: Option<(PathBuf, io::Error)>,
}

/// Where the files go.
#[derive(Debug, Clone)]
pub enum FlvTarget {
    /// Into a folder, which is there, by names that tell the streams. Files of the same name are
    /// replaced only with `force`.
    Folder {
        /// Which folder.
        folder: PathBuf,
        /// Whether files are replaced.
        force: bool,
    },
    /// The first stream to a file of this name, further ones beside it, with connection and verb
    /// in their names. Each is written under a name that stands for its own until it is whole.
    File {
        /// Its name.
        path: PathBuf,
        /// What it is called meanwhile. That is written to whatever is there.
        meanwhile: fn(&Path) -> PathBuf,
    },
}

/// One stream.
#[derive(Debug, Default)]
struct Stream {
    /// What came before the time that is wanted.
    before: Before,
    /// `None` before the first message that is wanted.
    file: Option<FlvFile>,
}

/// One file.
#[derive(Debug)]
pub struct FlvFile {
    /// Where it is.
    pub path: PathBuf,
    /// Where it was written: there, unless another name stands for it.
    pub written: PathBuf,
    /// Bytes written.
    pub bytes: u64,
    /// Tags written.
    pub tags: u64,
    /// Messages left out because a part of them was not captured.
    pub incomplete: u64,
    /// Tags whose timestamps count from where the stream was joined.
    pub relative: u64,
    /// Tags whose timestamps may lack deltas that were lost in a hole.
    pub uncertain: u64,
    /// Tags of which no header told the time: they have that of the tag before.
    pub untold: u64,
    /// Timestamp of the latest tag, in milliseconds.
    last: u32,
    buffer: Vec<u8>,
    is_created: bool,
}

impl FlvExtractor {
    /// Writes into `folder`, which is there. Files of the same name are replaced only with
    /// `force`.
    pub fn new(folder: &Path, force: bool, show_secrets: bool) -> Self {
        let folder = folder.to_owned();
        Self::part(FlvTarget::Folder { folder, force }, None, show_secrets)
    }

    /// Writes what came from one capture time to another, beginning at the keyframe before.
    pub fn part(
        target: FlvTarget,
        window: Option<(Timestamp, Timestamp)>,
        show_secrets: bool,
    ) -> Self {
        Self {
            target,
            window,
            show_secrets,
            matcher: None,
            refused: BTreeSet::new(),
            open: BTreeMap::new(),
            done: Vec::new(),
            names: BTreeSet::new(),
            failure: None,
        }
    }

    /// Writes only streams of connections of which an expression is true when the first tag of the
    /// stream comes: it may only ask for what is known then ([`Filter::unsettled`]).
    pub fn set_filter(&mut self, filter: Filter) {
        self.matcher = Some(Matcher::new(filter, self.show_secrets));
    }

    /// The files written, once the capture is over, in the order in which they were finished.
    pub fn files(&self) -> &[FlvFile] {
        &self.done
    }

    /// What went wrong with a file, if anything did; nothing is written after that.
    pub fn take_failure(&mut self) -> Option<(PathBuf, io::Error)> {
        self.failure.take()
    }

    /// Whether writing failed, so that reading on is of no use.
    pub fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    fn add(&mut self, connection: &Connection, heard: &Heard<'_>) {
        let raw = heard.raw;
        let Some((tag_type, skipped)) = tag_of(raw, &heard.decoded.message) else {
            return;
        };
        let key = (connection.id, heard.side, raw.stream_id);
        if self.refused.contains(&key) {
            return;
        }
        if !self.open.contains_key(&key)
            && let Some(matcher) = &self.matcher
            && !matcher.lets_through(connection, None)
        {
            self.refused.insert(key);
            return;
        }
        let body = raw.body.get(skipped..).unwrap_or_default();
        let is_whole = raw.is_whole() && raw.is_complete();
        let at = raw.completed().time;
        if self.window.is_some_and(|(_, end)| at > end) {
            return;
        }
        if self.window.is_some_and(|(begin, _)| at < begin) {
            if is_whole {
                let message = &heard.decoded.message;
                let before = &mut self.open.entry(key).or_default().before;
                before.note(tag_type, raw.timestamp.0, body, message);
            }
            return;
        }
        let is_new = self
            .open
            .get(&key)
            .is_none_or(|stream| stream.file.is_none());
        let new = is_new.then(|| self.file(connection, heard.side, raw.stream_id));
        let Stream { before, file } = self.open.entry(key).or_default();
        let file = match new {
            Some(mut new) => file.insert({
                std::mem::take(before).begin(&mut new);
                new
            }),
            None => match file {
                Some(file) => file,
                None => return,
            },
        };
        if !is_whole {
            file.incomplete = file.incomplete.saturating_add(1);
            return;
        }
        match raw.inferred.timestamp {
            None => {}
            Some(Inference::Relative) => file.relative = file.relative.saturating_add(1),
            Some(Inference::Untold) => file.untold = file.untold.saturating_add(1),
            Some(_) => file.uncertain = file.uncertain.saturating_add(1),
        }
        let timestamp = raw.told_timestamp().map_or(file.last, |told| told.0);
        file.tag(tag_type, timestamp, body);
        if file.buffer.len() >= BUFFER
            && let Err(error) = file.write(self.target.replaces())
        {
            self.failure = Some((file.path.clone(), error));
        }
    }

    /// The file of a stream, of which nothing is written yet.
    fn file(&mut self, connection: &Connection, side: Side, stream_id: MessageStreamId) -> FlvFile {
        let name = self.name(connection, side, stream_id);
        match &self.target {
            FlvTarget::Folder { folder, .. } => {
                let path = folder.join(format!("{name}.flv"));
                FlvFile::new(path.clone(), path)
            }
            FlvTarget::File { path, meanwhile } => {
                let path = if self.names.len() > 1 {
                    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                    path.with_file_name(format!("{stem}-{name}.flv"))
                } else {
                    path.clone()
                };
                FlvFile::new(meanwhile(&path), path)
            }
        }
    }

    /// A name that tells the connection, what its client did, and which stream it was.
    fn name(&mut self, connection: &Connection, side: Side, stream_id: MessageStreamId) -> String {
        let session = &connection.session;
        let stream = session.stream_of_media(side, stream_id);
        let verb = match stream.and_then(|stream| stream.role) {
            Some(Role::Publisher) => "publish",
            Some(Role::Player) => "play",
            None if side == Side::Client => "from-client",
            None => "from-server",
        };
        let mask = Mask::new(session, self.show_secrets);
        let name = stream
            .and_then(|stream| stream.name.as_deref())
            .map(|name| mask.text(name, Secrecy::Whole));
        let mut full = format!("{}-{verb}", connection.id);
        if let Some(name) = name {
            full.push('-');
            full.extend(
                name.trim_start_matches('*')
                    .chars()
                    .map(|c| {
                        if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') {
                            c
                        } else {
                            '_'
                        }
                    })
                    .take(MAX_NAME),
            );
        }
        if self.names.contains(&full) {
            let _ = write!(full, "-{stream_id}");
        }
        self.names.insert(full.clone());
        full
    }

    fn close(&mut self, key: (FlowId, Side, MessageStreamId)) {
        let Some(mut file) = self.open.remove(&key).and_then(|stream| stream.file) else {
            return;
        };
        if file.tags == 0 {
            return;
        }
        match file.write(self.target.replaces()) {
            Ok(()) => self.done.push(file),
            Err(error) => self.failure = Some((file.path, error)),
        }
    }
}

impl Observer for FlvExtractor {
    fn message(&mut self, connection: &Connection, heard: &Heard<'_>) {
        if self.failure.is_none() {
            self.add(connection, heard);
        }
    }

    fn ended(&mut self, connection: &Connection, _tcp: &Tcp) {
        self.refused.retain(|key| key.0 != connection.id);
        let keys: Vec<_> = self
            .open
            .keys()
            .filter(|key| key.0 == connection.id)
            .copied()
            .collect();
        for key in keys {
            self.close(key);
        }
    }
}

/// The type of the tag that a message becomes, and how many bytes at the begin of its body are
/// addressed to the server and not part of the stream.
fn tag_of(raw: &RawMessage, message: &Message) -> Option<(u8, usize)> {
    match raw.type_id {
        MessageTypeId::AUDIO | MessageTypeId::VIDEO => Some((raw.type_id.0, 0)),
        MessageTypeId::DATA_AMF0 => {
            let Message::Data(data) = message else {
                return None;
            };
            if data.name.as_str().is_empty() {
                return None;
            }
            let skipped = if raw.body.starts_with(SET_DATA_FRAME) {
                SET_DATA_FRAME.len()
            } else {
                0
            };
            Some((SCRIPT_DATA, skipped))
        }
        // AMF3 data is only defined for FLV by Enhanced RTMP, and players that do not know it
        // refuse the whole file.
        _ => None,
    }
}

impl FlvTarget {
    fn replaces(&self) -> bool {
        match self {
            Self::Folder { force, .. } => *force,
            Self::File { .. } => true,
        }
    }
}

impl FlvFile {
    fn new(written: PathBuf, path: PathBuf) -> Self {
        Self {
            path,
            written,
            bytes: 0,
            tags: 0,
            incomplete: 0,
            relative: 0,
            uncertain: 0,
            untold: 0,
            last: 0,
            buffer: FILE_HEADER.to_vec(),
            is_created: false,
        }
    }

    /// Adds a tag.
    fn tag(&mut self, tag_type: u8, timestamp: u32, body: &[u8]) {
        push_tag(&mut self.buffer, tag_type, timestamp, body);
        self.last = timestamp;
        self.tags = self.tags.saturating_add(1);
    }

    fn write(&mut self, force: bool) -> io::Result<()> {
        let mut options = OpenOptions::new();
        if self.is_created {
            options.append(true);
        } else if force {
            options.write(true).create(true).truncate(true);
        } else {
            options.write(true).create_new(true);
        }
        let mut file = options.open(&self.written)?;
        self.is_created = true;
        file.write_all(&self.buffer)?;
        let len = u64::try_from(self.buffer.len()).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(len);
        self.buffer.clear();
        Ok(())
    }
}

/// Appends a tag (section E.4.1): timestamps have their top byte behind the other three.
fn push_tag(out: &mut Vec<u8>, tag_type: u8, timestamp: u32, body: &[u8]) {
    // No message is longer than a tag can be: both have 24 bits of length.
    let len = u32::try_from(body.len()).unwrap_or(0) & 0xFF_FFFF;
    let [_, l2, l1, l0] = len.to_be_bytes();
    let [t3, t2, t1, t0] = timestamp.to_be_bytes();
    out.extend_from_slice(&[tag_type, l2, l1, l0, t2, t1, t0, t3, 0, 0, 0]);
    out.extend_from_slice(body);
    let total = len.saturating_add(TAG_HEADER_LEN);
    out.extend_from_slice(&total.to_be_bytes());
}
