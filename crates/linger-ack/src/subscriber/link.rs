//! One publisher, as its member sees it.

use super::state::Shared;
use crate::error::SubscribeError;
use bytes::Bytes;
use linger_ack_proto::{Abandoned, PrefixStanding, SubscriberCounters, TopicMarks};
use std::fmt;
use std::time::Instant;

/// One publisher of a [`Subscriber`](super::Subscriber), and what this member is to it.
#[derive(Clone, Copy)]
pub struct Link<'a> {
    shared: &'a Shared,
    at: usize,
}

impl<'a> Link<'a> {
    pub(super) fn new(shared: &'a Shared, at: usize) -> Self {
        Self { shared, at }
    }

    /// The publisher's data endpoint, which tells it from the others.
    #[must_use]
    pub fn publisher(&self) -> &'a str {
        self.shared.data_endpoint(self.at)
    }

    /// Whether this is a member there now.
    #[must_use]
    pub fn is_member(&self) -> bool {
        self.shared.lock().links[self.at].is_member()
    }

    /// As [`Subscriber::subscribe`](super::Subscriber::subscribe), at this publisher alone.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn subscribe(&self, prefix: impl AsRef<[u8]>) -> Result<bool, SubscribeError> {
        self.shared.subscribe(self.range(), prefix.as_ref())
    }

    /// As [`Subscriber::unsubscribe`](super::Subscriber::unsubscribe), at this publisher alone.
    pub fn unsubscribe(&self, prefix: impl AsRef<[u8]>) -> bool {
        self.shared.unsubscribe(self.range(), prefix.as_ref())
    }

    /// The prefixes that are wanted from it, in order, granted or not.
    #[must_use]
    pub fn prefixes(&self) -> Vec<Bytes> {
        let state = self.shared.lock();
        state.links[self.at].machine.prefixes().cloned().collect()
    }

    /// How a prefix stands there now.
    #[must_use]
    pub fn prefix(&self, prefix: impl AsRef<[u8]>) -> PrefixStanding {
        let state = self.shared.lock();
        state.links[self.at].prefix(prefix.as_ref())
    }

    /// As [`Subscriber::wait_until_subscribed`](super::Subscriber::wait_until_subscribed), for
    /// this publisher alone. This blocks.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn wait_until_subscribed(
        &self,
        prefix: impl AsRef<[u8]>,
        deadline: Instant,
    ) -> Result<(), SubscribeError> {
        self.shared
            .wait_until_subscribed(self.range(), prefix.as_ref(), deadline)
    }

    /// What was counted so far, all sessions together.
    #[must_use]
    pub fn counters(&self) -> SubscriberCounters {
        self.shared.lock().links[self.at].machine.counters()
    }

    /// How far the session has come, topic by topic; nothing before it has begun.
    #[must_use]
    pub fn marks(&self) -> Vec<TopicMarks> {
        self.shared.lock().links[self.at].machine.topic_marks()
    }

    /// What was abandoned for good in this session, topic by topic.
    #[must_use]
    pub fn abandoned(&self) -> Vec<Abandoned> {
        self.shared.lock().links[self.at].machine.abandoned()
    }

    fn range(&self) -> std::ops::Range<usize> {
        self.at..self.at + 1
    }
}

impl fmt::Debug for Link<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("publisher", &self.publisher())
            .finish_non_exhaustive()
    }
}
