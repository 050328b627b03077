//! What a message says in a few words, masked and without control characters.

use std::fmt::Write as _;

use crate::base::text::printable;
use crate::base::units::bytes;
use crate::base::units::counted;
use crate::rtmp::amf::value::Value;
use crate::rtmp::command::Command;
use crate::rtmp::control::UserControl;
use crate::rtmp::control::UserControlData;
use crate::rtmp::data::Data;
use crate::rtmp::event::RawMessage;
use crate::rtmp::media::audio::AudioTag;
use crate::rtmp::media::video::VideoTag;
use crate::rtmp::message::Message;
use crate::rtmp::secret::Secrecy;
use crate::session::mask::Mask;

/// Most arguments of a command that are told.
const MAX_ARGUMENTS: usize = 4;

/// Longest text of a summary, in bytes: nothing wider fits on any screen.
const MAX_SUMMARY: usize = 400;

/// What a message says.
pub fn gist(raw: &RawMessage, message: &Message, mask: Mask<'_>) -> String {
    let mut text = match message {
        Message::SetChunkSize { size } => format!("chunks of {size} bytes from here on"),
        Message::Abort { csid } => format!("gives up the message on csid {csid}"),
        Message::Acknowledgement { sequence_number } => {
            format!("received {sequence_number} bytes")
        }
        Message::WindowAckSize { size } => format!("acknowledge every {size} bytes"),
        Message::SetPeerBandwidth(bandwidth) => match bandwidth.limit {
            Some(limit) => format!("window {} bytes, {limit}", bandwidth.window),
            None => format!("window {} bytes", bandwidth.window),
        },
        Message::UserControl(control) => user_control(control),
        Message::Command(command) => command_text(command, mask),
        Message::Data(data) => data_text(data, mask),
        Message::SharedObject(object) => prose(mask, object.name.as_str()),
        Message::Aggregate(_) => "several messages in one".to_owned(),
        Message::Audio(tag) => audio(tag, raw),
        Message::Video(tag) => video(tag, raw),
        Message::Unreadable => "too short to be read".to_owned(),
        Message::Unknown => "of an unknown type".to_owned(),
    };
    if raw.received < raw.length {
        let missing = raw.length.saturating_sub(raw.received);
        text = format!("{text}  ({} missing)", bytes(u64::from(missing)));
    }
    text.truncate(text.floor_char_boundary(MAX_SUMMARY));
    text
}

/// Foreign text, when it is known what of it is secret, as it may be shown.
fn text_as(mask: Mask<'_>, text: &str, secrecy: Secrecy) -> String {
    printable(&mask.text(text, secrecy))
}

/// Foreign text, whatever it is, as it may be shown.
fn prose(mask: Mask<'_>, text: &str) -> String {
    printable(&mask.prose(text))
}

fn user_control(control: &UserControl) -> String {
    let event = control.event.to_string().replace('_', " ");
    match &control.data {
        UserControlData::Stream { stream_id } => format!("{event}, stream {stream_id}"),
        UserControlData::BufferLength {
            stream_id,
            buffer_ms,
        } => format!("{event} {buffer_ms} ms, stream {stream_id}"),
        UserControlData::Ping { timestamp } => format!("{event} {timestamp}"),
        _ => event,
    }
}

fn command_text(command: &Command, mask: Mask<'_>) -> String {
    let mut text = prose(mask, command.name.as_str());
    if let Some(id) = command.transaction_id
        && id.expects_answer()
    {
        let _ = write!(text, " #{id}");
    }
    if let Some(status) = command.status() {
        for part in [status.code, status.description].into_iter().flatten() {
            text.push_str("  ");
            text.push_str(&text_as(mask, part, Secrecy::Parameters));
        }
        return text;
    }
    for key in ["app", "tcUrl"] {
        if let Some(value) = command.text_property(key) {
            let value = text_as(mask, value, command.property_secrecy(key));
            let _ = write!(text, "  {key}={value}");
        }
    }
    for (index, argument) in command.arguments.iter().take(MAX_ARGUMENTS).enumerate() {
        text.push_str("  ");
        text.push_str(&value(argument, command.argument_secrecy(index), mask));
    }
    text
}

/// A value that is one word, or what it consists of.
fn value(value: &Value, secrecy: Secrecy, mask: Mask<'_>) -> String {
    match value.as_str() {
        Some(text) => text_as(mask, text, secrecy),
        None => prose(mask, &value.to_string()),
    }
}

fn data_text(data: &Data, mask: Mask<'_>) -> String {
    let mut text = String::new();
    if let Some(instruction) = data.instruction {
        text.push_str(instruction.name());
        text.push(' ');
    }
    text.push_str(&prose(mask, data.name.as_str()));
    let keys = [
        "width",
        "height",
        "framerate",
        "videodatarate",
        "audiodatarate",
    ];
    for key in keys {
        if let Some(Value::Number(number)) = data.get(key) {
            let _ = write!(text, "  {key} {number}");
        }
    }
    if data.metadata().is_none() {
        for item in data.values.iter().take(MAX_ARGUMENTS) {
            text.push_str("  ");
            text.push_str(&value(item, Secrecy::Parameters, mask));
        }
    }
    text
}

fn audio(tag: &AudioTag, raw: &RawMessage) -> String {
    if raw.length == 0 {
        return "nothing: an empty message".to_owned();
    }
    let codec = tag
        .codec()
        .map_or_else(|| "?".to_owned(), |codec| codec.to_string());
    let packet = tag
        .packet
        .name()
        .unwrap_or("unknown packet")
        .replace('_', " ");
    match (
        tag.is_config(),
        tag.tracks.iter().find_map(|track| track.config.as_ref()),
    ) {
        (true, Some(config)) => {
            let rate = config.sample_rate_hz.map(|rate| format!("  {rate} Hz"));
            let channels = config
                .channels
                .map(|count| format!("  {}", counted(u64::from(count), "channel")));
            format!(
                "{codec} configuration{}{}",
                rate.unwrap_or_default(),
                channels.unwrap_or_default()
            )
        }
        (true, None) => format!("{codec} configuration"),
        _ => format!("{codec} {packet}"),
    }
}

fn video(tag: &VideoTag, raw: &RawMessage) -> String {
    if raw.length == 0 {
        return "nothing: an empty message".to_owned();
    }
    let codec = tag
        .codec()
        .map_or_else(|| "?".to_owned(), |codec| codec.to_string());
    if tag.is_config() {
        let config = tag.tracks.iter().find_map(|track| track.config.as_deref());
        let size = config.and_then(|config| config.size);
        let profile = config.and_then(|config| config.profile_name);
        return format!(
            "{codec} configuration{}{}",
            profile.map(|name| format!("  {name}")).unwrap_or_default(),
            size.map(|size| format!("  {size}")).unwrap_or_default()
        );
    }
    let packet = tag
        .packet
        .name()
        .unwrap_or("unknown packet")
        .replace('_', " ");
    let kind = match tag.frame {
        Some(frame) if tag.is_coded() => match frame.name() {
            Some(name) => format!("{name} frame").replace('_', " "),
            None => "frame of an unknown kind".to_owned(),
        },
        _ => packet,
    };
    let offset = tag
        .composition_time_ms()
        .filter(|ms| *ms != 0)
        .map(|ms| format!("  composition time {ms:+} ms"));
    format!("{codec} {kind}{}", offset.unwrap_or_default())
}
