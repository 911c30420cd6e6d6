//! When to acknowledge, and what: changes merge until enough of them are together.

use super::Subscriber;
use super::delivery::DeliveryId;
use super::join::Stage;
use crate::id::Level;
use crate::planted::{Bug, planted};
use crate::wire::{Mark, ToPublisher};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How many marks one ACK carries at most.
const MARKS: usize = 2_048;

/// What has changed since the last ACK.
#[derive(Debug)]
pub(super) struct Acks {
    changed: BTreeSet<u32>,
    /// The one of them that changed last: often it is the next, too.
    last: Option<u32>,
    messages: u64,
    bytes: usize,
    every_messages: u64,
    every_bytes: usize,
    due: Option<Instant>,
    /// Every mark is wanted.
    all: bool,
    /// It is due at once.
    is_urgent: bool,
}

impl Acks {
    pub(super) fn new() -> Self {
        Self {
            changed: BTreeSet::new(),
            last: None,
            messages: 0,
            bytes: 0,
            every_messages: 256,
            every_bytes: 1 << 20,
            due: None,
            all: false,
            is_urgent: false,
        }
    }

    /// Paces ACKs so that a publisher never waits for one with its window full (SPEC A3).
    pub(super) fn set_window(&mut self, messages: u32, bytes: u64) {
        self.every_messages = u64::from(messages / 8).clamp(1, 256);
        self.every_bytes = usize::try_from(bytes / 8).unwrap_or(usize::MAX).max(1);
    }

    /// Notes that a mark changed; true if an ACK falls due at once.
    pub(super) fn note(
        &mut self,
        now: Instant,
        number: u32,
        delay: Duration,
        messages: u64,
        bytes: usize,
    ) -> bool {
        if self.last.replace(number) != Some(number) {
            self.changed.insert(number);
        }
        self.messages += messages;
        self.bytes += bytes;
        self.due.get_or_insert_with(|| now + delay);
        let full = self.messages >= self.every_messages || self.bytes >= self.every_bytes;
        if full {
            self.hurry(now);
        }
        full
    }

    /// Every mark is wanted, now.
    pub(super) fn report_all(&mut self, now: Instant) {
        self.all = true;
        self.hurry(now);
    }

    /// What there is to be said is due at once.
    pub(super) fn hurry(&mut self, now: Instant) {
        self.is_urgent = true;
        self.due = Some(self.due.map_or(now, |due| due.min(now)));
    }

    pub(super) fn clear(&mut self) {
        self.changed.clear();
        self.last = None;
        self.messages = 0;
        self.bytes = 0;
        self.due = None;
        self.all = false;
        self.is_urgent = false;
    }

    /// What can come before the next ACK falls due at once.
    fn room(&self) -> (u64, usize) {
        let messages = self.every_messages.saturating_sub(self.messages);
        (messages, self.every_bytes.saturating_sub(self.bytes))
    }

    /// When the next ACK is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }
}

impl Subscriber {
    /// The application acknowledges a message; in any order, once (SPEC A1).
    ///
    /// True if an ACK falls due at once: wake whoever calls
    /// [`handle_timeout`](Self::handle_timeout). An acknowledgement of a former session is
    /// dropped: that message is not owed to this one.
    pub fn acknowledge(&mut self, now: Instant, id: &DeliveryId) -> bool {
        self.acknowledge_run(now, id, 1, id.len)
    }

    /// As [`acknowledge`](Self::acknowledge), for `count` messages of one topic in a row; `last`
    /// is the last of them, and their payloads have so many bytes in all.
    ///
    /// However many they are, this takes no longer, unless others of that topic were acknowledged
    /// out of order or came back.
    pub fn acknowledge_run(
        &mut self,
        now: Instant,
        last: &DeliveryId,
        count: u64,
        bytes: usize,
    ) -> bool {
        if last.generation != self.generation && !planted(Bug::AckAcrossSessions) {
            return false;
        }
        let Some(topic) = self.topics.get_mut(&last.number) else {
            return false;
        };
        let first = last.sequence.saturating_sub(count) + 1;
        let settled = match topic.settle_next(first, last.sequence) {
            true => count,
            false => (first..=last.sequence)
                .map(|n| u64::from(topic.settle(n)))
                .sum(),
        };
        if settled == 0 {
            return false;
        }
        self.again.settle(last.number, first, last.sequence);
        self.unsettled -= settled;
        let (messages, bytes) = match self.config.level {
            Level::Processed => (settled, bytes),
            Level::Received => (0, 0),
        };
        let delay = self.config.ack_delay;
        let mut due = self.acks.note(now, last.number, delay, messages, bytes);
        if self.end.is_whole() {
            self.acks.hurry(now);
            due = true;
        }
        self.leave_if_done(now);
        due
    }

    /// How many messages, or bytes of payload, the application can acknowledge before an ACK falls
    /// due at once; 0 at the end of the stream, when each does.
    ///
    /// At the level *received* its word makes none fall due.
    #[must_use]
    pub fn ack_room(&self) -> (u64, usize) {
        match self.config.level {
            _ if self.end.is_whole() => (0, 0),
            Level::Received => (u64::MAX, usize::MAX),
            Level::Processed => self.acks.room(),
        }
    }

    /// Whether an ACK is due at once.
    #[must_use]
    pub fn is_ack_due(&self) -> bool {
        self.stage == Stage::Member && self.acks.is_urgent
    }

    pub(super) fn say_acks_if_due(&mut self, now: Instant) {
        if self.acks.due.is_none_or(|due| now < due) {
            return;
        }
        let whole = self.acks.all;
        let marks: Vec<Mark> = if whole {
            self.marks()
        } else {
            let changed = self.acks.changed.iter();
            changed
                .filter_map(|&n| Some(self.topics.get(&n)?.mark(n)))
                .collect()
        };
        self.acks.clear();
        if marks.is_empty() && whole {
            self.say(&ToPublisher::Ack {
                whole,
                marks: Vec::new(),
            });
        }
        self.say_marks(whole, &marks);
        self.beat_at = Some(now + self.beat_every);
    }

    /// ACKs of a bounded size; if they are the whole, the last of them says so (SPEC A2).
    pub(super) fn say_marks(&mut self, whole: bool, marks: &[Mark]) {
        let last = marks.len().div_ceil(MARKS).saturating_sub(1);
        for (at, marks) in marks.chunks(MARKS).enumerate() {
            let whole = whole && at == last;
            self.say(&ToPublisher::Ack {
                whole,
                marks: marks.to_vec(),
            });
        }
    }

    /// Every mark there is.
    pub(super) fn marks(&self) -> Vec<Mark> {
        self.topics
            .iter()
            .map(|(&number, topic)| topic.mark(number))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAY: Duration = Duration::from_millis(5);

    /// At how many messages of so many bytes an ACK falls due at once.
    fn due_at(now: Instant, window: (u32, u64), bytes: usize) -> Option<u64> {
        let mut acks = Acks::new();
        acks.set_window(window.0, window.1);
        (1..=1_000).find(|_| acks.note(now, 1, DELAY, 1, bytes))
    }

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "a moment can't be made up, and any will do"
    )]
    fn an_eighth_of_the_window_does_not_wait_for_company() {
        let now = Instant::now();
        assert_eq!(due_at(now, (64, 1 << 20), 0), Some(8));
        assert_eq!(due_at(now, (8, 1 << 20), 0), Some(1));
        assert_eq!(due_at(now, (7, 1 << 20), 0), Some(1));
        assert_eq!(due_at(now, (1 << 20, 1 << 20), 0), Some(256), "at most");
        assert_eq!(due_at(now, (1 << 20, 800), 10), Some(10));
        assert_eq!(due_at(now, (1 << 20, 1), 1), Some(1));
    }

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "a moment can't be made up, and any will do"
    )]
    fn what_is_less_waits_for_its_delay_from_the_first_on() {
        let now = Instant::now();
        let mut acks = Acks::new();
        assert!(!acks.note(now, 1, DELAY, 1, 1));
        assert!(!acks.note(now + DELAY / 2, 2, DELAY, 1, 1));
        assert_eq!((acks.due(), acks.is_urgent), (Some(now + DELAY), false));
        acks.hurry(now + DELAY / 2);
        assert_eq!((acks.due(), acks.is_urgent), (Some(now + DELAY / 2), true));
        acks.clear();
        assert_eq!((acks.due(), acks.is_urgent), (None, false));
        assert!((0..255).all(|_| !acks.note(now, 1, DELAY, 1, 1)), "anew");
    }
}
