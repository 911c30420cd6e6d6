//! HELLO until WELCOME, JOINED until MEMBER.

use super::order::Topic;
use super::{Subscriber, SubscriberEvent};
use crate::id::Epoch;
use crate::wire::{Hello, Refusal, ToPublisher, VERSION, Welcome};
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
    pub(super) fn say_hello(&mut self) {
        let hello = Hello {
            nonce: self.identity.nonce,
            level: self.config.level,
            name: self.config.name.clone(),
            credentials: self.config.credentials.clone(),
            prefixes: self.prefixes.fix(),
        };
        self.say(&ToPublisher::Hello(hello));
    }

    /// A part of WELCOME. The bases hold from the first whole one on; later ones repeat them.
    pub(super) fn handle_welcome(&mut self, now: Instant, epoch: Epoch, welcome: Welcome) {
        if self.stage != Stage::Joining {
            return;
        }
        if self.welcome.is_new(epoch, welcome.number) {
            self.topics.clear();
        }
        for entry in welcome.entries {
            // SPEC J2: a base that was named holds, however often it is named.
            if !self.topics.contains_key(&entry.number) {
                let topic = Topic::new(entry.topic, entry.sequence);
                self.add_topic(entry.number, topic);
            }
        }
        let parts = &mut self.welcome;
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
            self.fruitless = 0;
            self.retry.stop();
            self.beat_at = Some(now + self.beat_every);
            self.events.push_back(SubscriberEvent::Joined);
            self.say_nack_if_missing(now);
            self.ask_for_next_change(now);
            self.leave_if_done(now);
        }
    }

    /// REFUSED or CLOSING, to HELLO or to JOINED: asked again after the longest wait (SPEC J6).
    pub(super) fn handle_refusal(&mut self, now: Instant, why: &'static str) {
        match self.stage {
            Stage::Joining => {
                self.retry.slow_down(now);
                self.counters.refused += 1;
                let refused = SubscriberEvent::Refused { why };
                if self.events.back() != Some(&refused) {
                    self.events.push_back(refused);
                }
            }
            // It closed between WELCOME and JOINED: this session was never a member's.
            Stage::Confirming { .. } => self.lose_session(None),
            _ => self.counters.stale += 1,
        }
    }

    /// VERSIONS: the publisher did not understand (SPEC V1).
    pub(super) fn handle_versions(&mut self, now: Instant, epoch: Epoch, lowest: u8, highest: u8) {
        if (lowest..=highest).contains(&VERSION) {
            self.counters.stale += 1;
            return;
        }
        self.counters.versions_refused += 1;
        match self.stage {
            Stage::Joining => {
                self.handle_refusal(now, "the publisher speaks other versions of the protocol");
            }
            // It was restarted, as another version. HELLO will be answered in the same way.
            _ if self.epoch != Some(epoch) => self.handle_unknown(epoch),
            _ => {}
        }
    }
}
