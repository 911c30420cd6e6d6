//! What the application is given.

use crate::marks::SequenceRange;
use bytes::Bytes;

/// What comes next on a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Item {
    /// The next message.
    Message(Delivery),
    /// The next messages can't be had any more; the ones after them follow.
    Gone {
        /// The topic.
        topic: Bytes,
        /// Which of its messages.
        range: SequenceRange,
    },
}

/// A message, in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// Says which message it is, for [`Subscriber::acknowledge`](crate::Subscriber::acknowledge).
    pub id: DeliveryId,
    /// The topic.
    pub topic: Bytes,
    /// The payload.
    pub payload: Bytes,
    /// Which time it is handed out: 1 the first time, more once it was
    /// [abandoned](crate::Subscriber::abandon).
    pub attempt: u32,
}

/// Which message a delivery is, of which session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct DeliveryId {
    /// The topic's number.
    pub number: u32,
    /// The message's sequence in its topic.
    pub sequence: u64,
    /// Counts this subscriber's sessions: an acknowledgement never crosses to another one.
    pub generation: u64,
    /// How many bytes of payload it has: many of them make an acknowledgement fall due.
    pub len: usize,
}

impl Item {
    /// The message, if it is one.
    #[must_use]
    pub fn into_message(self) -> Option<Delivery> {
        match self {
            Self::Message(delivery) => Some(delivery),
            Self::Gone { .. } => None,
        }
    }
}
