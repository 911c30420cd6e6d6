//! What one life of the publisher wrote down itself.

use super::super::journal::{Entry, Message, read};
use super::verdict::{Verdict, Violation};
use std::collections::BTreeMap;

/// What was accepted in one life, by the publisher's own journal.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// The numbers of each topic's messages, by sequence.
    topics: BTreeMap<u16, Vec<u64>>,
    /// Everything that was published has a number below this.
    intended: u64,
    /// And everything that is recorded below this.
    recorded: u64,
    /// The most that each member is said to have acknowledged in one session.
    pub(super) claims: BTreeMap<u16, u64>,
    /// Its process was killed: the last of what it published may not be recorded.
    is_open: bool,
}

impl Record {
    pub(super) fn read(life: u16, journal: &[u8], is_open: bool, verdict: &mut Verdict) -> Self {
        let mut record = Self {
            is_open,
            ..Self::default()
        };
        let found = read(journal);
        if let Some(at) = found.torn {
            let text = format!("the publisher's journal of life {life}, byte {at}");
            verdict.complain(Violation::TornJournal, 1, text);
        }
        let mut wrong = 0;
        for entry in found.entries {
            let is_right = match entry {
                Entry::Accepted(message) => message.life == life && record.accept(&message),
                Entry::Intended { life: of, below } => {
                    let is_more = of == life && below >= record.intended;
                    record.intended = below;
                    is_more
                }
                Entry::Claimed {
                    life: of,
                    member,
                    acked,
                } => {
                    let most = record.claims.entry(member).or_default();
                    *most = acked.max(*most);
                    of == life
                }
                _ => false,
            };
            wrong += u64::from(!is_right);
        }
        let text = format!("the publisher's journal of life {life} contradicts itself");
        verdict.complain(Violation::Overclaim, wrong, text);
        record
    }

    /// Sequences without a gap, numbers in order, nothing that was not meant to be published.
    fn accept(&mut self, message: &Message) -> bool {
        let numbers = self.topics.entry(message.topic).or_default();
        numbers.push(message.number);
        let is_next = numbers.len() as u64 == message.sequence && message.number >= self.recorded;
        self.recorded = message.number + 1;
        is_next && message.number < self.intended
    }

    pub(super) fn accepted(&self) -> u64 {
        self.topics
            .values()
            .map(|numbers| numbers.len() as u64)
            .sum()
    }

    /// How many were accepted of a topic.
    pub(super) fn last(&self, topic: u16) -> u64 {
        self.topics
            .get(&topic)
            .map_or(0, |numbers| numbers.len() as u64)
    }

    /// Where each message stands: topic and sequence.
    pub(super) fn places(&self) -> impl Iterator<Item = (u16, u64)> {
        let topics = self.topics.iter();
        topics.flat_map(|(&topic, numbers)| (1..=numbers.len() as u64).map(move |at| (topic, at)))
    }

    /// Whether it may have published this.
    pub(super) fn may_hold(&self, message: &Message) -> bool {
        let numbers = self
            .topics
            .get(&message.topic)
            .map_or(&[][..], Vec::as_slice);
        let at = usize::try_from(message.sequence).ok();
        match at.and_then(|at| numbers.get(at.checked_sub(1)?)) {
            Some(&number) => number == message.number,
            // Accepted, and killed before it was recorded.
            None => self.is_open && (self.recorded..self.intended).contains(&message.number),
        }
    }
}
