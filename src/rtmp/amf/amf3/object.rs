//! AMF3 objects (section 3.12): class descriptions, members, and objects that write themselves.

use crate::rtmp::amf::amf3::Found;
use crate::rtmp::amf::amf3::to_usize;
use crate::rtmp::amf::reader::Reader;
use crate::rtmp::amf::reader::Span;
use crate::rtmp::amf::reader::Traits;
use crate::rtmp::amf::value::ExternalBody;
use crate::rtmp::amf::value::Externalizable;
use crate::rtmp::amf::value::Object;
use crate::rtmp::amf::value::Properties;
use crate::rtmp::amf::value::Text;
use crate::rtmp::amf::value::Value;
use crate::rtmp::field::FieldName;
use crate::rtmp::field::FieldSink;
use crate::rtmp::problem::BodyProblem;

/// Classes of Flex that write exactly one AMF3 value; any other externalizable class has an
/// encoding that only its peers know.
const ONE_VALUE_CLASSES: [&[u8]; 3] = [
    b"flex.messaging.io.ArrayCollection",
    b"flex.messaging.io.ArrayList",
    b"flex.messaging.io.ObjectProxy",
];

impl<F: FieldSink> Reader<'_, F> {
    /// The bits of the header behind the inline flag (section 3.12): 0 traits by reference, 01
    /// traits inline, 11 externalizable; then the dynamic flag and the number of members.
    pub(super) fn amf3_object(&mut self, bits: u32) -> Option<Value> {
        let index = if bits & 1 == 0 {
            to_usize(bits >> 1)
        } else {
            self.amf3_traits(bits)?;
            self.amf3_traits.len().saturating_sub(1)
        };
        let Some(traits) = self.amf3_traits.get(index) else {
            let index = bits >> 1;
            self.stop(self.position(), BodyProblem::AmfBadReference { index });
            return None;
        };
        let class = traits.class_name;
        let members = traits.members.len();
        let dynamic = traits.dynamic;
        let externalizable = traits.externalizable;
        let class_name = self.repeated_text(class)?;
        if externalizable {
            return Some(self.amf3_externalizable(class, class_name));
        }
        let mut properties = Properties::new();
        for member in 0..members {
            let traits = self.amf3_traits.get(index);
            let Some(span) = traits.and_then(|traits| traits.members.get(member).copied()) else {
                break;
            };
            let Some(key) = self.repeated_text(span) else {
                break;
            };
            let start = self.position();
            if let Some(value) = self.amf3_value(FieldName::Key(key.as_str()), start) {
                properties.push((key.into_key(), value));
            }
            if self.is_stopped() {
                break;
            }
        }
        let sealed = properties.len();
        if dynamic && !self.is_stopped() {
            properties.append(&mut self.amf3_pairs());
        }
        Some(Value::Object(Box::new(Object {
            class_name: (!class_name.as_bytes().is_empty()).then_some(class_name),
            sealed,
            properties,
        })))
    }

    fn amf3_traits(&mut self, bits: u32) -> Option<()> {
        let class_name = self.amf3_trait_name("a class name", "class name")?;
        let externalizable = bits & 0b10 != 0;
        let mut members = Vec::new();
        if !externalizable {
            for _ in 0..bits >> 3 {
                // Each member is a name now and a value in every object of the class.
                self.count_value()?;
                members.push(self.amf3_trait_name("a member name", "member")?);
            }
        }
        self.amf3_traits.push(Traits {
            class_name,
            members,
            dynamic: bits & 0b100 != 0,
            externalizable,
        });
        Some(())
    }

    /// A name inside a class description. Without it the objects of the class make no sense, so a
    /// reference to nothing stops reading.
    fn amf3_trait_name(&mut self, what: &'static str, field: &'static str) -> Option<Span> {
        let at = self.position();
        let span = match self.amf3_found(what)? {
            Found::Inline(span) | Found::Before(span) => span,
            Found::Nothing(index) => {
                self.stop(at, BodyProblem::AmfBadReference { index });
                return None;
            }
        };
        let text = String::from_utf8_lossy(self.bytes_of(span));
        self.leaf(FieldName::Spec(field), at, &text);
        Some(span)
    }

    fn amf3_externalizable(&mut self, class: Span, class_name: Text) -> Value {
        let at = self.position();
        let body = if ONE_VALUE_CLASSES.contains(&self.bytes_of(class)) {
            let inner = self.amf3_value(FieldName::Spec("value"), at);
            inner.map(ExternalBody::Value)
        } else {
            None
        };
        let body = body.unwrap_or_else(|| {
            if !self.is_stopped() {
                self.stop(at, BodyProblem::AmfExternalizable);
            }
            let opaque = self.skip_rest();
            self.leaf(FieldName::Spec("opaque bytes"), at, &opaque.len());
            ExternalBody::Opaque(opaque.to_vec())
        });
        Value::Externalizable(Box::new(Externalizable { class_name, body }))
    }
}
