//! The record `call`.

use crate::base::time::Precision;
use crate::report::json::records::frame;
use crate::report::json::records::inferred;
use crate::report::json::writer::JsonWriter;
use crate::rtmp::secret::Secrecy;
use crate::session::call::Call;
use crate::session::call::Expectation;
use crate::session::call::ReplyKind;
use crate::session::mask::Mask;

/// Writes the member `call`.
pub(in crate::report::json) fn call(
    w: &mut JsonWriter,
    call: &Call,
    mask: Mask<'_>,
    precision: Precision,
) {
    w.object_member("call");
    w.string_member("name", &mask.text(&call.name, Secrecy::Open));
    if let Some(id) = call.transaction_id() {
        w.key("transaction_id");
        w.double_or_text(id.0);
    }
    w.string_member("caller", call.caller.name());
    w.unsigned_member("csid", call.csid.0);
    w.unsigned_member("stream_id", call.stream_id.0);
    w.string_member("state", call.state.name());
    if call.expectation == Expectation::Optional {
        w.boolean_member("optional", true);
    }
    w.key("called");
    w.plain(&call.at.time.rfc3339(precision));
    frame(w, "call_frame", call.at.frame);
    w.unsigned_member("call_message", call.message);
    if let Some(latency) = call.latency() {
        w.decimal_member("latency_ms", latency.as_millis_f64());
    }
    if call.pipelined() {
        w.boolean_member("pipelined", true);
    }
    if call.reused_transaction() {
        w.boolean_member("reused_transaction", true);
    }
    if call.overdue {
        w.boolean_member("overdue", true);
    }
    w.unsigned_member("answers", call.answers);
    inferred(w, [("stream_id", call.stream_from)]);
    if let Some(reply) = &call.reply {
        w.object_member("reply");
        w.string_member("kind", reply_name(reply.kind));
        frame(w, "frame", reply.at.frame);
        w.unsigned_member("message", reply.message);
        let texts = [
            ("level", reply.level()),
            ("code", reply.code()),
            ("description", reply.description()),
        ];
        for (key, text) in texts {
            if let Some(text) = text {
                w.string_member(key, &mask.text(text, Secrecy::Parameters));
            }
        }
        w.end_object();
    }
    w.end_object();
}

fn reply_name(kind: ReplyKind) -> &'static str {
    match kind {
        ReplyKind::Result => "result",
        ReplyKind::Error => "error",
        ReplyKind::Status => "status",
        ReplyKind::Notice => "notice",
        ReplyKind::Pong => "pong",
    }
}
