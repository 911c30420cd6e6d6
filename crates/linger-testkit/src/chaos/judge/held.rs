//! What one member wrote down itself.

use super::super::journal::{Entry, Message, read};
use super::evidence::Member;
use super::record::Record;
use super::verdict::{Verdict, Violation};
use std::collections::{BTreeMap, BTreeSet};

/// What stands in the journals of one member.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Which sequences, by life and topic.
    sequences: BTreeMap<(u16, u16), BTreeSet<u64>>,
}

impl Held {
    /// Reads all journals of a member against what the publisher recorded.
    pub(super) fn read(
        member: &Member,
        records: &[Record],
        may_repeat: bool,
        verdict: &mut Verdict,
    ) -> Self {
        let mut held = Self::default();
        for (at, journal) in member.journals.iter().enumerate() {
            let name = format!("{}, life {}", member.name, at + 1);
            let mut reader = Reader {
                name: &name,
                records,
                may_repeat,
                life: 0,
                last: BTreeMap::new(),
                gone: BTreeMap::new(),
                processed: 0,
                held: &mut held,
                verdict,
            };
            reader.read(journal);
        }
        held
    }

    pub(super) fn has(&self, life: u16, topic: u16, sequence: u64) -> bool {
        let sequences = self.sequences.get(&(life, topic));
        sequences.is_some_and(|sequences| sequences.contains(&sequence))
    }

    /// How many messages of a life.
    pub(super) fn count(&self, life: u16) -> u64 {
        let sequences = self.sequences.range((life, 0)..=(life, u16::MAX));
        sequences.map(|(_, sequences)| sequences.len() as u64).sum()
    }
}

/// One journal on its way through the judge.
struct Reader<'a> {
    name: &'a str,
    records: &'a [Record],
    may_repeat: bool,
    /// The publisher's life that the last message was of.
    life: u16,
    /// The last sequence, by life and topic.
    last: BTreeMap<(u16, u16), u64>,
    /// What was named as gone so far, by topic.
    gone: BTreeMap<u16, Vec<(u64, u64)>>,
    processed: u64,
    held: &'a mut Held,
    verdict: &'a mut Verdict,
}

impl Reader<'_> {
    fn read(&mut self, journal: &[u8]) {
        let found = read(journal);
        if let Some(at) = found.torn {
            self.complain(Violation::TornJournal, 1, &format!("byte {at}"));
        }
        for entry in found.entries {
            match entry {
                Entry::Processed(message) => self.message(&message),
                Entry::Gone { topic, first, last } => {
                    self.gone.entry(topic).or_default().push((first, last));
                }
                Entry::Acked { count } => {
                    let more = count.saturating_sub(self.processed);
                    let text = "acknowledged before it was written down";
                    self.complain(Violation::AckedNotProcessed, more, text);
                }
                Entry::Corrupt { topic, sequence } => {
                    let text = format!("a broken payload at t{topic:02} {sequence}");
                    self.complain(Violation::Phantom, 1, &text);
                }
                _ => self.complain(Violation::TornJournal, 1, "a publisher's record"),
            }
        }
    }

    fn message(&mut self, message: &Message) {
        let Message {
            life,
            topic,
            sequence,
            ..
        } = *message;
        self.processed += 1;
        self.verdict.processed += 1;
        let record = usize::from(life).checked_sub(1);
        let record = record.and_then(|at| self.records.get(at));
        if !record.is_some_and(|record| record.may_hold(message)) {
            let text = format!("{message:?} was never published");
            self.complain(Violation::Phantom, 1, &text);
        }
        if life < self.life {
            let text = format!("life {life} after life {}", self.life);
            self.complain(Violation::Repeated, 1, &text);
        }
        self.life = self.life.max(life);
        let last = self.last.insert((life, topic), sequence);
        if let Some(last) = last {
            self.follows(message, last);
        }
        let sequences = self.held.sequences.entry((life, topic)).or_default();
        let is_new = sequences.insert(sequence);
        if !is_new && !self.may_repeat {
            let text = format!("{message:?} came to an earlier life, too");
            // Within one journal it was seen above.
            if last.is_none_or(|last| last < sequence) {
                self.complain(Violation::Repeated, 1, &text);
            }
        }
    }

    /// One after the other, unless what lies between was named as gone.
    fn follows(&mut self, message: &Message, last: u64) {
        if message.sequence <= last {
            if !self.may_repeat {
                let text = format!("{message:?} after {last}");
                self.complain(Violation::Repeated, 1, &text);
            }
            return;
        }
        let gone = self.gone.get(&message.topic).map_or(&[][..], Vec::as_slice);
        let is_gone = |at: u64| gone.iter().any(|&(first, end)| (first..=end).contains(&at));
        let between = last + 1..message.sequence;
        let missing = between.filter(|&at| !is_gone(at)).count() as u64;
        let text = format!("{message:?} after {last}");
        self.complain(Violation::SilentGap, missing, &text);
    }

    fn complain(&mut self, violation: Violation, count: u64, text: &str) {
        let text = format!("{}: {text}", self.name);
        self.verdict.complain(violation, count, text);
    }
}
