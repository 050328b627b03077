//! Words that the specifications themselves put on the wire: names of commands, of properties and of
//! codes. A stream may be called `sample`; `audiosamplerate` tells nothing of it.

/// Names of RTMP 1.0, of the Flash Media Server's and Enhanced RTMP's commands, and of their
/// properties.
const NAMES: &[&str] = &[
    // Commands and data messages.
    "connect",
    "createStream",
    "deleteStream",
    "closeStream",
    "releaseStream",
    "FCPublish",
    "FCUnpublish",
    "FCSubscribe",
    "FCUnsubscribe",
    "publish",
    "play",
    "play2",
    "pause",
    "pauseRaw",
    "seek",
    "receiveAudio",
    "receiveVideo",
    "getStreamLength",
    "onBWDone",
    "onBWCheck",
    "onFCPublish",
    "onFCUnpublish",
    "onFCSubscribe",
    "onFCUnsubscribe",
    "onStatus",
    "onMetaData",
    "onTextData",
    "onCuePoint",
    "onPlayStatus",
    "setDataFrame",
    "clearDataFrame",
    "RtmpSampleAccess",
    // connect and its answer.
    "flashVer",
    "swfUrl",
    "tcUrl",
    "pageUrl",
    "fpad",
    "capabilities",
    "audioCodecs",
    "videoCodecs",
    "videoFunction",
    "objectEncoding",
    "fourCcList",
    "capsEx",
    "audioFourCcInfoMap",
    "videoFourCcInfoMap",
    "fmsVer",
    "level",
    "code",
    "description",
    "details",
    "clientid",
    "nonprivate",
    // onMetaData.
    "audiochannels",
    "audiocodecid",
    "audiodatarate",
    "audiodelay",
    "audioinputvolume",
    "audiosamplerate",
    "audiosamplesize",
    "audioTrackIdInfoMap",
    "avclevel",
    "avcprofile",
    "canSeekToEnd",
    "colorInfo",
    "compatible_brands",
    "creationdate",
    "displayHeight",
    "displayWidth",
    "duration",
    "encoder",
    "fileSize",
    "filesize",
    "frameHeight",
    "framerate",
    "frameWidth",
    "hasAudio",
    "hasCuePoints",
    "hasKeyframes",
    "hasMetadata",
    "hasVideo",
    "height",
    "keyframes",
    "lastkeyframelocation",
    "lastkeyframetimestamp",
    "lasttimestamp",
    "major_brand",
    "metadatacreator",
    "metadatadate",
    "minor_version",
    "presetname",
    "stereo",
    "trackinfo",
    "videocodecid",
    "videodatarate",
    "videodevice",
    "videoframerate",
    "videokeyframe_frequency",
    "videoTrackIdInfoMap",
    "width",
];

/// What the codes of `onStatus`, `_result` and `_error` begin with.
const CODE_FAMILIES: &[&str] = &["NetConnection.", "NetStream.", "NetGroup.", "SharedObject."];

/// Whether a specification puts this word on the wire.
pub(crate) fn is_term(word: &str) -> bool {
    NAMES.contains(&word)
        || CODE_FAMILIES
            .iter()
            .any(|family| word.strip_prefix(family).is_some_and(names_a_state))
}

/// Whether this is the rest of a code: capitalised words with dots between them, as in
/// `Publish.BadName`. A made-up code that holds a stream name behind a dot would pass, so that
/// there are at most two words, none of them with a digit.
fn names_a_state(rest: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_uppercase())
            && word.chars().all(|c| c.is_ascii_alphabetic())
    };
    rest.split('.').count() <= 2 && rest.split('.').all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_codes_are_terms() {
        for word in ["audiosamplerate", "createStream", "NetStream.Publish.Start"] {
            assert!(is_term(word), "{word}");
        }
    }

    #[test]
    fn what_is_not_from_a_specification_is_no_term() {
        for word in [
            "sample",
            "audiosample",
            "NetStream.",
            "NetStream.Publish.cam7",
            "NetStream.Publish.Start.Cam",
        ] {
            assert!(!is_term(word), "{word}");
        }
    }
}
