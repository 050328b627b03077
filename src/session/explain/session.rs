//! What both peers did.

use crate::session::explain::Explanation;
use crate::session::explain::says;

pub(super) const LIST: &[Explanation] = &[
    says(
        "handshake.echo_mismatch",
        "The answer in the handshake neither repeats what was sent nor is signed for it.",
        "A home-made server or client, or a proxy that answers for another.",
        "Strict peers close at once. If this one goes on, it is harmless.",
    ),
    says(
        "handshake.version_mismatch",
        "Client and server speak different versions of the handshake.",
        "The client asks for the enciphered variant, and the server is plain.",
        "Use rtmp:// or rtmps:// instead of rtmpe://.",
    ),
    says(
        "handshake.unfinished",
        "The connection ended before the handshake was over: no stream can have started.",
        "The port belongs to another service, the server refuses the address, or full-size packets do not get through.",
        "Look who closed. If one side sent nothing more, try a smaller MTU; if the server closed, read its log.",
    ),
    says(
        "call.unanswered",
        "A call that must be answered was not, so the caller waits or gives up.",
        "The server is busy with a check of its own (an authentication hook), overloaded, or it does not know the call.",
        "Look whether its bytes were acknowledged by TCP: then the server has the call and sits on it, otherwise the network lost it.",
    ),
    says(
        "call.failed",
        "The server answered a call with an error.",
        "A wrong application or stream name, credentials that are missing or refused, or a limit. Errors to releaseStream and FCPublish mean nothing.",
        "Read code and description of the answer in the calls. A first refusal that asks for authentication is part of the procedure.",
    ),
    says(
        "call.orphan_reply",
        "An answer to no call that was seen.",
        "The capture lost the call or began behind it; otherwise a server that counts calls wrongly, and a caller that waits in vain.",
        "Look for a call that stayed without an answer just before.",
    ),
    says(
        "call.answered_twice",
        "A call got two answers.",
        "A proxy and the server behind it both answer, or the server sends a result and a status.",
        "Compare both answers: a client takes the first.",
    ),
    says(
        "call.transaction_reused",
        "Two calls have the same number: answers can be taken for the other's.",
        "Some encoders number all their calls alike.",
        "Nothing, unless an answer seems to be missing.",
    ),
    says(
        "stream.bad_name",
        "The server does not let the stream be published under this name.",
        "Mostly another publisher has the name: a second encoder, or the last session of the same one, which the server has not noticed to be gone. Some servers say the same of a name that is not allowed.",
        "Look for an earlier connection with this name that was cut. Wait for the server's timeout, or end the other publisher; then check the stream key.",
    ),
    says(
        "stream.rejected",
        "The server refuses to publish or play the stream.",
        "A wrong or expired stream key, a policy of the server, or a stream that does not exist.",
        "Read code and description of the answer; then the server's log at this time.",
    ),
    says(
        "stream.media_without_publish",
        "Media comes on a message stream that nobody asked for.",
        "The capture began behind the setup, or the sender uses a wrong stream number, which servers ignore.",
        "Look at the answer to createStream: its number is the one to send on.",
    ),
    says(
        "stream.media_elsewhere",
        "Media comes on another message stream than the one that was agreed.",
        "Some servers always send on 0.",
        "Most players take it. If one shows nothing, this is why.",
    ),
    says(
        "stream.media_after_rejection",
        "The encoder goes on sending although the server refused the stream: it seems live, and nobody can see it.",
        "The encoder does not read answers, and the server does not close the connection.",
        "Look at the refusal before it. Stop the encoder, mend the cause, and start again.",
    ),
    says(
        "media.timestamp_backwards",
        "A timestamp is earlier than the one before on the same track: players stutter, recordings and HLS break.",
        "An encoder that was restarted or switched its source, or decode and presentation times that are mixed up.",
        "Look how far and how often: once and far is a new source, often and little is B-frames sent with the wrong time.",
    ),
    says(
        "media.timestamp_jump",
        "A timestamp runs ahead of the time that passed: players skip or fill up their buffer.",
        "The clock of the encoder or capture device was set, a source was switched, or frames were dropped before they were sent.",
        "Compare audio and video at this moment: if only one jumps, they are apart from here on.",
    ),
    says(
        "media.gap",
        "Nothing came for so long that viewers see it.",
        "If timestamps go on without a step, the network held up what was sent; if they jump along, the encoder sent nothing.",
        "Look at retransmissions and at the lag at this time: then at the uplink, or at the load of the encoder.",
    ),
    says(
        "media.no_config",
        "Pictures or sound come before the description that decoders need: players stay black or silent.",
        "The encoder does not send it, sends it too late, or a relay joined in the midst and did not repeat it.",
        "Look whether it comes at all. Restart the encoder; check that the server keeps it for late viewers.",
    ),
    says(
        "media.config_changed",
        "The codec's settings change in the midst of the stream: many players and recorders do not follow.",
        "A change of resolution or source in the encoder, or an adaptive one.",
        "Keep settings fixed while live. If servers cut the stream here, this is why.",
    ),
    says(
        "ack.overdue",
        "The receiver does not acknowledge what it gets, as it was asked to: some senders stop for that.",
        "Servers that leave acknowledgements out, or a receiver that hangs.",
        "Look whether the sender falls silent while TCP has nothing open: then it waits for this.",
    ),
    says(
        "ack.reset",
        "The count of acknowledged bytes falls: some senders take it for a loss and stop.",
        "Servers that begin to count anew near two or four gigabytes.",
        "Look whether the sender goes on. If it stops there every few hours, restart it before, or update the server.",
    ),
    says(
        "meta.mismatch",
        "The metadata says something else than the media: players and servers that trust it go wrong.",
        "Settings of the encoder that it does not reach, or metadata of another profile.",
        "Compare with the encoder's settings: a rate that is far lower than said means that it does not keep up.",
    ),
];
