//! What two sockets are to each other.

use linger::zmq;

/// A pair of types, and who sends: the first end, mostly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// `PUSH` to `PULL`.
    Push,
    /// `DEALER` to `DEALER`, one way only.
    Deal,
    /// `PAIR` to `PAIR`, one way only.
    Pair,
    /// `PUB` to `SUB`.
    Publish,
    /// `XPUB` to `XSUB`.
    Extended,
    /// `DEALER` to `ROUTER`, which answers some of it.
    Route,
    /// `REQ` to `REP`, in turn.
    Ask,
}

/// One of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    First,
    Second,
}

impl Pattern {
    pub(crate) const ALL: [Self; 7] = [
        Self::Push,
        Self::Deal,
        Self::Pair,
        Self::Publish,
        Self::Extended,
        Self::Route,
        Self::Ask,
    ];

    /// Those that lose nothing while both ends live, and send nothing back: what is unread at a
    /// close would have the kernel reset the connection, and with it what the other end sent.
    pub(crate) const JUDGED: [Self; 3] = [Self::Push, Self::Deal, Self::Pair];

    /// Those that queue for a peer that was never there.
    pub(crate) const PATIENT: [Self; 4] = [Self::Push, Self::Deal, Self::Route, Self::Pair];

    pub(crate) fn kind(self, side: Side) -> zmq::SocketType {
        match (self, side) {
            (Self::Push, Side::First) => zmq::PUSH,
            (Self::Push, Side::Second) => zmq::PULL,
            (Self::Deal, _) | (Self::Route, Side::First) => zmq::DEALER,
            (Self::Pair, _) => zmq::PAIR,
            (Self::Publish, Side::First) => zmq::PUB,
            (Self::Publish, Side::Second) => zmq::SUB,
            (Self::Extended, Side::First) => zmq::XPUB,
            (Self::Extended, Side::Second) => zmq::XSUB,
            (Self::Route, Side::Second) => zmq::ROUTER,
            (Self::Ask, Side::First) => zmq::REQ,
            (Self::Ask, Side::Second) => zmq::REP,
        }
    }

    /// Whether that end does nothing but receive, so that its owner may wait for it.
    pub(crate) fn only_receives(self, side: Side) -> bool {
        side == Side::Second && !matches!(self, Self::Route | Self::Ask)
    }
}
