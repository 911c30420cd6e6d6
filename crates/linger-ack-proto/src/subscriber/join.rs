//! HELLO until WELCOME, JOINED until MEMBER; and again when the session is lost.

use super::delivery::Item;
use super::order::Topic;
use super::{EndReason, Subscriber, SubscriberEvent};
use crate::id::{Epoch, Identity};
use crate::marks::SequenceRange;
use crate::wire::{Hello, Part, Refusal, ToPublisher, Welcome};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Where a subscriber stands. It goes down this list; a lost session takes it back up, once a
/// new identity is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The session is lost; a new identity is wanted.
    Lost,
    /// HELLO is out.
    Joining,
    /// WELCOME came, JOINED is out.
    Confirming { welcome: u64 },
    /// MEMBER came.
    Member,
    /// BYE is out.
    Leaving,
    /// Over.
    Ended,
}

/// The parts of a WELCOME that have come.
#[derive(Debug, Default)]
pub(super) struct Parts {
    number: u64,
    /// Another epoch's list is another list, whatever its number.
    epoch: Option<Epoch>,
    seen: BTreeSet<u16>,
}

impl Parts {
    /// Notes a part; says whether all parts of this number have now come.
    pub(super) fn note(&mut self, epoch: Epoch, number: u64, part: Part) -> bool {
        if self.is_new(epoch, number) {
            *self = Self {
                number,
                epoch: Some(epoch),
                seen: BTreeSet::new(),
            };
        }
        self.seen.insert(part.index);
        self.seen.len() == usize::from(part.count)
    }

    /// Whether nothing of this list has come yet.
    pub(super) fn is_new(&self, epoch: Epoch, number: u64) -> bool {
        self.epoch != Some(epoch) || self.number != number
    }
}

pub(super) fn words(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::TooManyMembers => "the publisher has as many members as it takes",
        Refusal::TooManyPrefixes => "more prefixes than the publisher takes",
        Refusal::TooManyTopics => {
            "its prefixes match more topics than the publisher owes one member"
        }
        Refusal::Busy => "the publisher is busy with others who join",
        Refusal::NotAuthorized => "the publisher does not accept its name or its credentials",
    }
}

impl Subscriber {
    /// Begins a new session, after [`SubscriberEvent::Rejoin`]. The identity was drawn at random.
    pub fn rejoin(&mut self, now: Instant, identity: Identity) {
        if self.stage != Stage::Lost {
            return;
        }
        self.identity = identity;
        self.stage = Stage::Joining;
        self.serial = 0;
        self.retry.start(now);
    }

    pub(super) fn say_hello(&mut self) {
        let hello = Hello {
            nonce: self.identity.nonce,
            level: self.config.level,
            name: self.config.name.clone(),
            credentials: self.config.credentials.clone(),
            prefixes: self.config.prefixes.clone(),
        };
        self.say(&ToPublisher::Hello(hello));
    }

    /// A part of WELCOME. The bases hold from the first whole one on; later ones repeat them.
    pub(super) fn handle_welcome(&mut self, now: Instant, epoch: Epoch, welcome: Welcome) {
        if self.stage != Stage::Joining {
            return;
        }
        if self.end.welcome.is_new(epoch, welcome.number) {
            self.topics.clear();
        }
        for entry in welcome.entries {
            let topic = Topic::new(entry.topic, entry.sequence);
            self.topics.entry(entry.number).or_insert(topic);
        }
        let parts = &mut self.end.welcome;
        if !parts.note(epoch, welcome.number, welcome.part) {
            return;
        }
        self.epoch = Some(epoch);
        self.name_what_was_lost(epoch);
        self.acks
            .set_window(welcome.window_messages, welcome.window_bytes);
        let expiry = Duration::from_millis(welcome.expiry_ms.into());
        self.beat_every = (expiry / 5).max(Duration::from_millis(10));
        self.stage = Stage::Confirming {
            welcome: welcome.number,
        };
        self.retry.start(now);
    }

    pub(super) fn handle_member(&mut self, now: Instant) {
        if matches!(self.stage, Stage::Confirming { .. }) {
            self.stage = Stage::Member;
            self.retry.stop();
            self.beat_at = Some(now + self.beat_every);
            self.events.push_back(SubscriberEvent::Joined);
            self.say_nack_if_missing(now);
            self.leave_if_done(now);
        }
    }

    pub(super) fn handle_refusal(&mut self, now: Instant, why: &'static str) {
        match self.stage {
            Stage::Joining => {
                self.retry.slow_down(now);
                self.events.push_back(SubscriberEvent::Refused { why });
            }
            // It closed between WELCOME and JOINED: this session was never a member's.
            Stage::Confirming { .. } => self.lose_session(),
            _ => {}
        }
    }

    /// The publisher does not know this session, or has another epoch.
    pub(super) fn handle_unknown(&mut self, now: Instant, epoch: Epoch) {
        let restarted = self.epoch.filter(|&old| old != epoch);
        match self.stage {
            Stage::Ended | Stage::Lost => return,
            Stage::Leaving => return self.end_with(EndReason::Unconfirmed),
            // END came whole, so this publisher has closed; its successor is another's business.
            Stage::Member if self.end.is_whole() => return self.end_unconfirmed(),
            Stage::Joining | Stage::Confirming { .. } | Stage::Member => {}
        }
        let _ = now;
        if let Some(old) = restarted {
            self.events.push_back(SubscriberEvent::Restarted { old });
        }
        self.lose_session();
    }

    fn lose_session(&mut self) {
        if let Some(epoch) = self.epoch.take() {
            let next = self
                .topics
                .iter()
                .map(|(&number, topic)| (number, topic.next));
            let next = next.collect::<BTreeMap<_, _>>();
            // A session that never got as far as WELCOME leaves the memory of the one before.
            self.former = Some((epoch, next));
        }
        self.topics.clear();
        self.missing.clear();
        self.unsettled = 0;
        self.held_messages = 0;
        self.held_bytes = 0;
        self.acks.clear();
        self.end.clear();
        self.nack.stop();
        self.retry.stop();
        self.beat_at = None;
        self.generation += 1;
        self.stage = Stage::Lost;
        self.events.push_back(SubscriberEvent::Rejoin);
    }

    /// In the same epoch, what lies between the former session's marks and the new bases was
    /// sent, and is not owed any more.
    fn name_what_was_lost(&mut self, epoch: Epoch) {
        let Some((former, marks)) = self.former.take() else {
            return;
        };
        if former != epoch {
            return;
        }
        for (&number, topic) in &self.topics {
            let next = marks.get(&number).copied().unwrap_or(1);
            if let Some(range) = SequenceRange::new(next, topic.next - 1) {
                self.counters.gone = self.counters.gone.saturating_add(range.len());
                self.deliveries.push_back(Item::Gone {
                    topic: topic.name.clone(),
                    range,
                });
            }
        }
    }
}
