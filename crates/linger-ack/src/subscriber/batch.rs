//! Several messages in the application's hands, acknowledged at once.

use super::delivery::Delivery;
use super::state::Shared;
use crate::error::DeliveryError;
use bytes::Bytes;
use std::fmt;
use std::iter::FusedIterator;
use std::mem;
use std::sync::Arc;

/// One or more messages that were ready at once, to be acknowledged together.
///
/// To take and to acknowledge a message by itself costs about as much as to receive it; a batch
/// takes that once for all of its messages. What is true of a [`Delivery`] is true of each of them:
/// [`ack`](Self::ack) is the only thing that counts, and a batch that is dropped, or lost in a
/// panic, is abandoned, message by message.
#[must_use = "a batch that is dropped without `ack` stays unacknowledged"]
pub struct DeliveryBatch {
    /// In the order in which they came; with the number of their link.
    messages: Vec<(usize, linger_ack_proto::Delivery)>,
    shared: Arc<Shared>,
}

/// One message of a [`DeliveryBatch`].
#[derive(Clone, Copy)]
pub struct BatchedDelivery<'a> {
    delivery: &'a linger_ack_proto::Delivery,
    publisher: &'a str,
}

impl DeliveryBatch {
    pub(super) fn new(
        messages: Vec<(usize, linger_ack_proto::Delivery)>,
        shared: Arc<Shared>,
    ) -> Self {
        Self { messages, shared }
    }

    /// How many messages there are; at least 1.
    #[expect(clippy::len_without_is_empty, reason = "none is empty")]
    #[must_use]
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// The messages, in the order in which they came.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = BatchedDelivery<'_>> {
        let publisher = |at| self.shared.data_endpoint(at);
        self.messages
            .iter()
            .map(move |(at, delivery)| BatchedDelivery {
                delivery,
                publisher: publisher(*at),
            })
    }

    /// Says that all of them are processed. Never blocks on the network.
    pub fn ack(mut self) {
        let messages = mem::take(&mut self.messages);
        let ids = messages
            .iter()
            .map(|(link, delivery)| (*link, &delivery.id));
        self.shared.acknowledge(ids);
    }

    /// The messages one by one, each to be acknowledged by itself.
    ///
    /// What is left of them when this is dropped is abandoned, as is each that is not acknowledged.
    pub fn into_deliveries(mut self) -> impl Iterator<Item = Delivery> {
        let messages = mem::take(&mut self.messages);
        let shared = Arc::clone(&self.shared);
        // All of them now, so that none is lost if this is dropped half way.
        let single = |(link, delivery)| Delivery::new(delivery, link, Arc::clone(&shared));
        messages
            .into_iter()
            .map(single)
            .collect::<Vec<_>>()
            .into_iter()
    }
}

impl From<Delivery> for DeliveryBatch {
    fn from(delivery: Delivery) -> Self {
        let (link, delivery, shared) = delivery.into_parts();
        Self::new(vec![(link, delivery)], shared)
    }
}

impl Drop for DeliveryBatch {
    fn drop(&mut self) {
        for (link, delivery) in self.messages.drain(..) {
            let _ = self.shared.abandon(link, delivery);
        }
    }
}

impl fmt::Debug for DeliveryBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a> BatchedDelivery<'a> {
    /// The topic.
    #[must_use]
    pub fn topic(&self) -> &'a Bytes {
        &self.delivery.topic
    }

    /// The payload.
    #[must_use]
    pub fn payload(&self) -> &'a Bytes {
        &self.delivery.payload
    }

    /// Its sequence in its topic, in this epoch of its publisher; from 1.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.delivery.id.sequence
    }

    /// The data endpoint of the publisher that it came from.
    #[must_use]
    pub fn publisher(&self) -> &'a str {
        self.publisher
    }

    /// Which time it is handed out, as [`Delivery::attempt`].
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.delivery.attempt
    }
}

impl fmt::Debug for BatchedDelivery<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchedDelivery")
            .field("topic", self.topic())
            .field("sequence", &self.sequence())
            .field("attempt", &self.attempt())
            .field("len", &self.payload().len())
            .finish_non_exhaustive()
    }
}

/// What comes, in batches; see [`Subscriber::batches`](super::Subscriber::batches).
#[derive(Debug)]
#[must_use = "an iterator that nobody asks delivers nothing"]
pub struct Batches<'a> {
    shared: &'a Arc<Shared>,
    most: usize,
    is_done: bool,
}

impl<'a> Batches<'a> {
    pub(super) fn new(shared: &'a Arc<Shared>, most: usize) -> Self {
        Self {
            shared,
            most,
            is_done: false,
        }
    }
}

impl Iterator for Batches<'_> {
    type Item = Result<DeliveryBatch, DeliveryError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done {
            return None;
        }
        let next = self.shared.next_batch(self.most, None);
        self.is_done = next.is_none();
        next
    }
}

impl FusedIterator for Batches<'_> {}
