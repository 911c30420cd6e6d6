//! Wakers that wait, each under a key of its own.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

/// The wakers of one member, or of all who wait for the report.
///
/// Several futures may wait at once, and any may go away: so each has a key. Nearly always there is
/// one, which needs no allocation. Taking wakers out is done under the caller's lock, waking never.
///
/// What is waited for happens once: after [`take_into`](Self::take_into) nothing is stored any more.
#[derive(Debug, Default)]
pub(crate) enum Wakers {
    #[default]
    None,
    One(u64, Waker),
    Many(Vec<(u64, Waker)>),
}

impl Wakers {
    /// Stores `waker` under `key`, or under a new key; returns the key and the one it replaces,
    /// which must be dropped without the lock.
    pub(crate) fn store(&mut self, key: Option<u64>, waker: Waker) -> (u64, Option<Waker>) {
        if let Some(slot) = key.and_then(|key| self.get(key)) {
            return (key.unwrap_or_default(), Some(mem::replace(slot, waker)));
        }
        let key = key.unwrap_or_else(|| self.free_key());
        *self = match mem::take(self) {
            Self::None => Self::One(key, waker),
            Self::One(other, waiting) => Self::Many(vec![(other, waiting), (key, waker)]),
            Self::Many(mut waiting) => {
                waiting.push((key, waker));
                Self::Many(waiting)
            }
        };
        (key, None)
    }

    /// Takes out the waker of a future that went away.
    pub(crate) fn remove(&mut self, key: u64) -> Option<Waker> {
        match mem::take(self) {
            Self::One(at, waker) if at == key => Some(waker),
            Self::Many(mut waiting) => {
                let at = waiting.iter().position(|(waiting, _)| *waiting == key);
                let waker = at.map(|at| waiting.swap_remove(at).1);
                *self = Self::Many(waiting);
                waker
            }
            other => {
                *self = other;
                None
            }
        }
    }

    /// Moves all wakers to `into`.
    pub(crate) fn take_into(&mut self, into: &mut Vec<Waker>) {
        match mem::take(self) {
            Self::None => {}
            Self::One(_, waker) => into.push(waker),
            Self::Many(waiting) => into.extend(waiting.into_iter().map(|(_, waker)| waker)),
        }
    }

    fn get(&mut self, key: u64) -> Option<&mut Waker> {
        match self {
            Self::One(at, waker) if *at == key => Some(waker),
            Self::Many(waiting) => {
                let slot = waiting.iter_mut().find(|(at, _)| *at == key);
                slot.map(|(_, waker)| waker)
            }
            _ => None,
        }
    }

    /// Of those that wait now, none has it.
    fn free_key(&self) -> u64 {
        match self {
            Self::None => 0,
            Self::One(key, _) => key + 1,
            Self::Many(waiting) => {
                let last = waiting.iter().map(|(key, _)| *key).max();
                last.map_or(0, |key| key + 1)
            }
        }
    }
}

/// Wakes all, with no lock held. A waker that panics takes none of the others with it.
pub(crate) fn wake_all(wakers: &mut Vec<Waker>) {
    for waker in wakers.drain(..) {
        let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
    }
}
