//! A session that is lost: what is remembered of it, and what the next one says was lost.

use super::join::Stage;
use super::order::Topic;
use super::prefixes::matches_any;
use super::{EndReason, Subscriber, SubscriberEvent, TopicMarks};
use crate::id::{Epoch, Identity};
use crate::marks::SequenceRange;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// What is remembered of the last session that had come as far as WELCOME.
#[derive(Debug)]
pub(super) struct Former {
    epoch: Epoch,
    topics: BTreeMap<u32, Topic>,
    granted: BTreeSet<Bytes>,
}

fn marks(topics: &BTreeMap<u32, Topic>) -> Vec<TopicMarks> {
    let marks = topics.values().map(|topic| TopicMarks {
        topic: topic.name.clone(),
        received: topic.next - 1,
        processed: topic.processed(),
    });
    marks.collect()
}

impl Subscriber {
    /// How far this session has come, topic by topic; nothing before WELCOME.
    #[must_use]
    pub fn topic_marks(&self) -> Vec<TopicMarks> {
        marks(&self.topics)
    }

    /// Begins a new session, after [`SubscriberEvent::Rejoin`]. The identity was drawn at random.
    pub fn rejoin(&mut self, now: Instant, identity: Identity) {
        if self.stage != Stage::Lost {
            return;
        }
        self.identity = identity;
        self.stage = Stage::Joining;
        // The first time at once; whoever is turned away again and again does not press.
        match self.fruitless {
            0 | 1 => self.retry.start(now),
            sessions => self.retry.start_after(now, sessions - 1),
        }
    }

    /// UNKNOWN: the publisher does not know this session, or has another epoch (SPEC M4).
    pub(super) fn handle_unknown(&mut self, epoch: Epoch) {
        match self.stage {
            Stage::Ended | Stage::Lost => {}
            Stage::Leaving => self.end_with(EndReason::Unconfirmed),
            // END came whole, so this publisher has closed; its successor is another's business.
            Stage::Member if self.end.is_whole() => self.end_unconfirmed(),
            Stage::Joining | Stage::Confirming { .. } | Stage::Member => {
                self.lose_session(Some(epoch));
            }
        }
    }

    /// EVICTED: the session is over, for the publisher's sake (SPEC W4).
    pub(super) fn handle_evicted(&mut self) {
        match self.stage {
            Stage::Ended | Stage::Lost => {}
            Stage::Leaving => self.end_with(EndReason::Unconfirmed),
            // It has closed, and takes nobody in any more.
            Stage::Member if self.end.is_whole() => self.end_unconfirmed(),
            Stage::Joining | Stage::Confirming { .. } | Stage::Member => {
                self.counters.evicted += 1;
                self.events.push_back(SubscriberEvent::Evicted);
                self.lose_session(None);
            }
        }
    }

    /// Everything that belongs to a session ends with it, pending changes too (SPEC P8).
    ///
    /// `current` is the publisher's epoch, if that is what ended it.
    pub(super) fn lose_session(&mut self, current: Option<Epoch>) {
        let granted = self.prefixes.lose();
        let mut topics = std::mem::take(&mut self.topics);
        if let Some(epoch) = self.epoch.take() {
            topics.values_mut().for_each(|topic| topic.held.clear());
            // A session that never got as far as WELCOME leaves the memory of the one before.
            self.former = Some(Former {
                epoch,
                topics,
                granted,
            });
        }
        if let Some(current) = current {
            self.report_restart(current);
        }
        for (kind, prefix) in self.prefixes.settle_socket() {
            self.push_socket_event(kind, prefix);
        }
        self.missing.clear();
        self.again.lose_session();
        self.unsettled = 0;
        self.held_messages = 0;
        self.held_bytes = 0;
        self.acks.clear();
        // Whatever it still had to say nobody would understand.
        self.outbox.clear();
        self.serial = 0;
        self.end.clear();
        self.nack.stop();
        self.change.stop();
        self.retry.stop();
        self.beat_at = None;
        self.generation += 1;
        self.fruitless = self.fruitless.saturating_add(1);
        self.counters.sessions_lost += 1;
        self.stage = Stage::Lost;
        self.events.push_back(SubscriberEvent::Rejoin);
    }

    /// Another epoch is a restart, and nothing of the old one is owed any more (SPEC M4).
    fn report_restart(&mut self, current: Epoch) {
        let former = self.former.take_if(|former| former.epoch != current);
        if let Some(former) = former {
            self.counters.restarts += 1;
            self.events.push_back(SubscriberEvent::Restarted {
                old: former.epoch,
                marks: marks(&former.topics),
            });
        }
    }

    /// In the same epoch, what lies between the former session's marks and the new bases was
    /// sent, and is not owed any more.
    pub(super) fn name_what_was_lost(&mut self, epoch: Epoch) {
        self.report_restart(epoch);
        let Some(former) = self.former.take() else {
            return;
        };
        let mut lost = Vec::new();
        for (number, topic) in &former.topics {
            let base = self.topics.get(number).map(|topic| topic.next);
            // Of what is not wanted any more only that is known which was seen to be missing.
            let to = base.unwrap_or_else(|| topic.sent_below());
            let to = to.min(topic.end().unwrap_or(u64::MAX));
            lost.push((topic.name.clone(), SequenceRange::new(topic.next, to - 1)));
        }
        for (number, topic) in &self.topics {
            // It came after the former session's WELCOME, so that was owed it from 1 on.
            let is_new = !former.topics.contains_key(number);
            if is_new && matches_any(&former.granted, &topic.name) {
                lost.push((topic.name.clone(), SequenceRange::new(1, topic.next - 1)));
            }
        }
        for (name, range) in lost {
            if let Some(range) = range {
                self.name_gone(name, range);
            }
        }
    }
}
