//! Audio and video messages by themselves.

use crate::session::explain::Explanation;
use crate::session::explain::says;

pub(super) const LIST: &[Explanation] = &[
    says(
        "media.header_truncated",
        "An audio or video message is shorter than its own header: there is nothing to play in it.",
        "A faulty sender, or a relay that cuts messages.",
        "Look whether it happens once at the start, or with every keyframe: then a length limit cuts them.",
    ),
    says(
        "media.empty_video",
        "A video message without a byte.",
        "Encoders that flush at a pause or at the end.",
        "Nothing if it is the last one; weak receivers fail on it in the midst of a stream.",
    ),
    says(
        "media.reserved_packet_type",
        "A packet type that is reserved: receivers pass over it or give up.",
        "A sender newer than the specification, or misread bytes.",
        "Look at the version of the encoder, and whether the server knows Enhanced RTMP.",
    ),
    says(
        "media.reserved_frame_type",
        "A frame type that is reserved: it is not known whether it is a keyframe.",
        "A faulty sender, or misread bytes.",
        "Look at the first byte of the message.",
    ),
    says(
        "media.unknown_codec",
        "A codec that nobody documents: players cannot show it.",
        "A private codec number, or misread bytes.",
        "Choose a codec that server and players know; H.264 and AAC work everywhere.",
    ),
    says(
        "media.nonstandard_codec",
        "A codec number that is in use but was never standardised, as 12 for HEVC.",
        "Encoders and servers of one region agree on it among themselves.",
        "Players from elsewhere show nothing. Use Enhanced RTMP for such codecs if both ends know it.",
    ),
    says(
        "media.reserved_multitrack_type",
        "Several tracks in one message in a layout that is reserved.",
        "A sender newer than the specification, or misread bytes.",
        "Look whether the server supports multitrack; send one track to try.",
    ),
    says(
        "media.nested_multitrack",
        "Several tracks within one of several tracks, which cannot be.",
        "A faulty sender.",
        "Update the encoder, or send one track.",
    ),
    says(
        "media.track_beyond_message",
        "A track claims more bytes than its message has: it is lost.",
        "A faulty sender, or a relay that cuts messages.",
        "Look whether the other tracks arrive, and update the sender.",
    ),
    says(
        "media.mod_ex_short",
        "A nanosecond offset does not have the bytes it needs.",
        "A faulty sender.",
        "Nothing. The offset counts as 0.",
    ),
    says(
        "media.nano_offset_out_of_range",
        "A nanosecond offset is a millisecond or more, which belongs into the timestamp.",
        "A sender that confuses units.",
        "Look whether audio and video are apart by that much.",
    ),
    says(
        "media.config_unreadable",
        "The description that decoders need cannot be read: players show nothing.",
        "An encoder that sends it before it is complete, or in another format than announced.",
        "Look at its bytes. Restart the encoder, and compare with a stream that plays.",
    ),
    says(
        "media.config_empty",
        "The codec is announced without the description that decoders need.",
        "Encoders send it when they start before they have one.",
        "Harmless if a whole one follows. Some servers close the connection at once.",
    ),
    says(
        "media.config_nonstandard",
        "The description for decoders is not laid out as specified, but can be read.",
        "Habits of single encoders.",
        "Nothing, unless a player refuses the stream.",
    ),
    says(
        "media.metadata_not_paired",
        "Metadata of the video is not a sequence of names and values.",
        "A faulty sender.",
        "Colour information for HDR is lost; check the picture.",
    ),
];
