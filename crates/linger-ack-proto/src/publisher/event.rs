//! What a publisher's machine hands out.

use super::batch::Frames;
use super::report::MemberOutcome;
use crate::marks::SequenceRange;
use crate::wire::Refusal;
use bytes::Bytes;

/// What the driver is to do with the sockets, in this order.
///
/// Not to be extended without a new major version: a driver has to do every one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transmit {
    /// Read the EVENTS of the PUB socket: it then sees freed credit and new subscriptions.
    Settle,
    /// Send these frames on the PUB socket: some messages of one topic, or one that waited for
    /// others in vain.
    Batch(Frames),
    /// Send this frame, alone, on the PUB socket.
    Private {
        /// The whole frame; it begins with the private topic.
        frame: Bytes,
    },
    /// Send this frame to that peer of the ROUTER socket, without waiting.
    ///
    /// If it is refused (the peer is gone or full) drop it: whatever must arrive is said again.
    Control {
        /// The routing id that the peer's last frame came with.
        route: Bytes,
        /// The whole frame.
        frame: Bytes,
    },
}

/// What happened that a driver may want to act on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A subscriber became a member.
    Joined {
        /// Its name.
        name: String,
        /// It took over what an earlier session of its durable name was owed.
        returned: bool,
    },
    /// A member was silent for too long; it expires unless it is heard soon.
    Suspected {
        /// Its name.
        name: String,
    },
    /// A durable name has no session any more; what it is owed waits for it.
    Absent {
        /// Its name.
        name: String,
        /// How many messages it was owed and had not acknowledged.
        unacked: u64,
    },
    /// A member is one no longer, or an absent name's claim has ended.
    Departed {
        /// Its name.
        name: String,
        /// How it went.
        outcome: MemberOutcome,
        /// How many messages it was owed and had not acknowledged.
        unacked: u64,
    },
    /// A member, or an absent name, can't have these messages any more.
    Gone {
        /// Its name.
        name: String,
        /// The topic.
        topic: Bytes,
        /// Which messages.
        range: SequenceRange,
    },
    /// A HELLO, or a member's SUBSCRIBE, was not granted.
    Refused {
        /// The name that it gave.
        name: String,
        /// Why.
        why: Refusal,
    },
    /// There is room in the window again: wake whoever waits to publish.
    Room,
}
