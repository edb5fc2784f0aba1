//! Why a connection was closed, and the close code that says so (RFC 6455, section 7.4).

use liveloop_protocol::Category;

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CloseReason {
    /// The client closed it, cleanly.
    ByClient,
    /// The socket broke.
    Lost,
    /// The client violated RFC 6455.
    ProtocolViolation,
    /// A text frame was not UTF-8.
    InvalidUtf8,
    /// Above ten times a rate for three seconds.
    Flood,
    /// A frame over the limit.
    FrameTooLong,
    /// The client did not read what waited for it.
    SlowReader,
    /// No frame came in time.
    Silence,
    /// The session has come back on a newer socket.
    TakenOver,
    /// Its visitor is erased.
    Erased,
    /// The node is going away.
    Draining,
    /// Our fault.
    Internal,
}

impl CloseReason {
    /// Every reason, in the order in which they are counted.
    pub(crate) const ALL: [Self; 12] = [
        Self::ByClient,
        Self::Lost,
        Self::ProtocolViolation,
        Self::InvalidUtf8,
        Self::Flood,
        Self::FrameTooLong,
        Self::SlowReader,
        Self::Silence,
        Self::TakenOver,
        Self::Erased,
        Self::Draining,
        Self::Internal,
    ];

    /// The close code, where the server is the one who closes.
    pub(crate) fn code(self) -> Option<u16> {
        Some(match self {
            Self::ByClient | Self::Lost => return None,
            Self::Erased => 1000,
            Self::ProtocolViolation => 1002,
            Self::InvalidUtf8 => 1007,
            Self::Flood => 1008,
            Self::FrameTooLong => 1009,
            Self::Internal => 1011,
            Self::Draining => 1012,
            Self::SlowReader => 1013,
            Self::Silence => 4000,
            Self::TakenOver => 4001,
        })
    }

    /// What the close frame says.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::ByClient => "closed by client",
            Self::Lost => "connection lost",
            Self::ProtocolViolation => "protocol violation",
            Self::InvalidUtf8 => "invalid UTF-8",
            Self::Flood => "flood",
            Self::FrameTooLong => "frame too long",
            Self::SlowReader => "slow reader",
            Self::Silence => "no sign of life",
            Self::TakenOver => "taken over",
            Self::Erased => "visitor erased",
            Self::Draining => "draining",
            Self::Internal => "internal error",
        }
    }

    /// What kind of failure it is, where it is one.
    pub(crate) fn failure(self) -> Option<Category> {
        Some(match self {
            Self::ByClient | Self::TakenOver | Self::Erased | Self::Draining => return None,
            Self::Lost | Self::Flood | Self::SlowReader | Self::Silence => Category::Network,
            Self::ProtocolViolation | Self::InvalidUtf8 | Self::FrameTooLong => {
                Category::Validation
            }
            Self::Internal => Category::System,
        })
    }
}

/// How long a session survives the end of its socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grace {
    /// Not at all.
    None,
    /// `session.grace_closed`: its page was left, or is being loaded again.
    Closed,
    /// `session.grace`.
    Lost,
}

impl Grace {
    /// What follows from how a client closed its socket: with a code, or without one.
    pub(crate) fn after_close(code: Option<u16>) -> Self {
        match code {
            None | Some(1000 | 1001) => Self::Closed,
            Some(1002 | 1007..=1009) => Self::None,
            Some(_) => Self::Lost,
        }
    }
}

impl CloseReason {
    /// What follows from how a connection ended; where the client has closed it, see
    /// [`Grace::after_close`].
    pub(crate) fn grace(self) -> Grace {
        match self {
            Self::ByClient => Grace::Closed,
            Self::Lost | Self::SlowReader | Self::Silence | Self::Draining => Grace::Lost,
            Self::ProtocolViolation
            | Self::InvalidUtf8
            | Self::Flood
            | Self::FrameTooLong
            | Self::TakenOver
            | Self::Erased
            | Self::Internal => Grace::None,
        }
    }
}

impl From<liveloop_protocol::websocket::Violation> for CloseReason {
    fn from(violation: liveloop_protocol::websocket::Violation) -> Self {
        use liveloop_protocol::websocket::Violation;
        match violation {
            Violation::Protocol => Self::ProtocolViolation,
            Violation::InvalidUtf8 => Self::InvalidUtf8,
            Violation::TooLong => Self::FrameTooLong,
        }
    }
}
