//! SUBSCRIBE and UNSUBSCRIBE: prefixes that come and go while the session lasts.

use super::join::Stage;
use super::order::Topic;
use super::prefixes::{Kind, MAX_PREFIXES};
use super::{Subscriber, SubscriberEvent};
use crate::config::ConfigError;
use crate::id::Epoch;
use crate::topic::check_prefix;
use crate::wire::{Change, Changed, ToPublisher, TopicEntry};
use bytes::Bytes;
use std::time::Instant;

impl Subscriber {
    /// Subscribes to one more prefix. True if it was not wanted before.
    ///
    /// [`SubscriberEvent::Subscribe`] follows, and in the end
    /// [`Subscribed`](SubscriberEvent::Subscribed) or
    /// [`PrefixRefused`](SubscriberEvent::PrefixRefused), unless the session is lost or the
    /// prefix unsubscribed first: a new session begins with what is wanted then, and
    /// [`Joined`](SubscriberEvent::Joined) says that it is granted. From where on each topic is
    /// owed is the publisher's word; what the prefix shares with others stays owed without a gap.
    /// Who has left, or ended, subscribes to nothing more.
    ///
    /// # Errors
    ///
    /// If it can't be a prefix, or there are 65,536 already.
    pub fn subscribe(
        &mut self,
        now: Instant,
        prefix: impl Into<Bytes>,
    ) -> Result<bool, ConfigError> {
        let prefix = prefix.into();
        if let Err(source) = check_prefix(&prefix) {
            return Err(ConfigError::Prefix { prefix, source });
        }
        let wanted = self.prefixes.wanted();
        if wanted.len() >= MAX_PREFIXES && !wanted.contains(&prefix) {
            return Err(ConfigError::OutOfRange {
                setting: "prefixes",
                range: "0..=65536",
                found: (wanted.len() + 1).to_string(),
            });
        }
        Ok(self.wish(now, Kind::Subscribe, &prefix))
    }

    /// Unsubscribes from a prefix. True if it was wanted before.
    ///
    /// What was published before the publisher heard of it is still owed, delivered and to be
    /// acknowledged. Then [`SubscriberEvent::Unsubscribe`] follows; not before that is SUB to be
    /// touched.
    pub fn unsubscribe(&mut self, now: Instant, prefix: &[u8]) -> bool {
        self.wish(now, Kind::Unsubscribe, &Bytes::copy_from_slice(prefix))
    }

    /// The prefixes that are wanted, in order, whether they are granted yet or not.
    pub fn prefixes(&self) -> impl ExactSizeIterator<Item = &Bytes> {
        self.prefixes.wanted().iter()
    }

    fn wish(&mut self, now: Instant, kind: Kind, prefix: &Bytes) -> bool {
        let is_over = matches!(self.stage, Stage::Leaving | Stage::Ended);
        if is_over || !self.prefixes.wish(kind, prefix) {
            return false;
        }
        if !self.prefixes.is_fixed() {
            self.tell_socket(kind, prefix);
        } else if kind == Kind::Subscribe && self.prefixes.is_granted(prefix) {
            // It was to be unsubscribed, and the publisher had not been told.
            let prefix = prefix.clone();
            self.events
                .push_back(SubscriberEvent::Subscribed { prefix });
        }
        self.ask_for_next_change(now);
        true
    }

    /// Begins the next change, if a member has none out (SPEC P1).
    pub(super) fn ask_for_next_change(&mut self, now: Instant) {
        if self.stage != Stage::Member {
            return;
        }
        let Some(asked) = self.prefixes.ask_next() else {
            return;
        };
        let (kind, prefixes) = (asked.kind, asked.prefixes.clone());
        self.change.start(now);
        if kind == Kind::Subscribe {
            for prefix in prefixes {
                self.tell_socket(kind, &prefix);
            }
        }
    }

    /// Says the change that is out, again and again until it is answered.
    pub(super) fn say_change_if_due(&mut self, now: Instant) {
        if !self.change.is_due(now) {
            return;
        }
        let Some(asked) = self.prefixes.asked() else {
            return self.change.stop();
        };
        let change = Change {
            number: asked.number,
            prefixes: asked.prefixes.clone(),
        };
        let frame = match asked.kind {
            Kind::Subscribe => ToPublisher::Subscribe(change),
            Kind::Unsubscribe => ToPublisher::Unsubscribe(change),
        };
        self.say(&frame);
    }

    /// GRANTED: the bases of what the change added (SPEC P3). Repeats of another are stale.
    pub(super) fn handle_granted(&mut self, now: Instant, epoch: Epoch, granted: Changed) {
        let asked = self.prefixes.asked_mut(Kind::Subscribe, granted.number);
        let Some(asked) = asked else {
            self.counters.stale += 1;
            return;
        };
        let is_whole = asked.parts.note(epoch, granted.number, granted.part);
        for entry in granted.entries {
            self.grant(entry);
        }
        if !is_whole {
            return;
        }
        self.change.stop();
        for prefix in self.prefixes.grant() {
            self.counters.subscribed += 1;
            self.events
                .push_back(SubscriberEvent::Subscribed { prefix });
        }
        self.ask_for_next_change(now);
    }

    fn grant(&mut self, entry: TopicEntry) {
        let TopicEntry {
            number,
            sequence: base,
            topic: name,
        } = entry;
        let Some(topic) = self.topics.get_mut(&number) else {
            self.add_topic(number, Topic::new(name, base));
            return;
        };
        if topic.name != name {
            self.counters.broken += 1;
            return;
        }
        // SPEC P3: what is owed already keeps its base.
        if topic.is_released() {
            self.grant_again(number, base);
        }
    }

    /// RELEASED: of each topic, what comes after the last that is owed (SPEC P6).
    pub(super) fn handle_released(&mut self, now: Instant, epoch: Epoch, released: Changed) {
        let asked = self.prefixes.asked_mut(Kind::Unsubscribe, released.number);
        let Some(asked) = asked else {
            self.counters.stale += 1;
            return;
        };
        let is_whole = asked.parts.note(epoch, released.number, released.part);
        for entry in released.entries {
            self.release(&entry);
        }
        self.say_nack_if_missing(now);
        if !is_whole {
            return;
        }
        self.change.stop();
        for prefix in self.prefixes.release() {
            self.counters.unsubscribed += 1;
            self.tell_socket(Kind::Unsubscribe, &prefix);
        }
        self.ask_for_next_change(now);
    }

    /// REFUSED: the number is used, the prefix is given up (SPEC P7).
    pub(super) fn handle_change_refused(&mut self, now: Instant, number: u64, why: &'static str) {
        if self.prefixes.asked_mut(Kind::Subscribe, number).is_none() {
            self.counters.stale += 1;
            return;
        }
        let given_up = self.prefixes.refuse();
        self.give_up_prefixes(now, given_up, why);
    }

    /// CLOSING: nothing more is granted, whether it was asked for or not.
    pub(super) fn handle_changes_closed(&mut self, now: Instant, why: &'static str) {
        let given_up = self.prefixes.refuse_all();
        self.give_up_prefixes(now, given_up, why);
    }

    fn give_up_prefixes(&mut self, now: Instant, given_up: Vec<(Bytes, bool)>, why: &'static str) {
        if self.prefixes.asked().is_none() {
            self.change.stop();
        }
        for (prefix, was_wanted) in given_up {
            self.tell_socket(Kind::Unsubscribe, &prefix);
            if was_wanted {
                self.counters.prefixes_refused += 1;
                self.prefixes.note_refused(&prefix, why);
                let refused = SubscriberEvent::PrefixRefused { prefix, why };
                self.events.push_back(refused);
            }
        }
        self.ask_for_next_change(now);
    }

    fn tell_socket(&mut self, kind: Kind, prefix: &Bytes) {
        if self.prefixes.set_socket(kind, prefix) {
            self.push_socket_event(kind, prefix.clone());
        }
    }

    pub(super) fn push_socket_event(&mut self, kind: Kind, prefix: Bytes) {
        self.events.push_back(match kind {
            Kind::Subscribe => SubscriberEvent::Subscribe { prefix },
            Kind::Unsubscribe => SubscriberEvent::Unsubscribe { prefix },
        });
    }
}
