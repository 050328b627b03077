//! The properties of AMF objects as lines: by their keys, with the types of their values.

use crate::compare::Both;
use crate::compare::Party;
use crate::compare::Weight;
use crate::compare::lines::Lines;
use crate::compare::lines::Value as Shown;
use crate::rtmp::amf::value::Value;
use crate::rtmp::secret::Secrecy;

/// Most properties looked at, those within others included: a `connect` has ten to thirty, foreign
/// metadata may have a million.
const MAX_PROPERTIES: usize = 256;

/// How deep objects within objects are told: capabilities by codec are two deep.
const MAX_DEPTH: usize = 3;

/// One property.
#[derive(Debug)]
pub(super) struct Property {
    /// Its key behind those of the objects that it lies in, as it may be shown.
    pub(super) name: String,
    /// The key alone, as on the wire.
    key: String,
    value: Shown,
}

impl Property {
    /// What is no property, but stands among them.
    pub(super) fn new(name: impl Into<String>, value: Shown) -> Self {
        Self {
            name: name.into(),
            key: String::new(),
            value,
        }
    }

    /// The same, of a text that is no foreign one.
    pub(super) fn plain(name: &str, value: String) -> Self {
        Self::new(name, Shown::from(value))
    }
}

/// The properties of a value and of the objects within it, in the order of the wire.
pub(super) fn properties(
    party: &Party<'_>,
    value: &Value,
    of_property: &dyn Fn(&str) -> Secrecy,
) -> Vec<Property> {
    let mut all = Vec::new();
    add(&mut all, party, value, "", of_property, 0);
    all
}

fn add(
    all: &mut Vec<Property>,
    party: &Party<'_>,
    value: &Value,
    within: &str,
    of_property: &dyn Fn(&str) -> Secrecy,
    depth: usize,
) {
    let named = value.properties().iter();
    let named = named.map(|(key, value)| (key.to_string(), party.prose(key), value));
    let listed = value.items().iter().enumerate();
    let listed = listed.map(|(at, value)| (String::new(), format!("[{at}]"), value));
    for (key, shown, value) in named.chain(listed) {
        if all.len() >= MAX_PROPERTIES {
            return;
        }
        let name = if within.is_empty() || shown.starts_with('[') {
            format!("{within}{shown}")
        } else {
            format!("{within}.{shown}")
        };
        let secrecy = of_property(&key);
        let is_nested = !value.properties().is_empty() || !value.items().is_empty();
        all.push(Property {
            name: name.clone(),
            key,
            value: self::shown(party, value, secrecy),
        });
        if is_nested && depth < MAX_DEPTH {
            add(
                all,
                party,
                value,
                &name,
                of_property,
                depth.saturating_add(1),
            );
        }
    }
}

/// A value with its type.
pub(super) fn shown(party: &Party<'_>, value: &Value, secrecy: Secrecy) -> Shown {
    let kind = value.kind().replace('_', " ");
    if value.is_nothing() {
        return Shown::from(kind);
    }
    match value.as_str() {
        Some(text) => Shown::by(
            format!("{kind} {}", party.text(text, secrecy)),
            format!("{kind} {text}"),
        ),
        None if value.properties().is_empty() && value.items().is_empty() => {
            Shown::from(format!("{kind} {}", party.prose(&value.to_string())))
        }
        None => {
            let count = value.properties().len().max(value.items().len());
            Shown::from(format!("{kind} of {count}"))
        }
    }
}

/// Adds a line for each property of either side, in the order of the left one and behind those what
/// only the right one has; and one more where those that both have come in another order.
pub(super) fn add_lines(
    lines: &mut Lines,
    left: Vec<Property>,
    right: Vec<Property>,
    weigh: impl Fn(&str) -> Weight,
) {
    let mut rest: Vec<Option<Property>> = right.into_iter().map(Some).collect();
    let mut order: Vec<usize> = Vec::new();
    let mut common: Vec<String> = Vec::new();
    for property in left {
        let is_same = |other: &Option<Property>| {
            let other = other.as_ref();
            other.is_some_and(|other| other.name == property.name)
        };
        let at = rest.iter().position(is_same);
        let other = at
            .and_then(|at| rest.get_mut(at))
            .and_then(Option::take)
            .map(|other| other.value);
        if let Some(at) = at {
            order.push(at);
            common.push(property.name.clone());
        }
        let weight = weigh(&property.key);
        lines.add(property.name, weight, (Some(property.value), other));
    }
    for property in rest.into_iter().flatten() {
        let weight = weigh(&property.key);
        lines.add(property.name, weight, (None, Some(property.value)));
    }
    if !order.is_sorted() {
        let mut by_right: Vec<(usize, String)> = order.into_iter().zip(common.clone()).collect();
        by_right.sort();
        let right: Vec<String> = by_right.into_iter().map(|(_, name)| name).collect();
        let (left, right) = (common.join(", "), right.join(", "));
        lines.add("order", Weight::Choice, (Some(left), Some(right)));
    }
}

/// The values behind each other of a message that has one on either side, or on both.
pub(super) fn of_both<'a, T>(
    both: Both<'a>,
    find: impl Fn(&'a Party<'a>) -> Option<T>,
    list: impl Fn(&'a Party<'a>, T) -> Vec<Property>,
) -> (Vec<Property>, Vec<Property>) {
    both.ask(|party| find(party).map_or_else(Vec::new, |found| list(party, found)))
}
