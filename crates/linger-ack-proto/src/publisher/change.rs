//! SUBSCRIBE and UNSUBSCRIBE: prefixes that come and go while a member is one.
//!
//! Changes are numbered, and one is asked for at a time. So the last answer is all that is kept:
//! a number that comes again gets it again, with the same sequences.

use super::outbox::{Kind, Listed};
use super::owed::{Owed, Standing};
use super::{Event, Publisher};
use crate::wire::{Change, Refusal, ToSubscriber};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How soon the same answer is said again.
const SAME_AGAIN: Duration = Duration::from_millis(20);

/// What a member changed of its prefixes, as far as it has to be remembered.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// The number of the last change that was answered; 0 before the first one.
    last: u64,
    answer: Answer,
    said: Option<Instant>,
}

#[derive(Clone, Debug, Default)]
enum Answer {
    #[default]
    None,
    /// The topics that it added.
    Granted(Arc<[u32]>),
    /// The topics that it took away.
    Released(Arc<[u32]>),
    Refused(Refusal),
    Closing,
}

impl Changes {
    /// The number of the last change that was answered; 0 before the first one.
    pub(super) fn last(&self) -> u64 {
        self.last
    }
}

impl Publisher {
    /// `SUBSCRIBE`: false if its number can't be. It is refused if an authorizer does not allow it.
    pub(super) fn handle_subscribe(
        &mut self,
        now: Instant,
        key: u64,
        change: &Change,
        is_allowed: bool,
    ) -> bool {
        match self.order_of(now, key, change.number) {
            Order::Next => {}
            Order::Known => return true,
            Order::Broken => return false,
        }
        // SPEC C1: nothing more will be owed to anyone. The number is used up (SPEC P7).
        if self.closing.is_some() {
            self.settle_change(now, key, change.number, Answer::Closing);
            return true;
        }
        if let (false, Some(member)) = (is_allowed, self.members.get(key)) {
            let why = self.note_denied(member.name.clone());
            self.settle_change(now, key, change.number, Answer::Refused(why));
            return true;
        }
        match self.grant(key, change) {
            Ok(Some(added)) => {
                self.counters.granted += 1;
                self.settle_change(now, key, change.number, Answer::Granted(added.into()));
            }
            // SPEC P4: it is said again, and then it may be possible.
            Ok(None) => self.counters.postponed += 1,
            Err(why) => {
                self.counters.refused += 1;
                if let Some(member) = self.members.get(key) {
                    let name = member.name.clone();
                    self.events.push_back(Event::Refused { name, why });
                }
                self.settle_change(now, key, change.number, Answer::Refused(why));
            }
        }
        true
    }

    /// `UNSUBSCRIBE`: false if its number can't be. Never refused, at close neither (SPEC P7).
    pub(super) fn handle_unsubscribe(&mut self, now: Instant, key: u64, change: &Change) -> bool {
        match self.order_of(now, key, change.number) {
            Order::Next => {}
            Order::Known => return true,
            Order::Broken => return false,
        }
        let removed = self.release(key, change);
        self.counters.released += 1;
        self.settle_change(now, key, change.number, Answer::Released(removed.into()));
        true
    }

    /// SPEC P2: what a change's number says. The answer to the last one is said again.
    fn order_of(&mut self, now: Instant, key: u64, number: u64) -> Order {
        let Some(member) = self.members.get(key) else {
            return Order::Broken;
        };
        let Changes { last, said, .. } = member.changes;
        if last.checked_add(1) == Some(number) {
            return Order::Next;
        }
        if number > last {
            return Order::Broken;
        }
        match number == last {
            true if said.is_some_and(|said| now < said + SAME_AGAIN) => {}
            true => self.say_answer(now, key),
            false => self.counters.stale += 1,
        }
        Order::Known
    }

    /// Applies a SUBSCRIBE: the topics that it added, or nothing while it has to wait.
    fn grant(&mut self, key: u64, change: &Change) -> Result<Option<Vec<u32>>, Refusal> {
        let Some(member) = self.members.get(key) else {
            return Ok(None);
        };
        let mut prefixes = member.prefixes.clone();
        prefixes.add(change.prefixes.iter().cloned());
        if prefixes.len() > self.config.max_prefixes as usize {
            return Err(Refusal::TooManyPrefixes);
        }
        let mut matching = 0;
        let mut added = Vec::new();
        for number in self.matching(&prefixes) {
            matching += 1;
            if matching > self.config.max_member_topics as usize {
                return Err(Refusal::TooManyTopics);
            }
            match self.topics.get(number).and_then(|topic| topic.owed(key)) {
                // SPEC P3: it is owed already, and keeps its base.
                Some(owed) if owed.is_open() => {}
                // SPEC P4: what is left of its former period comes first.
                Some(owed) if owed.floor().is_some() => return Ok(None),
                _ => added.push(number),
            }
        }
        let (who, level) = (member.who, member.level);
        for &number in &added {
            let Some(topic) = self.topics.get_mut(number) else {
                continue;
            };
            let base = topic.next;
            let renewed = topic.owed_mut(key).map(|former| former.renew(base));
            let is_new = renewed.is_none();
            let first = || Owed::new(key, who, level, Standing::Member, base);
            topic.owe(renewed.unwrap_or_else(first));
            topic.forget_over();
            if let (true, Some(member)) = (is_new, self.members.get_mut(key)) {
                member.topics.push(number);
            }
        }
        if let Some(member) = self.members.get_mut(key) {
            member.prefixes = prefixes;
        }
        Ok(Some(added))
    }

    /// Applies an UNSUBSCRIBE: of every topic that only the removed prefixes matched, what was
    /// published so far stays owed, and nothing after it (SPEC P6).
    fn release(&mut self, key: u64, change: &Change) -> Vec<u32> {
        let Some(member) = self.members.get_mut(key) else {
            return Vec::new();
        };
        let before = member.prefixes.clone();
        member.prefixes.remove(&change.prefixes);
        let after = member.prefixes.clone();
        let mut removed = self.matching(&before);
        removed.retain(|&number| {
            let topic = self.topics.get(number);
            topic.is_some_and(|topic| !after.matches(&topic.name))
        });
        for &number in &removed {
            if let Some(topic) = self.topics.get_mut(number) {
                let next = topic.next;
                if let Some(owed) = topic.owed_mut(key) {
                    owed.until = Some(owed.last(next));
                }
            }
            self.trim(number);
        }
        removed
    }

    fn settle_change(&mut self, now: Instant, key: u64, number: u64, answer: Answer) {
        if let Some(member) = self.members.get_mut(key) {
            member.changes.last = number;
            member.changes.answer = answer;
        }
        self.say_answer(now, key);
    }

    fn say_answer(&mut self, now: Instant, key: u64) {
        let Some(member) = self.members.get_mut(key) else {
            return;
        };
        member.changes.said = Some(now);
        let number = member.changes.last;
        // What the change named stands in these topics until the next change.
        let (kind, topics) = match member.changes.answer.clone() {
            Answer::None => return,
            Answer::Closing => return self.reply_to(key, &ToSubscriber::Closing),
            Answer::Refused(why) => {
                let change = number;
                return self.reply_to(key, &ToSubscriber::Refused { change, why });
            }
            Answer::Granted(topics) => (Kind::Granted(number), topics),
            Answer::Released(topics) => (Kind::Released(number), topics),
        };
        self.outbox.settle();
        self.say_list(key, kind, Listed::These(topics));
    }
}

/// Where a change stands among those of its session.
enum Order {
    Next,
    Known,
    Broken,
}
