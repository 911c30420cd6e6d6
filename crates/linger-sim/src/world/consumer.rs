//! A subscriber's application: it takes what was delivered, and acknowledges it, or does not.

use super::watch::Held;
use super::{Life, World};
use crate::faults::Fault;
use crate::invariants::{Invariant, again};
use crate::schedule::{MS, Time, What};

/// What an application does with deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Habit {
    /// It acknowledges each at once.
    Prompt,
    /// It takes one at a time, and so long for each.
    Slow(Time),
    /// It takes nothing.
    Stuck,
    /// It takes all, and acknowledges some, later, in any order.
    Hoards,
}

impl World {
    pub(super) fn first_habit(&mut self) -> Habit {
        match self.rng.below(6) {
            0 => Habit::Hoards,
            1 => Habit::Slow(self.rng.between(1, 20) * MS),
            _ => Habit::Prompt,
        }
    }

    pub(crate) fn change_habit(&mut self, at: usize) {
        let (habit, fault) = match self.rng.below(3) {
            0 => (Habit::Stuck, Fault::StuckConsumer),
            1 => (Habit::Hoards, Fault::HoardingConsumer),
            _ => {
                let time = self.rng.between(1, 60) * MS;
                (Habit::Slow(time), Fault::SlowConsumer)
            }
        };
        self.subscribers[at].habit = habit;
        self.count(fault);
    }

    /// Its application looks, if there is something to look at.
    pub(crate) fn rouse_consumer(&mut self, at: usize) {
        let host = &self.subscribers[at];
        let wait = match host.habit {
            Habit::Stuck => return,
            Habit::Prompt => 0,
            Habit::Slow(time) => time,
            Habit::Hoards => 7 * MS,
        };
        let has_work = host.machine.pending() > 0 || !host.unacked.is_empty();
        let time = self.now + wait;
        if has_work && host.consumes_at.is_none_or(|at| at > time) {
            self.subscribers[at].consumes_at = Some(time);
            self.schedule.at(time, What::Consume(at));
        }
    }

    pub(super) fn consume(&mut self, at: usize) {
        let host = &mut self.subscribers[at];
        if host.consumes_at != Some(self.now) {
            return;
        }
        host.consumes_at = None;
        if host.life != Life::Runs {
            return;
        }
        self.trace.event(self.now, 4 << 8 | at as u64);
        let was_full = self.subscribers[at].machine.is_full();
        let mut due = match self.subscribers[at].habit {
            Habit::Stuck => return,
            Habit::Prompt => {
                while self.take_one(at) {}
                self.acknowledge_all(at)
            }
            Habit::Slow(_) => {
                self.take_one(at);
                self.acknowledge_all(at)
            }
            Habit::Hoards => {
                while self.take_one(at) {}
                if !self.is_healed && self.rng.percent(3) {
                    self.abandon(at);
                }
                self.acknowledge_some(at)
            }
        };
        due |= self.subscribers[at].machine.is_ack_due();
        let has_room = was_full && !self.subscribers[at].machine.is_full();
        if due || has_room {
            self.rouse_subscriber(at, self.now);
        } else {
            let next = self.subscribers[at].machine.poll_timeout();
            if let Some(next) = next {
                let time = self.time(next).max(self.now);
                self.rouse_subscriber(at, time);
            }
        }
        self.rouse_consumer(at);
    }

    /// Takes the next delivery; false if there is none.
    pub(crate) fn take_one(&mut self, at: usize) -> bool {
        let Some(item) = self.subscribers[at].machine.poll_delivery() else {
            return false;
        };
        if let Some(unacked) = self.watch_item(at, item) {
            self.subscribers[at].unacked.push(unacked);
        }
        true
    }

    pub(crate) fn acknowledge_all(&mut self, at: usize) -> bool {
        let mut due = false;
        for unacked in std::mem::take(&mut self.subscribers[at].unacked) {
            due |= self.acknowledge(at, unacked);
        }
        due
    }

    fn acknowledge_some(&mut self, at: usize) -> bool {
        let mut due = false;
        for _ in 0..self.rng.below(6) {
            let place = self.rng.index(self.subscribers[at].unacked.len());
            let unacked = &mut self.subscribers[at].unacked;
            if unacked.is_empty() {
                break;
            }
            let unacked = unacked.swap_remove(place);
            due |= self.acknowledge(at, unacked);
        }
        due
    }

    fn acknowledge(&mut self, at: usize, (session, topic, delivery): Held) -> bool {
        let written = &mut self.ledger.sessions[session];
        if let Some((epoch, _)) = written.welcomed {
            if let Some(taken) = written.taken(epoch, topic, delivery.id.sequence) {
                taken.processed.add(delivery.id.sequence);
            }
        }
        let now = self.instant();
        let host = &mut self.subscribers[at];
        let due = host.machine.acknowledge(now, &delivery.id);
        if self.rng.percent(2) {
            let again = self.subscribers[at].machine.acknowledge(now, &delivery.id);
            let result = again::nothing_new("an acknowledgement", usize::from(again && !due));
            self.judge(Invariant::Again, result);
        }
        due
    }

    /// It lets go of one delivery without acknowledging it; with a word, or without.
    pub(crate) fn abandon(&mut self, at: usize) {
        let now = self.instant();
        let host = &mut self.subscribers[at];
        let Some((_, _, delivery)) = host.unacked.pop() else {
            return;
        };
        if self.rng.percent(30) {
            self.subscribers[at].has_dropped = true;
            return self.count(Fault::DroppedDelivery);
        }
        let host = &mut self.subscribers[at];
        let comes_again = host.machine.abandon(now, delivery);
        host.again += usize::from(comes_again);
        self.count(Fault::GivenBack);
        if !comes_again {
            self.subscribers[at].has_dropped = true;
        }
        self.rouse_subscriber(at, self.now);
        self.rouse_consumer(at);
    }
}
