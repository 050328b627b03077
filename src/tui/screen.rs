//! The screens of the dashboard by name.

/// One screen of the dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Screen {
    /// The connections of the capture: home.
    #[default]
    Streams,
    /// One connection at a glance.
    Session,
    /// Its calls.
    Calls,
    /// Its media timing.
    Media,
    /// Its messages.
    Messages,
    /// What was odd.
    Findings,
    /// Two connections side by side.
    Compare,
}

impl Screen {
    /// All screens in the order of their keys.
    pub const ALL: [Self; 7] = [
        Self::Streams,
        Self::Session,
        Self::Calls,
        Self::Media,
        Self::Messages,
        Self::Findings,
        Self::Compare,
    ];

    /// The word for it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Streams => "Streams",
            Self::Session => "Session",
            Self::Calls => "Calls",
            Self::Media => "Media",
            Self::Messages => "Messages",
            Self::Findings => "Findings",
            Self::Compare => "Compare",
        }
    }

    /// The key that leads there.
    pub fn digit(self) -> char {
        match self {
            Self::Streams => '1',
            Self::Session => '2',
            Self::Calls => '3',
            Self::Media => '4',
            Self::Messages => '5',
            Self::Findings => '6',
            Self::Compare => '7',
        }
    }

    /// Whether it is about the connection that is open.
    pub fn is_of_one(self) -> bool {
        matches!(
            self,
            Self::Session | Self::Calls | Self::Media | Self::Messages
        )
    }
}
