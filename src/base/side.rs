//! The two ends of a connection, and pairs of things kept per end.

/// One end of a connection. As the name of a direction it means the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The end that opened the connection.
    Client,
    /// The end that accepted it.
    Server,
}

impl Side {
    /// Both sides, client first.
    pub const BOTH: [Self; 2] = [Self::Client, Self::Server];

    /// The word for it in views, records and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }

    /// The word in records and metrics for where it sends.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Client => "to_server",
            Self::Server => "to_client",
        }
    }

    /// The other end.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// One thing for each end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PerSide<T> {
    /// What belongs to the client, or was sent by it.
    pub client: T,
    /// What belongs to the server, or was sent by it.
    pub server: T,
}

impl<T> PerSide<T> {
    /// The thing of one side.
    pub fn of(&self, side: Side) -> &T {
        match side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }

    /// The thing of one side, to change it.
    pub fn of_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// Exchanges the two, when the ends turn out to be the other way round.
    pub fn swap(&mut self) {
        std::mem::swap(&mut self.client, &mut self.server);
    }
}
