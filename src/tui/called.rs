//! The messages of the selected call: found in the index, read again where their bytes were let go,
//! and taken apart.

use std::sync::Arc;

use crate::base::ids::FlowId;
use crate::session::call::Call;
use crate::tui::bodies::Bodies;
use crate::tui::model::CallOpened;
use crate::tui::model::Detail;
use crate::tui::model::Kept;
use crate::tui::model::Opened;
use crate::tui::model::Reading;
use crate::tui::opened;
use crate::tui::reread::Answer;
use crate::tui::reread::Desk;
use crate::tui::ring::Ring;
use crate::tui::state::ViewState;
use crate::tui::wanted::Wanted;

/// What came of reading the messages of a call again: those of one call, and of no other.
#[derive(Debug, Default)]
pub(super) struct Readings {
    answers: Vec<((FlowId, u64), Answer)>,
    /// What was asked for last.
    asked: Option<(FlowId, u64)>,
}

/// The messages of a call before they are taken apart.
#[derive(Debug)]
pub(super) struct Called {
    call: u64,
    request: Option<Arc<Kept>>,
    reply: Option<Arc<Kept>>,
}

impl Called {
    /// Those of the call that the view has selected.
    pub(super) fn of(
        ring: &Ring,
        bodies: &Bodies,
        detail: &Detail,
        view: &ViewState,
    ) -> Option<Self> {
        let calls = &detail.session.calls;
        let call: &Call = calls.iter().nth(view.call).or(calls.iter().last())?;
        let message = |number: u64| {
            let kept = ring.message(ring.place(number), bodies)?;
            (kept.number == number).then_some(kept)
        };
        Some(Self {
            call: call.id,
            request: message(call.message),
            reply: (call.reply.as_ref()).and_then(|reply| message(reply.message)),
        })
    }

    fn messages(&self) -> impl Iterator<Item = &Arc<Kept>> {
        self.request.iter().chain(&self.reply)
    }

    /// Takes them apart, with what was read again.
    pub(super) fn open(&self, detail: &Detail, readings: &Readings) -> CallOpened {
        let open = |kept: &Arc<Kept>| Arc::new(readings.open(kept, detail));
        CallOpened {
            call: self.call,
            request: self.request.as_ref().map(open),
            reply: self.reply.as_ref().map(open),
        }
    }
}

impl Readings {
    /// Takes the answers that came, and asks for the next of the messages whose bytes were let go.
    /// One is read at a time. Returns whether one was asked for: then nothing else is any more.
    pub(super) fn ask(
        &mut self,
        called: &Called,
        ring: &Ring,
        detail: &Detail,
        desk: &Desk,
    ) -> bool {
        let key = |kept: &Kept| (detail.id, kept.number);
        self.answers
            .retain(|(of, _)| called.messages().any(|kept| key(kept) == *of));
        if !desk.is_served() {
            return false;
        }
        for kept in called.messages().filter(|kept| kept.is_let_go) {
            let key = key(kept);
            if self.answers.iter().any(|(of, _)| *of == key) {
                continue;
            }
            match desk.answer(key).filter(|_| self.asked == Some(key)) {
                Some(Answer::Underway(_)) => return false,
                Some(answer) => self.answers.push((key, answer)),
                None => {
                    if let Some(wanted) = Wanted::of(ring, kept, detail) {
                        self.asked = Some(key);
                        desk.ask(wanted);
                        return true;
                    }
                }
            }
        }
        false
    }

    fn open(&self, kept: &Arc<Kept>, detail: &Detail) -> Opened {
        let key = (detail.id, kept.number);
        let answer = self.answers.iter().find(|(of, _)| *of == key);
        let (found, reading) = match answer.map(|(_, answer)| answer) {
            Some(Answer::Found(found)) => (Some(found.as_ref()), Reading::Done),
            Some(Answer::Failed(why)) => (None, Reading::Failed(Arc::clone(why))),
            Some(Answer::Underway(percent)) => (None, Reading::Underway(*percent)),
            None if kept.is_let_go && self.asked.is_some() => (None, Reading::Underway(None)),
            None => (None, Reading::Impossible),
        };
        opened::open(kept, detail, found, false, reading)
    }
}
