//! Handshake, chunks and TCP.

use crate::session::explain::Explanation;
use crate::session::explain::says;

pub(super) const LIST: &[Explanation] = &[
    says(
        "tcp.gap",
        "Bytes of the connection are not in the capture, so messages around them are lost or incomplete.",
        "The capture dropped packets under load, or began or was filtered so that it sees only one way; the receiver itself may have got everything.",
        "Look whether the receiver acknowledged the bytes: then only the capture lacks them. Capture with a larger buffer or closer to the machine, and doubt what else is found around this time.",
    ),
    says(
        "tcp.conflicting_bytes",
        "Two segments carry different bytes for the same place in the stream: this analyser and the receiver may have read different things.",
        "A middlebox rewrites packets, a sender is broken, or somebody injects segments.",
        "Compare both frames byte by byte, and their TTL and MAC addresses. Capture at both ends to see who changes what.",
    ),
    says(
        "handshake.version",
        "The first byte is no RTMP version that is in use.",
        "Another protocol talks to this port: TLS to a plain port, HTTP, or a proxy header in front.",
        "Check scheme and port of the URL: rtmp:// for plain, rtmps:// for TLS.",
    ),
    says(
        "handshake.incomplete",
        "Part of the handshake is missing, so it could not be checked.",
        "The capture began late or lost packets, or the peer stopped in the midst of it.",
        "Look at the TCP gaps near it. If there are none, look who fell silent first; a path that drops full-size packets often shows here.",
    ),
    says(
        "chunk.first_header_not_full",
        "A chunk stream begins with a shortened header; what it leaves out counts as 0.",
        "Some encoders send their first control message so. It is harmless there.",
        "Nothing, unless the peer closes right behind it: strict servers refuse it.",
    ),
    says(
        "chunk.unknown_chunk_stream",
        "A header refers to an earlier one that was never sent: its message cannot be understood.",
        "Bytes before it are missing or were misread; rarely a faulty sender.",
        "Look at what came just before: a gap, a change of the chunk size, or an extended timestamp.",
    ),
    says(
        "chunk.header_within_message",
        "A message goes on with a whole header where one byte would do.",
        "A few encoders repeat headers between the chunks of a message.",
        "Works with tolerant servers; others close the connection here. Update the encoder if they do.",
    ),
    says(
        "chunk.message_cut",
        "A message was begun and never finished before the next began on the same chunk stream: its content is lost.",
        "The sender has a fault in how it interleaves messages, or the chunk size is not what it announced.",
        "Look at the latest Set Chunk Size of the sender, and whether damage begins there.",
    ),
    says(
        "chunk.message_aborted",
        "The sender took back a message that it had begun.",
        "An encoder drops a frame that is late already.",
        "Look at the lag at this time: if it grows, the uplink is too slow for the bitrate.",
    ),
    says(
        "chunk.extended_timestamp_left_out",
        "Continuation chunks do not repeat the extended timestamp: receivers that rely on it lose the stream.",
        "Older encoders do so. It shows once timestamps need more than 24 bits, after 4 h 39 min, or at once with large start times.",
        "Update the encoder, or restart the stream before that time; check that the server copes.",
    ),
    says(
        "chunk.extended_timestamp_differs",
        "Continuation chunks repeat another extended timestamp than the message has.",
        "The sender writes a delta where it should repeat the value, or the other way round.",
        "Servers log a warning or drop the stream. Update the encoder.",
    ),
    says(
        "chunk.size_zero",
        "The sender announces chunks of no bytes, which cannot be.",
        "A fault of the sender, or the bytes are not what they are taken for.",
        "Most servers close the connection. Look at what this sender is, and update it.",
    ),
    says(
        "chunk.size_top_bit",
        "The announced chunk size has a bit set that must be zero.",
        "An uninitialised or negative number in the sender.",
        "Strict peers close the connection. Update the sender.",
    ),
    says(
        "chunk.audio_fragments",
        "Audio comes in chunks of 64 bytes, as it did before RTMP 1.0.",
        "A very old encoder or a server in a mode for old players.",
        "Let the sender announce a chunk size, 4096 for example.",
    ),
    says(
        "chunk.size_late",
        "Messages in progress go on in the old chunk size after a new one was announced.",
        "The sender applies the change only to the messages that begin later.",
        "Servers that follow the specification lose their place here. Announce the size before media flows.",
    ),
    says(
        "chunk.body_truncated",
        "A message is longer than what this analyser keeps of one; the rest was passed over.",
        "Large keyframes, or a length that is misread.",
        "Nothing, if the message is a keyframe of a large picture. Servers have limits too, some at 1 MiB.",
    ),
    says(
        "chunk.bodies_dropped",
        "So much was begun and not finished that the content of the oldest messages was dropped here.",
        "A sender that opens many messages at once, out of fault or malice.",
        "Look who this peer is. Servers suffer from it as well.",
    ),
    says(
        "chunk.too_many_chunk_streams",
        "The peer uses more chunk streams than are followed.",
        "Misread bytes, or a peer that probes the server's memory.",
        "Look for a gap or damage before it; ordinary senders use fewer than ten.",
    ),
    says(
        "chunk.timestamp_uncertain",
        "Timestamps are off by an unknown amount until a full header comes.",
        "Messages with their time deltas were lost in the capture.",
        "Doubt lag, drift and skew from here on. Capture without loss to know.",
    ),
    says(
        "chunk.message_stream_presumed",
        "The header that names the message stream was not captured, so it is presumed.",
        "The capture began in the midst of the connection.",
        "Nothing; capture from the beginning of the connection to have it certain.",
    ),
    says(
        "chunk.header_inferred",
        "Length and type of messages are inferred from where the next headers stand.",
        "The capture began in the midst of the connection, and the sender leaves these fields out when they repeat.",
        "Nothing; capture from the beginning of the connection to have it certain.",
    ),
    says(
        "chunk.boundaries_lost",
        "From here it is not known where chunks begin, until they are found again.",
        "Missing bytes, or a chunk size that is not what was announced.",
        "Look at the gaps and at Set Chunk Size just before. If there is neither, the sender writes what its peer cannot read either.",
    ),
];
