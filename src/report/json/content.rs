//! What a message says, beside its envelope: `command`, `data`, `control` or `shared_object`.
//! Audio and video are in [`crate::report::json::media`].

use crate::report::json::amf;
use crate::report::json::amf::Shown;
use crate::report::json::writer::JsonWriter;
use crate::rtmp::amf::value::Value;
use crate::rtmp::command::Command;
use crate::rtmp::control::SetPeerBandwidth;
use crate::rtmp::control::UserControl;
use crate::rtmp::control::UserControlData;
use crate::rtmp::data::Data;
use crate::rtmp::message::Message;
use crate::rtmp::secret::Secrecy;
use crate::rtmp::shared_object::SharedObject;
use crate::rtmp::shared_object::SharedObjectData;
use crate::session::mask::Mask;

/// Writes the member that goes with the message, if it has content of its own.
pub(super) fn write(w: &mut JsonWriter, message: &Message, mask: Mask<'_>) {
    match message {
        Message::SetChunkSize { size } => control(w, |w| w.unsigned_member("chunk_size", *size)),
        Message::Abort { csid } => control(w, |w| w.unsigned_member("csid", csid.0)),
        Message::Acknowledgement { sequence_number } => {
            control(w, |w| {
                w.unsigned_member("sequence_number", *sequence_number);
            });
        }
        Message::WindowAckSize { size } => control(w, |w| w.unsigned_member("window_bytes", *size)),
        Message::SetPeerBandwidth(bandwidth) => control(w, |w| peer_bandwidth(w, *bandwidth)),
        Message::UserControl(event) => control(w, |w| user_control(w, event, mask)),
        Message::Command(content) => command(w, content, mask),
        Message::Data(content) => data(w, content, mask),
        Message::SharedObject(content) => shared_object(w, content, mask),
        Message::Aggregate(aggregate) => {
            w.object_member("aggregate");
            w.unsigned_member("parts", aggregate.parts.len() as u64);
            w.end_object();
        }
        Message::Audio(tag) => super::media::audio(w, tag),
        Message::Video(tag) => super::media::video(w, tag),
        Message::Unreadable | Message::Unknown => {}
    }
}

fn control(w: &mut JsonWriter, members: impl FnOnce(&mut JsonWriter)) {
    w.object_member("control");
    members(w);
    w.end_object();
}

fn peer_bandwidth(w: &mut JsonWriter, bandwidth: SetPeerBandwidth) {
    w.unsigned_member("window_bytes", bandwidth.window);
    if let Some(limit) = bandwidth.limit {
        w.display_member("limit", &limit);
    }
}

fn user_control(w: &mut JsonWriter, control: &UserControl, mask: Mask<'_>) {
    w.unsigned_member("event_id", control.event.0);
    w.display_member("event", &control.event);
    match &control.data {
        UserControlData::Nothing => {}
        UserControlData::Stream { stream_id } => w.unsigned_member("stream_id", *stream_id),
        UserControlData::BufferLength {
            stream_id,
            buffer_ms,
        } => {
            w.unsigned_member("stream_id", *stream_id);
            w.unsigned_member("buffer_ms", *buffer_ms);
        }
        UserControlData::Ping { timestamp } => w.unsigned_member("ping_timestamp_ms", *timestamp),
        UserControlData::SwfVerification(proof) => {
            w.unsigned_member("swf_bytes", proof.swf_size);
            // The proof lets whoever has it pass for the player.
            if mask.shows_secrets() {
                w.key("swf_digest_hex");
                w.hex(&proof.digest);
            }
        }
        UserControlData::Byte(byte) => w.unsigned_member("byte", *byte),
        UserControlData::Bytes(bytes) => {
            w.key("bytes_hex");
            w.hex(bytes);
        }
    }
}

fn command(w: &mut JsonWriter, command: &Command, mask: Mask<'_>) {
    let property = |key: &str| command.property_secrecy(key);
    let shown = Shown {
        mask,
        property: &property,
    };
    w.object_member("command");
    w.string_member("name", &mask.text(command.name.as_str(), Secrecy::Open));
    if let Some(id) = command.transaction_id {
        w.key("transaction_id");
        amf::write(w, &Value::Number(id.0), Secrecy::Open, shown);
    }
    if let Some(object) = &command.object {
        w.key("object");
        amf::write(w, object, Secrecy::Open, shown);
    }
    w.array_member("arguments");
    for (index, argument) in command.arguments.iter().enumerate() {
        w.element();
        amf::write(w, argument, command.argument_secrecy(index), shown);
    }
    w.end_array();
    w.end_object();
}

fn data(w: &mut JsonWriter, data: &Data, mask: Mask<'_>) {
    let shown = Shown {
        mask,
        property: &Secrecy::of_property,
    };
    w.object_member("data");
    if let Some(instruction) = data.instruction {
        w.string_member("instruction", instruction.name());
    }
    w.string_member("name", &mask.text(data.name.as_str(), Secrecy::Open));
    w.array_member("values");
    for value in &data.values {
        w.element();
        amf::write(w, value, Secrecy::Open, shown);
    }
    w.end_array();
    if let Some(timecode) = data.timecode {
        w.unsigned_member("timecode", timecode);
    }
    w.end_object();
}

fn shared_object(w: &mut JsonWriter, object: &SharedObject, mask: Mask<'_>) {
    let shown = Shown {
        mask,
        property: &Secrecy::of_property,
    };
    let text = |text: &str| mask.text(text, Secrecy::Open).into_owned();
    w.object_member("shared_object");
    w.string_member("name", &text(object.name.as_str()));
    w.unsigned_member("version", object.version);
    w.boolean_member("persistent", object.is_persistent());
    w.array_member("events");
    for event in &object.events {
        w.element();
        w.begin_object();
        w.unsigned_member("event_id", event.event.0);
        w.display_member("event", &event.event);
        match &event.data {
            SharedObjectData::Nothing => {}
            SharedObjectData::Slots(slots) => {
                w.array_member("slots");
                for (key, value) in slots {
                    w.element();
                    w.begin_object();
                    w.string_member("name", &text(key));
                    w.key("value");
                    amf::write(w, value, Secrecy::of_property(key), shown);
                    w.end_object();
                }
                w.end_array();
            }
            SharedObjectData::Names(names) => {
                w.array_member("names");
                for name in names {
                    w.element();
                    w.string(&text(name.as_str()));
                }
                w.end_array();
            }
            SharedObjectData::Status { code, level } => {
                w.string_member("code", &text(code.as_str()));
                w.string_member("level", &text(level.as_str()));
            }
            SharedObjectData::Values(values) => {
                w.array_member("values");
                for value in values {
                    w.element();
                    amf::write(w, value, Secrecy::Open, shown);
                }
                w.end_array();
            }
            SharedObjectData::Bytes(bytes) => {
                w.key("bytes_hex");
                w.hex(bytes);
            }
        }
        w.end_object();
    }
    w.end_array();
    w.end_object();
}
