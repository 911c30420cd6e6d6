//! Several messages in the application's hands, acknowledged at once.

use super::delivery::Delivery;
use super::state::Shared;
use crate::error::DeliveryError;
use bytes::Bytes;
use linger_ack_proto::Item;
use std::collections::VecDeque;
use std::fmt;
use std::iter::FusedIterator;
use std::mem;
use std::sync::Arc;

/// One or more messages of one publisher that were ready at once, to be acknowledged together.
///
/// To take and to acknowledge a message by itself costs about as much as to receive it; a batch
/// takes that once for all of its messages. What is true of a [`Delivery`] is true of each of them:
/// [`ack`](Self::ack) is the only thing that counts, and a batch that is dropped, or lost in a
/// panic, is abandoned, message by message.
#[must_use = "a batch that is dropped without `ack` stays unacknowledged"]
pub struct DeliveryBatch {
    /// All of them from one publisher.
    link: usize,
    /// Messages, in the order in which they came, and nothing else.
    items: VecDeque<Item>,
    shared: Arc<Shared>,
}

/// One message of a [`DeliveryBatch`].
#[derive(Clone, Copy)]
pub struct BatchedDelivery<'a> {
    delivery: &'a linger_ack_proto::Delivery,
}

impl DeliveryBatch {
    pub(super) fn new(link: usize, items: VecDeque<Item>, shared: Arc<Shared>) -> Self {
        Self {
            link,
            items,
            shared,
        }
    }

    /// How many messages there are; at least 1.
    #[expect(clippy::len_without_is_empty, reason = "none is empty")]
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// The data endpoint of the publisher that all of them came from.
    #[must_use]
    pub fn publisher(&self) -> &str {
        self.shared.data_endpoint(self.link)
    }

    /// The messages, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = BatchedDelivery<'_>> {
        self.items.iter().filter_map(|item| match item {
            Item::Message(delivery) => Some(BatchedDelivery { delivery }),
            _ => None,
        })
    }

    /// Says that all of them are processed. Never blocks on the network.
    pub fn ack(mut self) {
        let items = mem::take(&mut self.items);
        self.shared.acknowledge_all(self.link, items);
    }

    /// The messages one by one, each to be acknowledged by itself.
    ///
    /// What is left of them when this is dropped is abandoned, as is each that is not acknowledged.
    pub fn into_deliveries(mut self) -> impl ExactSizeIterator<Item = Delivery> {
        let items = mem::take(&mut self.items);
        let deliveries = items.into_iter().filter_map(Item::into_message);
        let single = |delivery| Delivery::new(delivery, self.link, Arc::clone(&self.shared));
        // All of them now, so that none is lost if this is dropped half way.
        deliveries.map(single).collect::<Vec<_>>().into_iter()
    }
}

impl From<Delivery> for DeliveryBatch {
    fn from(delivery: Delivery) -> Self {
        let (link, delivery, shared) = delivery.into_parts();
        Self::new(link, VecDeque::from([Item::Message(delivery)]), shared)
    }
}

impl Drop for DeliveryBatch {
    fn drop(&mut self) {
        for delivery in self.items.drain(..).filter_map(Item::into_message) {
            let _ = self.shared.abandon(self.link, delivery);
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
