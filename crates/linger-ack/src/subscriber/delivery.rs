//! One message in the application's hands.

use super::state::Shared;
use bytes::Bytes;
use std::fmt;
use std::sync::Arc;

/// A message, to be acknowledged once it is processed.
///
/// [`ack`](Self::ack) is the only thing that counts. A delivery that is dropped, or lost in a
/// panic, is *abandoned*: it is handed out again as often as
/// [`redeliveries`](super::SubscriberBuilder::redeliveries) says (by default never). After that it
/// stays unacknowledged, the publisher's report names it, and nothing after it on its topic counts
/// as acknowledged either. It can be held, sent to another thread and acknowledged there, in any
/// order.
#[must_use = "a delivery that is dropped without `ack` stays unacknowledged"]
pub struct Delivery {
    /// As the machine gave it, which takes it back if it is dropped.
    delivery: linger_ack_proto::Delivery,
    link: usize,
    shared: Arc<Shared>,
    /// It was acknowledged or abandoned.
    is_done: bool,
}

impl Delivery {
    pub(super) fn new(
        delivery: linger_ack_proto::Delivery,
        link: usize,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            delivery,
            link,
            shared,
            is_done: false,
        }
    }

    /// What it is made of; it is neither acknowledged nor abandoned by that.
    pub(super) fn into_parts(mut self) -> (usize, linger_ack_proto::Delivery, Arc<Shared>) {
        self.is_done = true;
        (self.link, self.delivery.clone(), Arc::clone(&self.shared))
    }

    /// The topic.
    #[must_use]
    pub fn topic(&self) -> &Bytes {
        &self.delivery.topic
    }

    /// The payload.
    #[must_use]
    pub fn payload(&self) -> &Bytes {
        &self.delivery.payload
    }

    /// Its sequence in its topic, in this epoch of its publisher; from 1.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.delivery.id.sequence
    }

    /// The data endpoint of the publisher that it came from.
    #[must_use]
    pub fn publisher(&self) -> &str {
        self.shared.data_endpoint(self.link)
    }

    /// Which time it is handed out: 1 the first time, more once it was abandoned.
    ///
    /// See [`redeliveries`](super::SubscriberBuilder::redeliveries).
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.delivery.attempt
    }

    /// Says that the message is processed. Never blocks on the network.
    pub fn ack(mut self) {
        self.is_done = true;
        self.shared.acknowledge(self.link, &self.delivery.id);
    }

    /// Gives it back unacknowledged, as dropping does. True if it is handed out again.
    ///
    /// Whoever asks for the next delivery gets it, before anything new, as often as
    /// [`redeliveries`](super::SubscriberBuilder::redeliveries) allows. Never blocks.
    pub fn abandon(mut self) -> bool {
        self.is_done = true;
        self.shared.abandon(self.link, self.delivery.clone())
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if !self.is_done {
            let _ = self.shared.abandon(self.link, self.delivery.clone());
        }
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("topic", &self.delivery.topic)
            .field("sequence", &self.delivery.id.sequence)
            .field("attempt", &self.delivery.attempt)
            .field("len", &self.delivery.payload.len())
            .finish_non_exhaustive()
    }
}
