//! Data and markers: what arrives is put in order, and what is missing shows.

use super::Subscriber;
use super::delivery::{Delivery, DeliveryId, Item};
use super::join::Stage;
use super::order::Topic;
use super::prefixes::Claim;
use crate::id::{Epoch, Level};
use crate::marks::SequenceRange;
use crate::planted::{Bug, planted};
use crate::wire::{Envelope, InBand, Repair, TopicRange};
use bytes::Bytes;
use std::time::Instant;

/// Up to so many bytes a payload that is held is copied.
const COPIED: usize = 4 << 10;

/// Whether data is of another epoch.
fn is_foreign(ours: u32, theirs: u32) -> bool {
    ours != theirs && !planted(Bug::NoEpochCheck)
}

impl Subscriber {
    /// A message on the data connection.
    pub(super) fn handle_message(&mut self, now: Instant, envelope: &Envelope<'_>, payload: Bytes) {
        let &Envelope {
            topic,
            tag,
            number,
            sequence,
        } = envelope;
        if self.admits(tag, number, topic, 1) && self.insert(now, topic, number, sequence, payload)
        {
            self.say_nack_if_missing(now);
        }
    }

    /// Whether so many messages of a topic may be owed; if not, they are counted. A topic that is
    /// owed and new is taken in.
    pub(super) fn admits(&mut self, tag: u32, number: u32, topic: &[u8], messages: u64) -> bool {
        let epoch = self.epoch;
        if !self.takes_data() || epoch.is_none_or(|epoch| is_foreign(epoch.tag(), tag)) {
            self.counters.stale += 1;
            return false;
        }
        if self.topics.contains_key(&number) {
            return true;
        }
        // SPEC P5: what is not granted yet, or not any more, is not owed from 1 on.
        if self.prefixes.claim(topic) != Claim::Owed {
            self.counters.unasked += messages;
            return false;
        }
        self.add_topic(number, Topic::new(Bytes::copy_from_slice(topic), 1))
    }

    /// What stands on this subscriber's private topic.
    pub(super) fn handle_in_band(&mut self, now: Instant, epoch: Epoch, body: InBand) {
        match body {
            InBand::Welcome(welcome) => self.handle_welcome(now, epoch, welcome),
            _ if !self.takes_data() || self.epoch != Some(epoch) => self.counters.stale += 1,
            InBand::Sync { entries } => {
                for entry in &entries {
                    self.note_sent(entry, false);
                }
                self.acks.report_all(now);
                self.say_nack_if_missing(now);
            }
            InBand::Granted(granted) => self.handle_granted(now, epoch, granted),
            InBand::Released(released) => self.handle_released(now, epoch, released),
            InBand::End { part, entries } => {
                let mut is_known = true;
                for entry in &entries {
                    is_known &= self.note_sent(entry, true);
                }
                // What can't be understood before GRANTED came is said again (SPEC C1).
                let was_whole = self.end.is_whole();
                if is_known {
                    self.end.note_part(epoch, part);
                }
                // Once for each round of the parts, not for each part.
                let is_last = part.index + 1 == part.count;
                if is_last || was_whole != self.end.is_whole() {
                    self.acks.report_all(now);
                }
                self.say_nack_if_missing(now);
                self.leave_if_done(now);
            }
        }
    }

    /// A message over control. It is always admitted if it is the next one (SPEC R5).
    pub(super) fn handle_repair(&mut self, now: Instant, repair: Repair) {
        if !self.takes_data() {
            self.counters.stale += 1;
            return;
        }
        let Repair {
            number,
            sequence,
            last,
            topic,
            payload,
        } = repair;
        self.counters.repaired += 1;
        self.nack.put_off(now);
        if self.topics.contains_key(&number) {
            self.insert(now, &topic, number, sequence, payload);
        } else {
            self.counters.broken += 1; // nothing was asked for of it
        }
        if last && !planted(Bug::NackWithoutEnd) {
            self.nack.stop();
            self.say_nack_if_missing(now);
        }
        self.leave_if_done(now);
    }

    /// The marks step over what can't be had; the application is told, in order.
    pub(super) fn handle_gone(&mut self, now: Instant, range: TopicRange) {
        if !self.takes_data() {
            self.counters.stale += 1;
            return;
        }
        let Some(topic) = self.topics.get_mut(&range.number) else {
            self.counters.broken += 1;
            return;
        };
        topic.note_sent(range.last + 1);
        let last = range.last.min(topic.end().unwrap_or(u64::MAX) - 1);
        let Some(lost) = SequenceRange::new(topic.next.max(range.first), last) else {
            return;
        };
        if lost.first() > topic.next {
            self.missing.insert(range.number);
            return; // something earlier is still to come; it will be asked for again
        }
        self.nack.put_off(now);
        let name = topic.name.clone();
        let held = topic.step_over(lost);
        self.let_go(&held);
        if !planted(Bug::GoneSwallowed) {
            self.name_gone(name, lost);
        }
        self.note_mark(now, range.number);
        self.hand_out(now, range.number);
        self.say_nack_if_missing(now);
        self.leave_if_done(now);
    }

    /// Not before WELCOME is whole (SPEC J4).
    fn takes_data(&self) -> bool {
        matches!(self.stage, Stage::Confirming { .. } | Stage::Member)
    }

    /// Puts a message in its place. True if it shows that something before it is missing.
    pub(super) fn insert(
        &mut self,
        now: Instant,
        name: &[u8],
        number: u32,
        sequence: u64,
        payload: Bytes,
    ) -> bool {
        let Some(topic) = self.topics.get_mut(&number) else {
            return false;
        };
        if topic.name != name {
            self.counters.broken += 1;
            return false;
        }
        if !topic.owes(sequence) {
            self.counters.released += 1;
            return false;
        }
        topic.note_sent(sequence + 1);
        if sequence < topic.next && planted(Bug::DuplicateDelivered) {
            let name = topic.name.clone();
            self.deliver(now, number, sequence, name, payload);
            return false;
        }
        if sequence < topic.next || topic.held.contains_key(&sequence) {
            self.counters.duplicates += 1;
            return false;
        }
        let is_dropped =
            planted(Bug::ReorderDropsNext) && self.held_messages >= self.config.reorder_messages;
        if sequence == topic.next && !is_dropped {
            topic.next += 1;
            let name = topic.name.clone();
            // Whatever is held, something before it was missing.
            let may_go_on = !self.missing.is_empty();
            self.deliver(now, number, sequence, name, payload);
            if may_go_on {
                self.hand_out(now, number);
            }
            return false;
        }
        self.missing.insert(number);
        let bytes = self.held_bytes + payload.len();
        let has_room =
            self.held_messages < self.config.reorder_messages && bytes <= self.config.reorder_bytes;
        if has_room {
            self.held_messages += 1;
            self.held_bytes = bytes;
            // It may be held for long, and be a small part of what it was read with.
            let payload = match payload.len() <= COPIED {
                true => Bytes::copy_from_slice(&payload),
                false => payload,
            };
            topic.held.insert(sequence, payload);
        } else {
            self.counters.overflowed += 1;
        }
        true
    }

    /// Hands out what was held and is next now.
    fn hand_out(&mut self, now: Instant, number: u32) {
        while let Some(topic) = self.topics.get_mut(&number) {
            let sequence = topic.next;
            let Some(payload) = topic.held.remove(&sequence) else {
                break;
            };
            topic.next += 1;
            let name = topic.name.clone();
            self.held_messages -= 1;
            self.held_bytes -= payload.len();
            self.deliver(now, number, sequence, name, payload);
        }
        self.note_missing(number);
    }

    fn deliver(&mut self, now: Instant, number: u32, sequence: u64, topic: Bytes, payload: Bytes) {
        self.counters.delivered += 1;
        self.unsettled += 1;
        // At the level `processed` it is the application's word that makes an ACK fall due.
        let counts = self.config.level == Level::Received;
        let bytes = if counts { payload.len() } else { 0 };
        self.acks
            .note(now, number, self.config.ack_delay, u64::from(counts), bytes);
        let id = DeliveryId {
            number,
            sequence,
            generation: self.generation,
            len: payload.len(),
        };
        if let (true, Some(topic)) = (
            planted(Bug::AckBeforeProcessing),
            self.topics.get_mut(&number),
        ) {
            topic.settle(sequence);
        }
        self.deliveries.push_back(Item::Message(Delivery {
            id,
            topic,
            payload,
            attempt: 1,
        }));
    }

    /// A mark went up though the application said nothing.
    fn note_mark(&mut self, now: Instant, number: u32) {
        self.acks.note(now, number, self.config.ack_delay, 0, 0);
    }
}
