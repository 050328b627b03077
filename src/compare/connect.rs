//! What `connect` asked for and what its answer said: properties with their types.

use crate::compare::Both;
use crate::compare::Party;
use crate::compare::Section;
use crate::compare::Weight;
use crate::compare::amf;
use crate::compare::amf::Property;
use crate::compare::lines::Lines;
use crate::rtmp::command::Command;
use crate::rtmp::field::NoFields;
use crate::rtmp::message;
use crate::rtmp::message::Message;

/// The `connect` command.
pub(super) fn asked(both: Both<'_>) -> Section {
    section(both, "connect", |command, _| {
        command.name.as_str() == "connect"
    })
}

/// The command that answered it: the first answer.
pub(super) fn answered(both: Both<'_>) -> Section {
    section(both, "answer to connect", |command, asked| {
        command.is_answer()
            && asked.is_some_and(|asked| command.transaction_id == asked.transaction_id)
    })
}

fn section(
    both: Both<'_>,
    title: &str,
    is_it: impl Fn(&Command, Option<&Command>) -> bool,
) -> Section {
    let mut lines = Lines::new(title);
    let (left, right) = amf::of_both(
        both,
        |party| find(party, &is_it),
        |party, command| list(party, &command),
    );
    if let Some(note) = missing(both, left.is_empty(), right.is_empty()) {
        lines.note(note);
    } else {
        amf::add_lines(&mut lines, left, right, |_| Weight::Choice);
    }
    lines.finish()
}

/// Why there is nothing to hold against each other, where the begin of one side is not known.
pub(super) fn missing(both: Both<'_>, no_left: bool, no_right: bool) -> Option<String> {
    let lacks = |party: &Party<'_>, has_none: bool| {
        has_none && (!party.session.is_from_begin() || party.opening.messages().is_empty())
    };
    match (lacks(both.left, no_left), lacks(both.right, no_right)) {
        (true, true) => Some("the first messages of neither are there".to_owned()),
        (true, false) if !no_right => {
            Some("the first messages of the left one are not there".to_owned())
        }
        (false, true) if !no_left => {
            Some("the first messages of the right one are not there".to_owned())
        }
        _ => None,
    }
}

fn find(party: &Party<'_>, is_it: impl Fn(&Command, Option<&Command>) -> bool) -> Option<Command> {
    let mut asked = None;
    for (_, raw) in party.opening.messages() {
        let Message::Command(command) = message::decode(raw, &mut NoFields).message else {
            continue;
        };
        if is_it(&command, asked.as_ref()) {
            return Some(command);
        }
        if command.name.as_str() == "connect" {
            asked = Some(command);
        }
    }
    None
}

/// The properties of the command object, and those of the arguments behind it.
fn list(party: &Party<'_>, command: &Command) -> Vec<Property> {
    let secrecy = |key: &str| command.property_secrecy(key);
    let mut all = Vec::new();
    if let Some(id) = command.transaction_id {
        all.push(Property::plain("transaction id", id.to_string()));
    }
    if let Some(object) = &command.object {
        all.extend(amf::properties(party, object, &secrecy));
    }
    for (at, argument) in command.arguments.iter().enumerate() {
        let within = amf::properties(party, argument, &secrecy);
        if within.is_empty() {
            let value = amf::shown(party, argument, command.argument_secrecy(at));
            all.push(Property::new(
                format!("argument {}", at.saturating_add(1)),
                value,
            ));
        } else {
            all.extend(within);
        }
    }
    all
}
