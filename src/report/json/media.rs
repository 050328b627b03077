//! Audio and video headers as JSON: the members `audio` and `video` of a message, and the
//! configurations, which `track` records carry too.

use crate::report::json::writer::JsonWriter;
use crate::rtmp::media::audio::AudioPacket;
use crate::rtmp::media::audio::AudioTag;
use crate::rtmp::media::channels::ChannelOrder;
use crate::rtmp::media::channels::MultichannelConfig;
use crate::rtmp::media::codec::CodecId;
use crate::rtmp::media::config::AudioConfig;
use crate::rtmp::media::config::VideoConfig;
use crate::rtmp::media::enhanced::ModEx;
use crate::rtmp::media::enhanced::MultitrackKind;
use crate::rtmp::media::video::FrameKind;
use crate::rtmp::media::video::VideoCommand;
use crate::rtmp::media::video::VideoPacket;
use crate::rtmp::media::video::VideoTag;

/// Writes the member `audio`.
pub(super) fn audio(w: &mut JsonWriter, tag: &AudioTag) {
    w.object_member("audio");
    match (tag.packet.name(), tag.packet) {
        (Some(name), _) => w.string_member("packet", name),
        (None, AudioPacket::Unknown(number)) => numbered(w, "packet", "packet", number),
        (None, _) => {}
    }
    head(
        w,
        tag.is_enhanced,
        tag.multitrack,
        tag.nano_offset,
        &tag.mod_ex,
    );
    w.array_member("tracks");
    for track in tag.tracks.as_slice() {
        w.element();
        w.begin_object();
        w.unsigned_member("track_id", track.id);
        codec(w, track.codec);
        w.unsigned_member("bytes", track.payload.len() as u64);
        if let Some(config) = &track.config {
            w.key("config");
            audio_config(w, config);
        }
        if let Some(channels) = &track.channels {
            multichannel(w, channels);
        }
        w.end_object();
    }
    w.end_array();
    w.end_object();
}

/// Writes the member `video`.
pub(super) fn video(w: &mut JsonWriter, tag: &VideoTag) {
    w.object_member("video");
    match (tag.packet.name(), tag.packet) {
        (Some(name), _) => w.string_member("packet", name),
        (None, VideoPacket::Unknown(number)) => numbered(w, "packet", "packet", number),
        (None, _) => {}
    }
    if let Some(frame) = tag.frame {
        match (frame.name(), frame) {
            (None, FrameKind::Unknown(number)) => numbered(w, "frame", "frame", number),
            (name, _) => w.string_member("frame", name.unwrap_or_default()),
        }
        w.boolean_member("keyframe", tag.is_key());
    }
    if let Some(command) = tag.command {
        match (command.name(), command) {
            (None, VideoCommand::Unknown(number)) => numbered(w, "command", "command", number),
            (name, _) => w.string_member("command", name.unwrap_or_default()),
        }
    }
    head(
        w,
        tag.is_enhanced,
        tag.multitrack,
        tag.nano_offset,
        &tag.mod_ex,
    );
    w.array_member("tracks");
    for track in tag.tracks.as_slice() {
        w.element();
        w.begin_object();
        w.unsigned_member("track_id", track.id);
        codec(w, track.codec);
        if let Some(offset) = track.composition_time_ms {
            w.signed_member("composition_time_ms", offset);
        }
        w.unsigned_member("bytes", track.payload.len() as u64);
        if let Some(config) = &track.config {
            w.key("config");
            video_config(w, config);
        }
        if let Some(size) = track.picture_size {
            w.unsigned_member("width", size.width);
            w.unsigned_member("height", size.height);
        }
        w.end_object();
    }
    w.end_array();
    w.end_object();
}

fn head(
    w: &mut JsonWriter,
    enhanced: bool,
    multitrack: Option<MultitrackKind>,
    nano_offset: Option<u32>,
    mod_ex: &[ModEx],
) {
    w.boolean_member("enhanced", enhanced);
    if let Some(kind) = multitrack {
        match kind.name() {
            Some(name) => w.string_member("multitrack", name),
            None => numbered(w, "multitrack", "type", kind.number()),
        }
    }
    if let Some(nanos) = nano_offset {
        w.unsigned_member("nano_offset_ns", nanos);
    }
    if !mod_ex.is_empty() {
        w.array_member("mod_ex");
        for modifier in mod_ex {
            w.element();
            w.begin_object();
            w.unsigned_member("type_id", modifier.kind);
            w.unsigned_member("bytes", modifier.len);
            w.end_object();
        }
        w.end_array();
    }
}

fn numbered(w: &mut JsonWriter, key: &str, prefix: &str, number: u8) {
    w.key(key);
    w.plain(&format_args!("{prefix}_{number}"));
}

/// Writes `codec`, and `codec_id` as it is on the wire: a number of FLV or a FourCC.
pub(super) fn codec(w: &mut JsonWriter, id: CodecId) {
    w.display_member("codec", &id);
    match id {
        CodecId::Audio(number) | CodecId::Video(number) => w.unsigned_member("codec_id", number),
        CodecId::FourCc(four_cc) => w.display_member("codec_id", &four_cc),
    }
}

/// Writes a video configuration as an object.
pub(super) fn video_config(w: &mut JsonWriter, config: &VideoConfig) {
    w.begin_object();
    if let Some(profile) = config.profile {
        w.unsigned_member("profile_id", profile);
    }
    if let Some(name) = config.profile_name {
        w.string_member("profile", name);
    }
    if let Some(level) = config.level {
        w.display_member("level", &level);
    }
    if let Some(high) = config.high_tier {
        w.boolean_member("high_tier", high);
    }
    if let Some(size) = config.size {
        w.unsigned_member("width", size.width);
        w.unsigned_member("height", size.height);
    }
    if let Some(size) = config
        .display_size()
        .filter(|_| config.sample_aspect.is_some())
    {
        w.unsigned_member("display_width", size.width);
        w.unsigned_member("display_height", size.height);
    }
    if let Some(rate) = config.frame_rate {
        w.decimal_member("frame_rate", rate.value());
    }
    if let Some(depth) = config.bit_depth {
        w.unsigned_member("bit_depth", depth);
    }
    if let Some(chroma) = config.chroma {
        w.string_member("chroma", chroma.name());
    }
    if let Some(size) = config.nal_length_size {
        w.unsigned_member("nal_length_bytes", size);
    }
    if let Some(color) = config.color {
        if let Some(number) = color.primaries {
            w.unsigned_member("color_primaries", number);
        }
        if let Some(number) = color.transfer {
            w.unsigned_member("color_transfer", number);
        }
        if let Some(number) = color.matrix {
            w.unsigned_member("color_matrix", number);
        }
        if let Some(full) = color.full_range {
            w.boolean_member("color_full_range", full);
        }
    }
    if let Some(interlaced) = config.interlaced {
        w.boolean_member("interlaced", interlaced);
    }
    if let Some(frames) = config.max_reorder_frames {
        w.unsigned_member("max_reorder_frames", frames);
    }
    w.end_object();
}

/// Writes an audio configuration as an object.
pub(super) fn audio_config(w: &mut JsonWriter, config: &AudioConfig) {
    w.begin_object();
    if let Some(number) = config.object_type {
        w.unsigned_member("object_type", number);
    }
    if let Some(hertz) = config.sample_rate_hz {
        w.unsigned_member("sample_rate_hz", hertz);
    }
    if let Some(hertz) = config.core_sample_rate_hz {
        w.unsigned_member("core_sample_rate_hz", hertz);
    }
    if let Some(channels) = config.channels {
        w.unsigned_member("channels", channels);
    }
    if let Some(mask) = config.channel_mask {
        w.unsigned_member("channel_mask", mask);
    }
    if let Some(bits) = config.bits_per_sample {
        w.unsigned_member("bits_per_sample", bits);
    }
    if let Some(rate) = config.bit_rate {
        w.unsigned_member("bit_rate_bps", rate);
    }
    if let Some(samples) = config.frame_samples {
        w.unsigned_member("frame_samples", samples);
    }
    if let Some(samples) = config.pre_skip {
        w.unsigned_member("pre_skip_samples", samples);
    }
    w.end_object();
}

fn multichannel(w: &mut JsonWriter, config: &MultichannelConfig) {
    w.object_member("multichannel");
    match &config.order {
        ChannelOrder::Unspecified => w.string_member("order", "unspecified"),
        ChannelOrder::Native { mask } => {
            w.string_member("order", "native");
            w.unsigned_member("mask", *mask);
        }
        ChannelOrder::Custom(_) => w.string_member("order", "custom"),
        ChannelOrder::Unknown(number) => numbered(w, "order", "order", *number),
    }
    w.unsigned_member("channels", config.count);
    w.array_member("speakers");
    for speaker in config.speakers() {
        w.element();
        w.string(speaker);
    }
    w.end_array();
    w.end_object();
}
