//! Capture filters in libpcap's expression language, for frames of files. (Interfaces filter in
//! the kernel, see [`crate::capture::live`].)

mod check;

pub use check::Checked;
pub use check::check;

use crate::capture::LinkType;
use crate::capture::error::CaptureError;

/// Link types that an expression is tried on before it is called wrong: a few primitives make
/// sense on some of them only (`inbound` on cooked captures).
const TRIED_LINKS: [LinkType; 4] = [
    LinkType::ETHERNET,
    LinkType::LINUX_SLL,
    LinkType::LINUX_SLL2,
    LinkType::RAW,
];

/// The other link types whose frames are decoded, see [`Filter::prepare`].
const OTHER_LINKS: [LinkType; 6] = [
    LinkType::NULL,
    LinkType::LOOP,
    LinkType::RAW_BSD,
    LinkType::RAW_DLT,
    LinkType::IPV4,
    LinkType::IPV6,
];

/// An expression and what it compiles to. A program depends on the link type of the frames it
/// looks at, so there is one for each link type met.
///
/// The primitives `len`, `less` and `greater` see the captured length of a frame.
#[derive(Debug)]
pub struct Filter {
    expression: String,
    /// There are as many as link types in the inputs, or that are known.
    programs: Vec<(LinkType, Compiled)>,
}

/// What an expression is on a link type.
#[derive(Debug)]
enum Compiled {
    Program(Program),
    /// It cannot be compiled, and lets no frame through: why, until that is told.
    Refused(Option<String>),
}

impl Compiled {
    fn of(expression: &str, link: LinkType) -> Self {
        match Program::compile(expression, link) {
            Ok(program) => Self::Program(program),
            Err(reason) => Self::Refused(Some(reason)),
        }
    }
}

impl Filter {
    /// A filter of this expression, as in `pcap-filter(7)`.
    ///
    /// # Errors
    /// When the expression makes no sense on any link type, or this build has no libpcap.
    pub fn new(expression: impl Into<String>) -> Result<Self, CaptureError> {
        if !cfg!(feature = "live") {
            return Err(CaptureError::WithoutLibpcap {
                wanted: "a filter expression",
            });
        }
        let expression = expression.into();
        let mut first_reason = None;
        for link in TRIED_LINKS {
            match Program::compile(&expression, link) {
                Ok(program) => {
                    return Ok(Self {
                        expression,
                        programs: vec![(link, Compiled::Program(program))],
                    });
                }
                Err(reason) => {
                    first_reason.get_or_insert(reason);
                }
            }
        }
        Err(CaptureError::Filter {
            expression,
            link: None,
            reason: first_reason.unwrap_or_default(),
        })
    }

    /// The expression as given.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// Whether the filter lets a frame through.
    ///
    /// # Errors
    /// Once for each link type that the expression has no meaning for.
    pub fn accepts(&mut self, link: LinkType, data: &[u8]) -> Result<bool, CaptureError> {
        let known = self.programs.iter().position(|(known, _)| *known == link);
        let place = known.unwrap_or_else(|| {
            let compiled = Compiled::of(&self.expression, link);
            self.programs.push((link, compiled));
            self.programs.len().saturating_sub(1)
        });
        match self.programs.get_mut(place) {
            Some((_, Compiled::Program(program))) => Ok(program.accepts(data)),
            Some((_, Compiled::Refused(reason))) => reason.take().map_or(Ok(false), |reason| {
                Err(CaptureError::Filter {
                    expression: self.expression.clone(),
                    link: Some(link),
                    reason,
                })
            }),
            None => Ok(false),
        }
    }

    /// Compiles the expression for all link types whose frames are decoded. Names of hosts and
    /// services in it are looked up here and not later, when files and servers are out of reach.
    pub fn prepare(&mut self) {
        for link in TRIED_LINKS.into_iter().chain(OTHER_LINKS) {
            if !self.programs.iter().any(|(known, _)| *known == link) {
                let compiled = Compiled::of(&self.expression, link);
                self.programs.push((link, compiled));
            }
        }
    }
}

use program::Program;

#[cfg(feature = "live")]
mod program {
    use std::fmt;

    use crate::capture::LinkType;
    use crate::capture::live::dlt_of;
    use crate::capture::live::message;

    /// A compiled expression.
    pub(super) struct Program(pcap::BpfProgram);

    impl Program {
        /// Compiles an expression, or says what libpcap has against it.
        pub(super) fn compile(expression: &str, link: LinkType) -> Result<Self, String> {
            pcap::Capture::dead(dlt_of(link))
                .and_then(|capture| capture.compile(expression, true))
                .map(Self)
                .map_err(|error| message(&error))
        }

        pub(super) fn accepts(&self, data: &[u8]) -> bool {
            self.0.filter(data)
        }
    }

    impl fmt::Debug for Program {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let instructions = self.0.get_instructions().len();
            write!(f, "Program({instructions} instructions)")
        }
    }
}

#[cfg(not(feature = "live"))]
mod program {
    use crate::capture::LinkType;

    /// Without libpcap there is no program.
    #[derive(Debug)]
    pub(super) enum Program {}

    impl Program {
        pub(super) fn compile(_: &str, _: LinkType) -> Result<Self, String> {
            Err("needs libpcap".to_owned())
        }

        pub(super) fn accepts(&self, _: &[u8]) -> bool {
            match *self {}
        }
    }
}

#[cfg(all(test, feature = "live"))]
mod tests {
    use super::*;

    /// An IPv4 header of a TCP segment from port 1 to port 1935, with no Ethernet before it.
    const IPV4: [u8; 40] = {
        let mut packet = [0; 40];
        packet[0] = 0x45;
        packet[3] = 40;
        packet[8] = 64;
        packet[9] = 6;
        packet[21] = 1;
        packet[22] = 0x07;
        packet[23] = 0x8F;
        packet[32] = 0x50;
        packet
    };

    fn on_ethernet() -> Vec<u8> {
        [&[0; 12][..], &[8, 0], &IPV4].concat()
    }

    #[test]
    fn each_link_type_gets_its_own_program() {
        let mut filter = Filter::new("tcp dst port 1935").unwrap();
        for _ in 0..2 {
            assert!(filter.accepts(LinkType::ETHERNET, &on_ethernet()).unwrap());
            assert!(filter.accepts(LinkType::RAW, &IPV4).unwrap());
            assert!(filter.accepts(LinkType::RAW_DLT, &IPV4).unwrap());
            assert!(filter.accepts(LinkType::IPV4, &IPV4).unwrap());
            let cooked = [&[0; 14][..], &[8, 0], &IPV4].concat();
            assert!(filter.accepts(LinkType::LINUX_SLL, &cooked).unwrap());
            assert!(!filter.accepts(LinkType::ETHERNET, &IPV4).unwrap());
            assert!(!filter.accepts(LinkType::RAW, &[]).unwrap());
        }
        let mut other = Filter::new("udp").unwrap();
        assert!(!other.accepts(LinkType::ETHERNET, &on_ethernet()).unwrap());
    }

    #[test]
    fn a_wrong_expression_is_refused_with_the_reason() {
        let error = Filter::new("tcp prot 1935").unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("filter expression \"tcp prot 1935\": "),
            "{error}"
        );
        assert!(matches!(error, CaptureError::Filter { link: None, .. }));
        assert!(Filter::new("tcp\0").is_err());
    }

    #[test]
    fn an_expression_without_meaning_on_a_link_type_is_told_once() {
        let mut filter = Filter::new("ether host 02:00:00:00:00:01").unwrap();
        let error = filter.accepts(LinkType::RAW, &IPV4).unwrap_err();
        assert!(error.to_string().contains("on RAW frames"), "{error}");
        assert!(!filter.accepts(LinkType::RAW, &IPV4).unwrap());
    }

    #[test]
    fn what_is_prepared_is_told_when_it_is_met() {
        let mut filter = Filter::new("ether host 02:00:00:00:00:01").unwrap();
        filter.prepare();
        assert!(filter.accepts(LinkType::RAW, &IPV4).is_err());
        assert!(!filter.accepts(LinkType::RAW, &IPV4).unwrap());
        assert!(!filter.accepts(LinkType::ETHERNET, &on_ethernet()).unwrap());
    }

    #[test]
    fn an_empty_expression_lets_everything_through() {
        let mut filter = Filter::new("").unwrap();
        assert!(filter.accepts(LinkType::ETHERNET, b"anything").unwrap());
    }
}
