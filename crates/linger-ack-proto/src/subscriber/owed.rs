//! Topics that become known, are released, and are owed anew.

use super::Subscriber;
use super::delivery::Item;
use super::order::Topic;
use super::prefixes::Claim;
use crate::marks::SequenceRange;
use crate::wire::TopicEntry;
use bytes::Bytes;
use std::collections::BTreeMap;

impl Subscriber {
    /// Notes a topic, unless there are too many. What of it is published then can't be taken.
    pub(super) fn add_topic(&mut self, number: u32, topic: Topic) -> bool {
        let has_room = self.topics.len() < self.config.max_topics as usize;
        if has_room {
            self.topics.insert(number, topic);
        } else {
            self.counters.topics_refused += 1;
        }
        has_room
    }

    /// What has been sent, by SYNC or END. False if something has to wait for GRANTED.
    pub(super) fn note_sent(&mut self, entry: &TopicEntry, is_final: bool) -> bool {
        let number = entry.number;
        let claim = match self.topics.get(&number) {
            // It is owed beyond its end, so it was granted again.
            Some(topic) if !topic.owes(entry.sequence - 1) => self.prefixes.claim(&entry.topic),
            Some(_) => Claim::Owed,
            None => self.prefixes.claim(&entry.topic),
        };
        match claim {
            // From where on it is owed only GRANTED says: it was not, before that.
            Claim::Awaited => return false,
            Claim::Foreign if !self.topics.contains_key(&number) => {
                self.counters.broken += 1;
                return true;
            }
            _ => {}
        }
        if !self.know_topic(entry) {
            return true;
        }
        if is_final {
            self.end_topic(entry);
        } else if let Some(topic) = self.topics.get_mut(&number) {
            topic.note_sent(entry.sequence);
            self.note_missing(number);
        }
        true
    }

    /// Sees to it that a topic is known that the publisher names, under its name.
    ///
    /// One of which nothing came begins at 1: another base would have been named (SPEC J2).
    fn know_topic(&mut self, entry: &TopicEntry) -> bool {
        let Some(topic) = self.topics.get(&entry.number) else {
            return self.add_topic(entry.number, Topic::new(entry.topic.clone(), 1));
        };
        let is_same = topic.name == entry.topic;
        self.counters.broken += u64::from(!is_same);
        is_same
    }

    /// RELEASED: nothing from this sequence on is owed, all before it was sent (SPEC P6).
    pub(super) fn release(&mut self, entry: &TopicEntry) {
        if !self.know_topic(entry) {
            return;
        }
        if let Some(topic) = self.topics.get_mut(&entry.number) {
            topic.set_released();
        }
        self.end_topic(entry);
    }

    fn end_topic(&mut self, entry: &TopicEntry) {
        if let Some(topic) = self.topics.get_mut(&entry.number) {
            let beyond = topic.end_at(entry.sequence);
            self.let_go(&beyond);
            self.note_missing(entry.number);
        }
    }

    /// A released topic is owed again, from a new base (SPEC P4).
    pub(super) fn grant_again(&mut self, number: u32, base: u64) {
        let Some(topic) = self.topics.get_mut(&number) else {
            return;
        };
        let name = topic.name.clone();
        let held = std::mem::take(&mut topic.held);
        let runs = topic.abandoned_runs();
        let end = topic.end();
        let left = topic.grant_again(base);
        self.again.forget_runs(runs - topic.abandoned_runs());
        self.unsettled -= left.unsettled;
        self.let_go(&held);
        if let Some(end) = end {
            self.again.forget(number, end);
        }
        if let Some(range) = left.gone {
            // The publisher took it for settled, so it has said GONE, and that was lost.
            self.name_gone(name, range);
        }
        self.note_missing(number);
    }

    /// Payloads that were held are not needed any more.
    pub(super) fn let_go(&mut self, held: &BTreeMap<u64, Bytes>) {
        self.held_messages -= held.len();
        self.held_bytes -= held.values().map(Bytes::len).sum::<usize>();
    }

    /// The application is told, in order, what can't be had (SPEC R4).
    pub(super) fn name_gone(&mut self, topic: Bytes, range: SequenceRange) {
        self.counters.gone = self.counters.gone.saturating_add(range.len());
        self.deliveries.push_back(Item::Gone { topic, range });
    }
}
