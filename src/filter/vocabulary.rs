//! The words that values of fields may be. A word has other names, and one name may stand for
//! several words.

use crate::rtmp::types::MessageTypeId;

/// A word that a value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// The word as it is shown.
    pub name: &'static str,
    /// Other names for it.
    pub aliases: &'static [&'static str],
    /// What it means.
    pub about: &'static str,
    /// The number, of a word that stands for one.
    pub number: u8,
}

const fn word(name: &'static str, aliases: &'static [&'static str], about: &'static str) -> Word {
    Word {
        name,
        aliases,
        about,
        number: 0,
    }
}

const fn of_type(
    name: &'static str,
    id: MessageTypeId,
    aliases: &'static [&'static str],
    about: &'static str,
) -> Word {
    Word {
        name,
        aliases,
        about,
        number: id.0,
    }
}

/// Roles of the client.
pub(super) const ROLES: &[Word] = &[
    word("publisher", &[], "the client sends media"),
    word("player", &[], "the client receives media"),
];

/// How far a connection has come.
pub(super) const STAGES: &[Word] = &[
    word("opening", &[], "nothing of RTMP yet"),
    word("handshake", &[], "within the handshake"),
    word("connecting", &[], "connect is not answered"),
    word("connected", &[], "nothing published or played"),
    word("requested", &[], "publish or play waits for its answer"),
    word("publishing", &[], "the stream is published"),
    word("playing", &[], "the stream is played"),
    word("rejected", &[], "the server refused it"),
    word("stopped", &[], "the stream is over, the connection is not"),
    word("midstream", &[], "the capture began later"),
    word("opaque", &["enciphered"], "enciphered"),
];

/// How a connection ended.
pub(super) const ENDS: &[Word] = &[
    word("clean", &[], "a peer said goodbye first"),
    word("abrupt", &[], "closed or broken off without a word"),
    word("unseen", &[], "the end was not captured"),
];

/// What ended a TCP connection.
pub(super) const END_CAUSES: &[Word] = &[
    word("fin", &[], "a side closed it"),
    word("reset", &["rst"], "a side broke it off"),
    word("port_reused", &[], "the ports were used again"),
    word("idle", &[], "nothing came for long"),
    word("evicted", &[], "memory was short"),
    word("capture_ended", &[], "it was open when the capture ended"),
];

/// Who sent a message.
pub(super) const SIDES: &[Word] = &[
    word(
        "client",
        &["up", "->", "to_server", "c2s"],
        "the client sent it",
    ),
    word(
        "server",
        &["down", "<-", "to_client", "s2c"],
        "the server sent it",
    ),
];

/// How well a connection is, the worst first.
pub(super) const HEALTH: &[Word] = &[
    word("critical", &[], "the stream never started or is dead"),
    word("error", &[], "something was lost or broken"),
    word("warning", &[], "will bite with some peers"),
    word("info", &[], "worth knowing, nothing is wrong"),
    word("ok", &["fine", "none"], "nothing was noticed"),
];

/// The same, the worst last.
pub(super) const SEVERITY: &[Word] = &[
    word("ok", &["fine", "none"], "nothing was noticed"),
    word("info", &[], "worth knowing, nothing is wrong"),
    word("warning", &[], "will bite with some peers"),
    word("error", &[], "something was lost or broken"),
    word("critical", &[], "the stream never started or is dead"),
];

/// Message types.
pub(super) const MESSAGE_TYPES: &[Word] = &[
    of_type("audio", MessageTypeId::AUDIO, &["media"], "sound"),
    of_type("video", MessageTypeId::VIDEO, &["media"], "pictures"),
    of_type(
        "command_amf0",
        MessageTypeId::COMMAND_AMF0,
        &["command", "cmd", "amf0"],
        "command in AMF0",
    ),
    of_type(
        "command_amf3",
        MessageTypeId::COMMAND_AMF3,
        &["command", "cmd", "amf3"],
        "command in AMF3",
    ),
    of_type(
        "data_amf0",
        MessageTypeId::DATA_AMF0,
        &["data", "meta", "amf0"],
        "metadata and the like in AMF0",
    ),
    of_type(
        "data_amf3",
        MessageTypeId::DATA_AMF3,
        &["data", "meta", "amf3"],
        "metadata and the like in AMF3",
    ),
    of_type(
        "shared_object_amf0",
        MessageTypeId::SHARED_OBJECT_AMF0,
        &["shared_object", "so", "amf0"],
        "shared object in AMF0",
    ),
    of_type(
        "shared_object_amf3",
        MessageTypeId::SHARED_OBJECT_AMF3,
        &["shared_object", "so", "amf3"],
        "shared object in AMF3",
    ),
    of_type(
        "aggregate",
        MessageTypeId::AGGREGATE,
        &["agg"],
        "messages in one",
    ),
    of_type(
        "set_chunk_size",
        MessageTypeId::SET_CHUNK_SIZE,
        &["control", "ctl"],
        "size of the sender's chunks",
    ),
    of_type(
        "abort",
        MessageTypeId::ABORT,
        &["control", "ctl"],
        "a message is given up",
    ),
    of_type(
        "acknowledgement",
        MessageTypeId::ACKNOWLEDGEMENT,
        &["control", "ctl", "ack"],
        "bytes received",
    ),
    of_type(
        "user_control",
        MessageTypeId::USER_CONTROL,
        &["control", "ctl", "ucm"],
        "event of a stream or of the connection",
    ),
    of_type(
        "window_ack_size",
        MessageTypeId::WINDOW_ACK_SIZE,
        &["control", "ctl"],
        "bytes between acknowledgements",
    ),
    of_type(
        "set_peer_bandwidth",
        MessageTypeId::SET_PEER_BANDWIDTH,
        &["control", "ctl"],
        "what the peer may send unacknowledged",
    ),
];

/// Names of codecs.
pub(super) const CODECS: &[&str] = &[
    "avc",
    "hevc",
    "vvc",
    "av1",
    "vp8",
    "vp9",
    "h263",
    "screen",
    "screen2",
    "vp6",
    "vp6_alpha",
    "aac",
    "opus",
    "flac",
    "ac3",
    "eac3",
    "mp3",
    "speex",
    "nellymoser",
    "g711_alaw",
    "g711_mulaw",
    "adpcm",
    "lpcm",
    "lpcm_le",
    "device_specific",
];

/// FourCCs of Enhanced RTMP.
pub(super) const FOUR_CCS: &[&str] = &[
    "avc1", "hvc1", "vvc1", "av01", "vp08", "vp09", "mp4a", "Opus", "fLaC", "ac-3", "ec-3", ".mp3",
];

/// Levels of information objects.
pub(super) const LEVELS: &[&str] = &["status", "warning", "error"];

/// Events of user control messages.
pub(super) const EVENTS: &[&str] = &[
    "stream_begin",
    "stream_eof",
    "stream_dry",
    "set_buffer_length",
    "stream_is_recorded",
    "ping_request",
    "ping_response",
    "swf_verify_request",
    "swf_verify_response",
    "buffer_empty",
    "buffer_ready",
];

/// Names of commands, and of data messages, that are met most.
pub(super) const COMMAND_NAMES: &[&str] = &[
    "connect",
    "createStream",
    "publish",
    "play",
    "_result",
    "_error",
    "onStatus",
    "releaseStream",
    "FCPublish",
    "FCUnpublish",
    "FCSubscribe",
    "deleteStream",
    "closeStream",
    "getStreamLength",
    "play2",
    "pause",
    "seek",
    "receiveAudio",
    "receiveVideo",
    "_checkbw",
    "onBWDone",
    "onFCPublish",
    "onFCUnpublish",
    "onMetaData",
    "onCuePoint",
    "onTextData",
    "onPlayStatus",
    "@setDataFrame",
    "|RtmpSampleAccess",
];

/// The words that a text means: the one of that name, those with that alias, or those that begin
/// with it.
pub(super) fn meant(words: &'static [Word], text: &str) -> Vec<&'static Word> {
    let is = |known: &str| known.eq_ignore_ascii_case(text);
    let named: Vec<_> = words.iter().filter(|word| is(word.name)).collect();
    if !named.is_empty() {
        return named;
    }
    let aliased: Vec<_> = words
        .iter()
        .filter(|word| word.aliases.iter().any(|alias| is(alias)))
        .collect();
    if !aliased.is_empty() || text.is_empty() {
        return aliased;
    }
    let begins = |known: &&str| {
        known
            .get(..text.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(text))
    };
    words
        .iter()
        .filter(|word| begins(&word.name) || word.aliases.iter().any(begins))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtmp::control::UserControlType;
    use crate::rtmp::media::codec::CodecId;
    use crate::rtmp::types::FourCc;

    fn names(words: &'static [Word], text: &str) -> Vec<&'static str> {
        meant(words, text)
            .into_iter()
            .map(|word| word.name)
            .collect()
    }

    #[test]
    fn a_name_means_one_an_alias_several_and_a_begin_all_that_begin_so() {
        assert_eq!(names(ROLES, "pub"), ["publisher"]);
        assert_eq!(names(ROLES, "p"), ["publisher", "player"]);
        assert_eq!(
            names(MESSAGE_TYPES, "CMD"),
            ["command_amf0", "command_amf3"]
        );
        assert_eq!(names(MESSAGE_TYPES, "amf3").len(), 3);
        assert_eq!(names(MESSAGE_TYPES, "control").len(), 6);
        assert_eq!(names(SIDES, "->"), ["client"]);
        assert!(names(ROLES, "q").is_empty());
    }

    #[test]
    fn words_are_those_of_the_decoder() {
        for word in MESSAGE_TYPES {
            assert_eq!(MessageTypeId(word.number).name(), Some(word.name));
        }
        for id in 0..=255 {
            let is_known = MESSAGE_TYPES.iter().any(|word| word.number == id);
            assert_eq!(MessageTypeId(id).name().is_some(), is_known, "type {id}");
        }
        for id in 0..0x100 {
            if let Some(name) = UserControlType(id).name() {
                assert!(EVENTS.contains(&name), "{name}");
            }
        }
        let ids = (0..16).flat_map(|id| [CodecId::Audio(id), CodecId::Video(id)]);
        let four_ccs = FOUR_CCS
            .iter()
            .map(|code| CodecId::FourCc(FourCc(code.as_bytes().try_into().expect("four"))));
        for name in ids.chain(four_ccs).filter_map(CodecId::name) {
            assert!(CODECS.contains(&name), "{name}");
        }
    }
}
