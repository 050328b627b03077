//! Who the two peers are and what they can do: the properties of `connect` and of its answer
//! (RTMP 1.0 section 7.2.1.1, Enhanced RTMP "Enhancing NetConnection connect Command").

use std::ops::Deref;

use crate::rtmp::amf::value::Value;
use crate::rtmp::command::Command;
use crate::session::call::bounded;
use crate::session::texts::Texts;

/// Most entries kept of a list of codecs: about twice as many as there are FourCCs.
pub const MAX_CODECS: usize = 32;

/// What `connect` and its answer said.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Peers {
    /// At [`APP`] to [`FMS_VER`].
    texts: Texts<5>,
    more: Option<Box<MorePeers>>,
}

const APP: usize = 0;
const TC_URL: usize = 1;
const FLASH_VER: usize = 2;
const ENCODER: usize = 3;
const FMS_VER: usize = 4;

/// What the peers of plain RTMP do not say; read as if it were in [`Peers`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MorePeers {
    /// Further names and versions of the server, as SRS and Wowza give them. Foreign text.
    pub server_info: Option<Box<str>>,
    /// Enhanced RTMP of the client; `None` if it said nothing of it.
    pub client_enhanced: Option<Enhanced>,
    /// Enhanced RTMP of the server.
    pub server_enhanced: Option<Enhanced>,
}

impl Deref for Peers {
    type Target = MorePeers;

    fn deref(&self) -> &MorePeers {
        static NONE: MorePeers = MorePeers {
            server_info: None,
            client_enhanced: None,
            server_enhanced: None,
        };
        self.more.as_deref().unwrap_or(&NONE)
    }
}

/// Enhanced RTMP capabilities of one peer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Enhanced {
    /// FourCCs it handles (`fourCcList`); `*` means all. Foreign text.
    pub four_ccs: Vec<Box<str>>,
    /// What it does with which video codec (`videoFourCcInfoMap`): 1 decodes, 2 encodes, 4
    /// forwards. Foreign text.
    pub video: Vec<(Box<str>, u32)>,
    /// What it does with which audio codec (`audioFourCcInfoMap`).
    pub audio: Vec<(Box<str>, u32)>,
    /// `capsEx` flags, see [`Self::caps_names`].
    pub caps_ex: Option<u32>,
    /// `videoFunction` flags: 1 client seek, 2 HDR, 4 metadata packets, 8 large-scale tile.
    pub video_function: Option<u32>,
}

/// Names of the `capsEx` flags, lowest bit first.
const CAPS_EX: [(u32, &str); 4] = [
    (0x01, "reconnect"),
    (0x02, "multitrack"),
    (0x04, "mod_ex"),
    (0x08, "timestamp_nano_offset"),
];

/// Properties of which a peer that knows of Enhanced RTMP has one at least.
const ENHANCED_KEYS: [&str; 4] = [
    "fourCcList",
    "videoFourCcInfoMap",
    "audioFourCcInfoMap",
    "capsEx",
];

/// Properties of which a server that says more of itself has one at least.
const INFO_KEYS: [&str; 6] = [
    "data",
    "srs_sig",
    "srs_server",
    "srs_version",
    "server",
    "version",
];

impl Enhanced {
    /// Names of the `capsEx` flags that are set and known.
    pub fn caps_names(&self) -> impl Iterator<Item = &'static str> {
        let flags = self.caps_ex.unwrap_or(0);
        CAPS_EX
            .into_iter()
            .filter(move |(flag, _)| flags & flag != 0)
            .map(|(_, name)| name)
    }

    /// Whether the peer says that it handles a codec, in any of its lists.
    pub fn names(&self, four_cc: &str) -> bool {
        let is_it = |name: &str| name == four_cc || name == "*";
        self.four_ccs.iter().any(|name| is_it(name))
            || self
                .video
                .iter()
                .chain(&self.audio)
                .any(|(name, flags)| *flags != 0 && is_it(name))
    }

    fn of(command: &Command) -> Option<Self> {
        // Asked once for all: most peers say nothing of it.
        if !command.has_any(&ENHANCED_KEYS) {
            return None;
        }
        let list = command.find("fourCcList");
        let video = command.find("videoFourCcInfoMap");
        let audio = command.find("audioFourCcInfoMap");
        let caps = command.find("capsEx").and_then(Value::as_u32);
        if list.is_none() && video.is_none() && audio.is_none() && caps.is_none() {
            return None;
        }
        let map = |value: Option<&Value>| {
            value
                .map(Value::properties)
                .unwrap_or_default()
                .iter()
                .take(MAX_CODECS)
                .map(|(key, flags)| (bounded(key).into(), flags.as_u32().unwrap_or(0)))
                .collect()
        };
        Some(Self {
            four_ccs: list
                .map(Value::items)
                .unwrap_or_default()
                .iter()
                .take(MAX_CODECS)
                .filter_map(Value::as_str)
                .map(|name| bounded(name).into())
                .collect(),
            video: map(video),
            audio: map(audio),
            caps_ex: caps,
            video_function: command.find("videoFunction").and_then(Value::as_u32),
        })
    }
}

impl Peers {
    /// Application. Foreign text; its query is a secret.
    pub fn app(&self) -> Option<&str> {
        self.texts.get(APP)
    }

    /// URL that the client connected to. Foreign text; user and query are secrets.
    pub fn tc_url(&self) -> Option<&str> {
        self.texts.get(TC_URL)
    }

    /// The client's software as it calls itself: the encoder that its metadata names, or what it says
    /// in `connect`. Foreign text.
    pub fn client_software(&self) -> Option<&str> {
        if let Some(encoder) = self.texts.get(ENCODER) {
            return Some(encoder);
        }
        let said = self.texts.get(FLASH_VER)?;
        // By its first character: a search for the whole prepares itself for longer than it lasts.
        let behind = said
            .match_indices('(')
            .find_map(|(at, _)| said.get(at..)?.strip_prefix("(compatible;"));
        Some(behind.map_or(said, |rest| rest.trim().trim_end_matches(')').trim_end()))
    }

    /// The server's software as it calls itself. Foreign text.
    pub fn server_software(&self) -> Option<&str> {
        self.server_info.as_deref().or(self.texts.get(FMS_VER))
    }

    /// Takes the encoder that the client's metadata names.
    pub(crate) fn encoder(&mut self, encoder: &str) {
        self.texts.set(ENCODER, Some(encoder));
    }

    /// Takes the properties of `connect`.
    pub(crate) fn connect(&mut self, command: &Command) {
        for (place, key) in [(APP, "app"), (TC_URL, "tcUrl"), (FLASH_VER, "flashVer")] {
            self.texts.set(place, command.text_property(key));
        }
        self.note(|more| &mut more.client_enhanced, Enhanced::of(command));
    }

    /// Takes the answer to `connect`.
    pub(crate) fn answer(&mut self, command: &Command) {
        let fms_ver = command.find("fmsVer").and_then(Value::as_str);
        self.texts.set(FMS_VER, fms_ver);
        self.note(|more| &mut more.server_info, server_info(command));
        self.note(|more| &mut more.server_enhanced, Enhanced::of(command));
    }

    /// Enters what few peers say where it was said, or was said before.
    fn note<T>(&mut self, place: fn(&mut MorePeers) -> &mut Option<T>, said: Option<T>) {
        if said.is_some() || self.more.is_some() {
            *place(self.more.get_or_insert_default()) = said;
        }
    }
}

/// What servers say of themselves beside `fmsVer`: SRS in the `data` object or the information
/// object, others as its `version`.
fn server_info(command: &Command) -> Option<Box<str>> {
    // Asked once for all, as above.
    if !command.has_any(&INFO_KEYS) {
        return None;
    }
    let data = command.find("data");
    let value = |key| {
        let in_data = data.and_then(|data| data.get_str(key));
        in_data.or_else(|| command.find(key).and_then(Value::as_str))
    };
    let parts: Vec<&str> = ["srs_sig", "srs_server", "srs_version", "server", "version"]
        .into_iter()
        .filter_map(value)
        .filter(|text| !text.is_empty())
        .collect();
    let text = parts.join(" ");
    (!text.is_empty()).then(|| bounded(&text).into())
}
