//! Saying something again until it is answered: with back-off, never for ever at one pace.

use std::time::{Duration, Instant};

#[derive(Debug)]
pub(super) struct Retry {
    first: Duration,
    longest: Duration,
    wait: Duration,
    due: Option<Instant>,
}

impl Retry {
    pub(super) fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            wait: first,
            due: None,
        }
    }

    /// Due now, and from then on with the first wait again.
    pub(super) fn start(&mut self, now: Instant) {
        self.wait = self.first;
        self.due = Some(now);
    }

    /// Due after the longest wait: who was refused does not press.
    pub(super) fn slow_down(&mut self, now: Instant) {
        self.wait = self.longest;
        self.due = Some(now + self.longest);
    }

    /// Due after the wait that would follow so many attempts in vain.
    pub(super) fn start_after(&mut self, now: Instant, attempts: u32) {
        let doubled = 2u32.saturating_pow(attempts.saturating_sub(1));
        self.wait = self.first.saturating_mul(doubled).min(self.longest);
        self.due = Some(now + self.wait);
    }

    /// What was asked for is coming: the wait begins anew, from its first length.
    pub(super) fn put_off(&mut self, now: Instant) {
        if self.due.is_some() {
            self.wait = self.first;
            self.due = Some(now + self.first);
        }
    }

    pub(super) fn stop(&mut self) {
        self.due = None;
    }

    pub(super) fn is_running(&self) -> bool {
        self.due.is_some()
    }

    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Whether it is time; if it is, the next time is set and the wait doubles.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        let due = self.due.is_some_and(|due| due <= now);
        if due {
            self.due = Some(now + self.wait);
            self.wait = (self.wait * 2).min(self.longest);
        }
        due
    }
}
