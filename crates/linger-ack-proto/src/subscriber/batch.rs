//! Messages that came together: as if they had come one by one, only faster (SPEC D5).

use super::Subscriber;
use super::delivery::{Delivery, DeliveryId, Item};
use crate::id::Level;
use crate::planted::{Bug, planted};
use crate::wire::{BatchEnvelope, Members, WireError};
use bytes::Bytes;
use std::time::Instant;

impl Subscriber {
    /// A batch on the data connection. One that is broken is so as a whole.
    pub(super) fn handle_batch(
        &mut self,
        now: Instant,
        batch: Result<BatchEnvelope<'_>, WireError>,
        payload: Bytes,
    ) {
        let members = |batch: BatchEnvelope<'_>| Members::decode(payload, batch.count);
        let read = batch.and_then(|batch| Ok((batch, members(batch)?)));
        let Ok((batch, members)) = read else {
            self.counters.broken += 1;
            return;
        };
        let count = u64::from(batch.count);
        if !self.admits(batch.tag, batch.number, batch.topic, count) {
            return;
        }
        if self.is_next(&batch) {
            return self.deliver_all(now, &batch, members);
        }
        let mut shows_gap = false;
        for (payload, sequence) in members.zip(batch.first..) {
            shows_gap |= self.insert(now, batch.topic, batch.number, sequence, payload);
        }
        if shows_gap {
            self.say_nack_if_missing(now);
        }
    }

    /// Whether all of a batch can be handed out at once: it begins with the next message, and
    /// nothing waits for one of them.
    fn is_next(&self, batch: &BatchEnvelope<'_>) -> bool {
        let Some(topic) = self.topics.get(&batch.number) else {
            return false;
        };
        let is_in_place = batch.first == topic.next || planted(Bug::BatchOutOfPlace);
        is_in_place
            && !self.missing.contains(&batch.number)
            && topic.name == batch.topic
            && topic.owes(batch.last())
    }

    fn deliver_all(&mut self, now: Instant, batch: &BatchEnvelope<'_>, members: Members) {
        let (number, count) = (batch.number, u64::from(batch.count));
        let bytes = members.payload_bytes(batch.count);
        // A name of their own: to count its owners one by one, on two threads, would be slow.
        let name = Bytes::copy_from_slice(batch.topic);
        let generation = self.generation;
        let items = members.zip(batch.first..).map(|(payload, sequence)| {
            Item::Message(Delivery {
                id: DeliveryId {
                    number,
                    sequence,
                    generation,
                    len: payload.len(),
                },
                topic: name.clone(),
                payload,
                attempt: 1,
            })
        });
        self.deliveries.reserve(batch.count as usize);
        self.deliveries.extend(items);
        let Some(topic) = self.topics.get_mut(&number) else {
            return;
        };
        topic.next = batch.last() + 1;
        topic.note_sent(topic.next);
        self.counters.delivered += count;
        self.unsettled += count;
        // At the level `processed` it is the application's word that makes an ACK fall due.
        let (messages, bytes) = match self.config.level {
            Level::Received => (count, bytes),
            Level::Processed => (0, 0),
        };
        let delay = self.config.ack_delay;
        self.acks.note(now, number, delay, messages, bytes);
    }
}
