//! Topic handles, for hot paths.

use super::Publisher;
use super::core::Destination;
use crate::error::{PublishError, TopicError};
use crate::payload::Payload;
use bytes::Bytes;
use linger_ack_proto::TopicNumber;
use std::fmt;
use std::time::Duration;

/// A topic of a [`Publisher`], which need not be looked up by its name any more.
///
/// What is published by it is what would be by name. It can be cloned and used by any number of
/// threads, and keeps the publisher as a clone of that does.
#[derive(Clone)]
#[must_use]
pub struct Topic {
    publisher: Publisher,
    number: TopicNumber,
    name: Bytes,
}

impl Publisher {
    /// A handle for publishing on a topic again and again, without looking it up by name.
    ///
    /// The topic is made if there is none of that name yet, and counts from then on; nothing is
    /// published.
    ///
    /// # Errors
    ///
    /// If it can't be a topic, there are too many, or the publisher is closed.
    pub fn topic(&self, name: impl AsRef<[u8]>) -> Result<Topic, TopicError> {
        let name = name.as_ref();
        let mut core = self.shared().core.lock();
        let number = match core.closing {
            None => core.machine.topic(name)?,
            Some(_) => return Err(TopicError::Closed),
        };
        drop(core);
        Ok(Topic {
            publisher: self.clone(),
            number,
            name: Bytes::copy_from_slice(name),
        })
    }
}

impl Topic {
    /// The topic.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// Its publisher.
    pub fn publisher(&self) -> &Publisher {
        &self.publisher
    }

    /// Publishes a message on this topic, as [`Publisher::publish`].
    ///
    /// # Errors
    ///
    /// As for [`Publisher::publish`].
    pub fn publish(&self, payload: impl Payload) -> Result<u64, PublishError> {
        self.publish_within(payload, self.publisher.shared().patience.publish_limit)
    }

    /// As [`publish`](Self::publish), without waiting for room.
    ///
    /// # Errors
    ///
    /// As for [`Publisher::publish`].
    pub fn try_publish(&self, payload: impl Payload) -> Result<u64, PublishError> {
        self.publish_within(payload, Duration::ZERO)
    }

    /// As [`publish`](Self::publish), waiting for room as long as `limit` says.
    ///
    /// # Errors
    ///
    /// As for [`Publisher::publish`].
    pub fn publish_within(
        &self,
        payload: impl Payload,
        limit: Duration,
    ) -> Result<u64, PublishError> {
        let shared = self.publisher.shared();
        payload.lend(|payload| shared.publish(self.destination(), payload, limit))
    }

    pub(super) fn destination(&self) -> Destination<'_> {
        Destination::Number(self.number, &self.name)
    }
}

impl fmt::Debug for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Topic")
            .field("publisher", &self.publisher.name())
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
