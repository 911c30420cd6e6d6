//! Wakers that wait, each under a key of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

/// The wakers of one member, or of all who wait for the report.
///
/// Several futures may wait at once, and any may go away: so each has a key. Taking wakers out is
/// done under the caller's lock, waking never.
#[derive(Debug, Default)]
pub(crate) struct Wakers {
    next: u64,
    waiting: Vec<(u64, Waker)>,
}

impl Wakers {
    /// Stores `waker` under `key`, or under a new key; returns the key and the one it replaces,
    /// which must be dropped without the lock.
    pub(crate) fn store(&mut self, key: Option<u64>, waker: Waker) -> (u64, Option<Waker>) {
        if let Some(key) = key {
            if let Some((_, slot)) = self.waiting.iter_mut().find(|(at, _)| *at == key) {
                return (key, Some(std::mem::replace(slot, waker)));
            }
        }
        let key = key.unwrap_or_else(|| {
            self.next += 1;
            self.next
        });
        self.waiting.push((key, waker));
        (key, None)
    }

    /// Takes out the waker of a future that went away.
    pub(crate) fn remove(&mut self, key: u64) -> Option<Waker> {
        let at = self
            .waiting
            .iter()
            .position(|(waiting, _)| *waiting == key)?;
        Some(self.waiting.swap_remove(at).1)
    }

    /// Moves all wakers to `into`.
    pub(crate) fn take_into(&mut self, into: &mut Vec<Waker>) {
        into.extend(self.waiting.drain(..).map(|(_, waker)| waker));
    }
}

/// Wakes all, with no lock held. A waker that panics takes none of the others with it.
pub(crate) fn wake_all(wakers: Vec<Waker>) {
    for waker in wakers {
        let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
    }
}
