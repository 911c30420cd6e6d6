//! Publishing on the caller's thread, and waiting for room.

use super::Publisher;
use super::core::{Core, Destination, Patience, Shared};
use crate::error::PublishError;
use crate::payload::Payload;
use bytes::Bytes;
use parking_lot::MutexGuard;
use std::time::{Duration, Instant};

impl Publisher {
    /// Publishes a message, and returns its sequence in its topic, from 1.
    ///
    /// A message that is accepted is retained and sent. If the window is full, this waits for
    /// room, as long as [`publish_limit`](crate::PublisherBuilder::publish_limit) says (5 s by
    /// default); a close ends the wait.
    ///
    /// # Errors
    ///
    /// Says why the message was not accepted, and hands it back: the window stayed full, the
    /// topic can't be one, the payload is too large, the publisher is closed.
    pub fn publish(
        &self,
        topic: impl AsRef<[u8]>,
        payload: impl Payload,
    ) -> Result<u64, PublishError> {
        let limit = self.shared().patience.publish_limit;
        self.publish_within(topic, payload, limit)
    }

    /// As [`publish`](Self::publish), without waiting for room.
    ///
    /// # Errors
    ///
    /// As for [`publish`](Self::publish).
    pub fn try_publish(
        &self,
        topic: impl AsRef<[u8]>,
        payload: impl Payload,
    ) -> Result<u64, PublishError> {
        self.publish_within(topic, payload, Duration::ZERO)
    }

    /// As [`publish`](Self::publish), waiting for room as long as `limit` says.
    ///
    /// # Errors
    ///
    /// As for [`publish`](Self::publish).
    pub fn publish_within(
        &self,
        topic: impl AsRef<[u8]>,
        payload: impl Payload,
        limit: Duration,
    ) -> Result<u64, PublishError> {
        let to = Destination::Name(topic.as_ref());
        payload.lend(|payload| self.shared().publish(to, payload, limit))
    }

    /// Evicts everyone who holds back the oldest message that is retained; says how many.
    ///
    /// For whoever would rather lose a subscriber than wait for it. Each is told, may join anew,
    /// and is named in the report with what it left unacknowledged; the claim of a durable name
    /// ends too. 0: nothing is retained, or the publisher has closed. See
    /// [`evict_after`](crate::PublisherBuilder::evict_after) for doing so by itself.
    #[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn evict_oldest(&self) -> usize {
        let shared = self.shared();
        let mut core = shared.core.lock();
        shared.evict(&mut core, Instant::now())
    }
}

impl Shared {
    pub(super) fn publish(
        &self,
        to: Destination<'_>,
        payload: &Bytes,
        limit: Duration,
    ) -> Result<u64, PublishError> {
        let mut core = self.core.lock();
        if let Some(sequence) = core.append(to, payload) {
            return Ok(sequence);
        }
        let mut wait = None;
        loop {
            // To read the clock costs as much as all the rest of accepting a message.
            let now = match wait.is_some() || core.machine.needs_time(payload.len()) {
                true => Instant::now(),
                false => self.opened,
            };
            let message = match core.publish(now, to, payload) {
                Ok(sequence) => {
                    self.published(core, now, wait.is_some());
                    return Ok(sequence);
                }
                Err(PublishError::WindowFull(message)) => message,
                Err(error) => return Err(error),
            };
            let wait = wait.get_or_insert_with(|| Wait::new(now, limit));
            match wait.next(&self.patience, core.fed, now) {
                Next::GiveUp => return Err(PublishError::WindowFull(message)),
                Next::Evict => {
                    self.evict(&mut core, now);
                    wait.begun = now;
                }
                Next::Wait(None) => self.room.wait(&mut core),
                Next::Wait(Some(until)) => {
                    self.room.wait_until(&mut core, until);
                }
            }
        }
    }

    /// After a message was accepted, which may have had to wait.
    pub(super) fn published(&self, mut core: MutexGuard<'_, Core>, now: Instant, has_waited: bool) {
        if has_waited {
            core.fed = Some(now);
        }
        let wake = core.is_due_before_thread_wakes();
        drop(core);
        if wake {
            self.waker.wake();
        }
    }

    pub(super) fn evict(&self, core: &mut Core, now: Instant) -> usize {
        if core.report.is_some() {
            return 0;
        }
        let evicted = core.machine.evict(now);
        // Whatever does not fit in one go the thread says.
        core.transmit();
        self.announce();
        self.waker.wake();
        evicted
    }
}

/// One message that waits for room.
pub(super) struct Wait {
    /// Since when, or since when it last evicted somebody.
    pub(super) begun: Instant,
    /// `None`: not at all.
    limit: Option<Duration>,
    pub(super) give_up: Option<Instant>,
}

/// What a message that finds no room does.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Wait for room until this, or for ever, and try again.
    Wait(Option<Instant>),
    /// Evict whoever holds the oldest message, and try again.
    Evict,
    GiveUp,
}

impl Wait {
    pub(super) fn new(now: Instant, limit: Duration) -> Self {
        Self {
            begun: now,
            limit: Some(limit).filter(|limit| !limit.is_zero()),
            give_up: now.checked_add(limit),
        }
    }

    /// `fed`: when another message that had to wait last found room.
    pub(super) fn next(&self, patience: &Patience, fed: Option<Instant>, now: Instant) -> Next {
        if self.limit.is_none() {
            return Next::GiveUp;
        }
        // As long as others find room, it is not the members who are to blame.
        let since = fed.map_or(self.begun, |fed| fed.max(self.begun));
        let evict = patience
            .evict_after
            .and_then(|limit| since.checked_add(limit));
        if evict.is_some_and(|at| at <= now) {
            return Next::Evict;
        }
        if self.give_up.is_some_and(|at| at <= now) {
            return Next::GiveUp;
        }
        Next::Wait(evict.into_iter().chain(self.give_up).min())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn patience(evict_after: Option<Duration>) -> Patience {
        Patience {
            publish_limit: SECOND,
            evict_after,
        }
    }

    #[test]
    fn without_a_limit_nothing_waits_and_nobody_is_evicted() {
        let now = Instant::now();
        let wait = Wait::new(now, Duration::ZERO);
        for evict_after in [None, Some(Duration::ZERO)] {
            assert_eq!(wait.next(&patience(evict_after), None, now), Next::GiveUp);
        }
    }

    #[test]
    fn what_falls_due_first_is_waited_for_and_eviction_comes_before_giving_up() {
        let now = Instant::now();
        let wait = Wait::new(now, 2 * SECOND);
        let (patience, never) = (patience(Some(SECOND)), patience(None));
        let next = |patience, after| wait.next(patience, None, now + after);
        assert_eq!(next(&patience, SECOND / 2), Next::Wait(Some(now + SECOND)));
        assert_eq!(next(&patience, SECOND), Next::Evict);
        assert_eq!(next(&patience, 2 * SECOND), Next::Evict);
        assert_eq!(next(&never, SECOND), Next::Wait(Some(now + 2 * SECOND)));
        assert_eq!(next(&never, 2 * SECOND), Next::GiveUp);
    }

    #[test]
    fn nobody_is_evicted_while_others_that_waited_find_room() {
        let now = Instant::now();
        let wait = Wait::new(now, 9 * SECOND);
        let patience = patience(Some(2 * SECOND));
        let fed = Some(now + SECOND);
        let next = |after| wait.next(&patience, fed, now + after);
        assert_eq!(next(2 * SECOND), Next::Wait(Some(now + 3 * SECOND)));
        assert_eq!(next(3 * SECOND), Next::Evict);
        let before = now.checked_sub(SECOND);
        assert_eq!(wait.next(&patience, before, now + 2 * SECOND), Next::Evict);
    }

    #[test]
    fn only_what_had_to_wait_shows_that_there_was_room() {
        let ticks = Publisher::builder("ticks").bind("inproc://data", "inproc://control");
        let ticks = ticks.expect("bound");
        let shared = ticks.shared();
        let now = Instant::now();
        shared.published(shared.core.lock(), now, false);
        assert_eq!(shared.core.lock().fed, None);
        shared.published(shared.core.lock(), now, true);
        assert_eq!(shared.core.lock().fed, Some(now));
    }

    #[test]
    fn a_limit_beyond_all_time_is_none() {
        let now = Instant::now();
        let wait = Wait::new(now, Duration::MAX);
        let patience = patience(Some(Duration::MAX));
        assert_eq!(wait.next(&patience, None, now), Next::Wait(None));
    }
}
