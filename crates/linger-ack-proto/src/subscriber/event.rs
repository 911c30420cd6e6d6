//! What happened that a driver must or may act on.

use super::EndReason;
use crate::id::Epoch;
use bytes::Bytes;

/// What happened that a driver must or may act on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubscriberEvent {
    /// The publisher counts this subscriber as a member.
    Joined,
    /// The session is over, and another is wanted: draw an [`Identity`](crate::Identity),
    /// subscribe its private topic in place of the old one, and call
    /// [`Subscriber::rejoin`](crate::Subscriber::rejoin).
    Rejoin,
    /// The publisher has a new epoch: it was restarted. Reported once for each old epoch.
    Restarted {
        /// The epoch that is over.
        old: Epoch,
        /// How far this subscriber had come in it, topic by topic.
        marks: Vec<TopicMarks>,
    },
    /// HELLO was not granted for now; it is said again after the longest wait.
    Refused {
        /// Why, in words.
        why: &'static str,
    },
    /// The session held the publisher's window back, and was ended for that. `Rejoin` follows.
    Evicted,
    /// Set SUB to this prefix now; what it matches is being asked for.
    Subscribe {
        /// The prefix.
        prefix: Bytes,
    },
    /// Take this prefix off SUB now; nothing more of it is owed.
    Unsubscribe {
        /// The prefix.
        prefix: Bytes,
    },
    /// The publisher owes what this prefix matches, from now on.
    Subscribed {
        /// The prefix.
        prefix: Bytes,
    },
    /// The publisher does not grant this prefix. It is given up.
    PrefixRefused {
        /// The prefix.
        prefix: Bytes,
        /// Why, in words.
        why: &'static str,
    },
    /// The application gave a message up for good; it stays unacknowledged.
    Abandoned {
        /// The topic.
        topic: Bytes,
        /// The message's sequence in it.
        sequence: u64,
    },
    /// All that was published has been handed out.
    EndOfStream,
    /// It is over. Nothing more is sent or delivered.
    Ended {
        /// How it ended.
        reason: EndReason,
    },
}

/// How far a subscriber had come in one topic of an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TopicMarks {
    /// The topic.
    pub topic: Bytes,
    /// Everything that was owed up to here was received, in order, or named as gone.
    pub received: u64,
    /// Everything that was owed up to here was acknowledged by the application, or gone.
    pub processed: u64,
}
