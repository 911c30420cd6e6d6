//! NACK: send again what is retained, name what is not.
//!
//! The subscriber pulls: each NACK is answered with a bounded number of messages and bytes, lowest
//! sequences first, and the last repair of an answer says that more may be asked for. The
//! publisher keeps no queue of repairs, and no timer of it resends payload (SPEC R3).

use super::{Event, Publisher};
use crate::marks::SequenceRange;
use crate::wire::{Repair, ToSubscriber, TopicRange};
use bytes::Bytes;
use std::time::{Duration, Instant};

/// How soon the same NACK is answered again.
const SAME_AGAIN: Duration = Duration::from_millis(20);

/// What a member was last sent again.
#[derive(Debug, Default)]
pub(super) struct Pace {
    answered: Option<(TopicRange, Instant)>,
}

impl Publisher {
    /// `NACK`: false, and nothing is done, if it names what was never owed or never sent.
    pub(super) fn handle_nack(&mut self, now: Instant, key: u64, ranges: &[TopicRange]) -> bool {
        let possible = ranges.iter().all(|range| {
            let topic = self.topics.get(range.number);
            topic.is_some_and(|topic| topic.owed(key).is_some() && range.last < topic.next)
        });
        if !possible {
            return false;
        }
        self.counters.nacks += 1;
        let (Some(&first), Some(member)) = (ranges.first(), self.members.get_mut(key)) else {
            return true;
        };
        let same = |(range, at): (TopicRange, Instant)| {
            (range.number, range.first) == (first.number, first.first) && now < at + SAME_AGAIN
        };
        if member.repair.answered.is_some_and(same) {
            return true; // the answer is on its way
        }
        member.repair.answered = Some((first, now));
        self.answer(key, ranges);
        true
    }

    fn answer(&mut self, key: u64, ranges: &[TopicRange]) {
        let mut budget = self.config.repair_bytes;
        let mut repairs = Vec::new();
        'ranges: for range in ranges {
            let Some(range) = self.give_up(key, range) else {
                continue;
            };
            let Some(topic) = self.topics.get(range.number) else {
                continue;
            };
            for (sequence, payload) in topic.retained.from(range.first) {
                if sequence > range.last {
                    break;
                }
                let cost = payload.len() as u64 + 64;
                let full = repairs.len() >= self.config.repair_messages as usize;
                if full || (cost > budget && !repairs.is_empty()) {
                    break 'ranges;
                }
                budget = budget.saturating_sub(cost);
                repairs.push(Repair {
                    number: range.number,
                    sequence,
                    last: false,
                    topic: topic.name.clone(),
                    payload: payload.clone(),
                });
            }
        }
        if let Some(last) = repairs.last_mut() {
            last.last = true;
        }
        self.counters.repaired += repairs.len() as u64;
        for repair in repairs {
            self.reply_to(key, &ToSubscriber::Repair(repair));
        }
    }

    /// Leaves of a range what can be had; what is no longer retained is GONE, and is noted so
    /// (SPEC R4).
    ///
    /// What the member has received by its own word is neither: a late NACK asked for it. Nor is
    /// what comes after its last owed: it has not heard RELEASED yet.
    fn give_up(&mut self, key: u64, range: &TopicRange) -> Option<TopicRange> {
        let topic = self.topics.get_mut(range.number)?;
        let (first_retained, next) = (topic.first_retained(), topic.next);
        let name = topic.name.clone();
        let owed = topic.owed_mut(key)?;
        let first = range.first.max(owed.received + 1);
        let last = range.last.min(owed.last(next));
        let lost_to = last.min(first_retained - 1);
        if let Some(lost) = SequenceRange::new(first, lost_to) {
            owed.give_up(lost);
            self.note_gone(key, name, lost);
            let gone = TopicRange {
                number: range.number,
                first,
                last: lost_to,
            };
            self.reply_to(key, &ToSubscriber::Gone(gone));
        }
        let first = first.max(first_retained);
        let number = range.number;
        (first <= last).then_some(TopicRange {
            number,
            first,
            last,
        })
    }

    /// Counts and tells what somebody can't have.
    pub(super) fn note_gone(&mut self, key: u64, topic: Bytes, range: SequenceRange) {
        let Some(member) = self.members.get_mut(key) else {
            return;
        };
        self.counters.gone = self.counters.gone.saturating_add(range.len());
        member.has_gone = true;
        self.events.push_back(Event::Gone {
            name: member.name.clone(),
            topic,
            range,
        });
    }
}
