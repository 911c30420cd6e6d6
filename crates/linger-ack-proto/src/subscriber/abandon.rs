//! Deliveries that come back unacknowledged: handed out again, then given up by name (SPEC A6).

use super::delivery::Delivery;
use super::join::Stage;
use super::{Subscriber, SubscriberEvent};
use crate::id::Level;
use crate::marks::SequenceRange;
use crate::planted::{Bug, planted};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::time::Instant;

/// How many ranges of abandoned messages are told apart. One for each topic is told in any case.
const RANGES: usize = 65_536;

/// What the application has given up on one topic.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Abandoned {
    /// The topic.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::topic::as_text"))]
    pub topic: Bytes,
    /// Which messages, lowest first.
    pub ranges: Vec<SequenceRange>,
}

/// What is to be handed out again, and how often what came back was handed out.
///
/// It holds no more than the application has handed back, so no more than it was given.
#[derive(Debug, Default)]
pub(super) struct Again {
    queue: BTreeMap<u64, Delivery>,
    next_place: u64,
    tries: BTreeMap<(u32, u64), Try>,
    /// How many ranges are named as abandoned.
    runs: usize,
}

#[derive(Clone, Copy, Debug)]
struct Try {
    attempt: u32,
    /// Its place in the queue, unless it is in the application's hands.
    place: Option<u64>,
}

impl Again {
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn pop(&mut self) -> Option<Delivery> {
        let (_, delivery) = self.queue.pop_first()?;
        let id = delivery.id;
        if let Some(known) = self.tries.get_mut(&(id.number, id.sequence)) {
            known.place = None;
        }
        Some(delivery)
    }

    /// Whether this is the message's latest attempt, and in the application's hands.
    fn is_latest(&self, delivery: &Delivery) -> bool {
        let id = delivery.id;
        match self.tries.get(&(id.number, id.sequence)) {
            Some(known) => known.place.is_none() && known.attempt == delivery.attempt,
            None => delivery.attempt == 1,
        }
    }

    fn push(&mut self, mut delivery: Delivery) {
        delivery.attempt = delivery.attempt.saturating_add(1);
        self.next_place += 1;
        let id = delivery.id;
        let attempt = Try {
            attempt: delivery.attempt,
            place: Some(self.next_place),
        };
        self.tries.insert((id.number, id.sequence), attempt);
        self.queue.insert(self.next_place, delivery);
    }

    /// These are settled, so they are not handed out again.
    pub(super) fn settle(&mut self, number: u32, first: u64, last: u64) {
        let range = (number, first)..=(number, last);
        while let Some((&key, known)) = self.tries.range(range.clone()).next() {
            if let Some(place) = known.place {
                self.queue.remove(&place);
            }
            self.tries.remove(&key);
        }
    }

    /// What was handed out of a topic from `first` on is not owed any more.
    pub(super) fn forget(&mut self, number: u32, first: u64) {
        let range = (number, first)..=(number, u64::MAX);
        let keys: Vec<_> = self.tries.range(range).map(|(&key, _)| key).collect();
        for key in keys {
            self.tries.remove(&key);
        }
    }

    pub(super) fn forget_runs(&mut self, runs: usize) {
        self.runs -= runs;
    }

    /// The session is over. What is in the queue is handed out all the same: it was promised.
    pub(super) fn lose_session(&mut self) {
        self.tries.clear();
        self.runs = 0;
    }
}

impl Subscriber {
    /// Takes back a delivery that the application did not acknowledge. True if it waits to be
    /// polled again.
    ///
    /// It is handed out again, before anything new, up to
    /// [`redeliveries`](crate::SubscriberConfig::redeliveries) times, then given up for good:
    /// [`SubscriberEvent::Abandoned`] names it, its acknowledgement does not count any more, and
    /// the processed mark stays below it. Nothing waits for it any longer, neither does the end of
    /// the stream. A delivery of a former session is not owed to this one, so only dropped; so is
    /// one that was acknowledged or abandoned before.
    pub fn abandon(&mut self, now: Instant, delivery: Delivery) -> bool {
        let id = delivery.id;
        if id.generation != self.generation {
            return false;
        }
        if planted(Bug::DroppedCountsAsProcessed) {
            self.acknowledge(now, &id);
            return false;
        }
        let topic = self.topics.get(&id.number);
        let is_open = topic.is_some_and(|topic| topic.is_open(id.sequence));
        if !is_open || !self.again.is_latest(&delivery) {
            return false;
        }
        if self.takes_back() && delivery.attempt <= self.config.redeliveries {
            self.counters.redelivered += 1;
            if let (true, Some(topic)) = (
                planted(Bug::RedeliveryCountsAsAck),
                self.topics.get_mut(&id.number),
            ) {
                topic.settle(id.sequence);
            }
            self.again.push(delivery);
            return true;
        }
        self.give_up(&delivery);
        self.leave_if_done(now);
        false
    }

    fn give_up(&mut self, delivery: &Delivery) {
        let id = delivery.id;
        let Some(topic) = self.topics.get_mut(&id.number) else {
            return;
        };
        let before = topic.abandoned_runs();
        if !topic.abandon(id.sequence, self.again.runs < RANGES) {
            self.counters.unnamed += 1;
        }
        self.again.runs = self.again.runs + topic.abandoned_runs() - before;
        self.again.settle(id.number, id.sequence, id.sequence);
        self.unsettled -= 1;
        self.counters.abandoned += 1;
        self.events.push_back(SubscriberEvent::Abandoned {
            topic: delivery.topic.clone(),
            sequence: id.sequence,
        });
    }

    /// Whether a delivery that the application holds may be handed out again, if it comes back.
    #[must_use]
    pub fn may_come_back(&self) -> bool {
        self.config.redeliveries > 0 && self.takes_back() && self.unsettled > 0
    }

    /// At the level `processed` an acknowledgement after BYE would come too late.
    fn takes_back(&self) -> bool {
        let is_over = matches!(self.stage, Stage::Leaving | Stage::Ended);
        !is_over || self.config.level == Level::Received
    }

    /// What the application has given up for good in this session, topic by topic.
    ///
    /// At most 65,536 ranges and one a topic are told apart; what goes beyond that is only
    /// [counted](crate::SubscriberCounters::unnamed).
    #[must_use]
    pub fn abandoned(&self) -> Vec<Abandoned> {
        let topics = self.topics.values();
        let topics = topics.filter(|topic| topic.abandoned_runs() > 0);
        topics
            .map(|topic| Abandoned {
                topic: topic.name.clone(),
                ranges: topic.abandoned(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DeliveryId;

    fn delivery(number: u32, sequence: u64) -> Delivery {
        Delivery {
            topic: Bytes::from_static(b"T"),
            payload: Bytes::new(),
            attempt: 1,
            id: DeliveryId {
                generation: 1,
                len: 0,
                number,
                sequence,
            },
        }
    }

    /// Three of one topic and one of another came back, and were handed out again.
    fn tried() -> (Again, Vec<Delivery>) {
        let mut again = Again::default();
        for (number, sequence) in [(1, 4), (1, 5), (1, 6), (2, 5)] {
            again.push(delivery(number, sequence));
        }
        let tried = std::iter::from_fn(|| again.pop()).collect();
        (again, tried)
    }

    #[test]
    fn what_is_not_owed_any_more_is_forgotten_and_what_is_below_it_is_not() {
        let (mut again, tried) = tried();
        again.forget(1, 5);
        let latest: Vec<bool> = tried.iter().map(|tried| again.is_latest(tried)).collect();
        assert_eq!(latest, [true, false, false, true]);
        assert_eq!(again.tries.len(), 2);
    }

    #[test]
    fn nothing_of_a_session_that_is_over_takes_room() {
        let (mut again, _) = tried();
        again.runs = 7;
        again.forget_runs(3);
        assert_eq!(again.runs, 4);
        again.push(delivery(1, 9));
        again.lose_session();
        assert_eq!((again.runs, again.tries.len(), again.len()), (0, 0, 1));
    }
}
