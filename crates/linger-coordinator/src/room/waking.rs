//! Waking those who wait for a phase that has begun: step by step, by whoever has time.
//!
//! The members' own runtime is the fastest at that. It may be blocked, so it is not relied upon:
//! each step is taken once, by whoever comes first.

use std::task::Waker;

use super::shard::VISITED;
use super::{Room, SHARDS};
use crate::sync::{AtomicUsize, Ordering};
use crate::wakers::wake_all;

/// How far it is.
#[derive(Debug, Default)]
pub(super) struct Steps {
    /// How many there are; none before the phase has begun.
    count: AtomicUsize,
    taken: AtomicUsize,
}

impl Steps {
    /// So many for each shard.
    pub(super) fn begin(&self, steps: usize) {
        self.count.store(1 + steps * SHARDS, Ordering::SeqCst);
    }
}

impl Room {
    /// Takes the next step; `false` if all are taken.
    pub(crate) fn wake_some(&self, wakers: &mut Vec<Waker>) -> bool {
        let Steps { count, taken } = &self.waking.0;
        let count = count.load(Ordering::SeqCst);
        // None is taken before there are any: nobody would take it again.
        if count == 0 {
            return false;
        }
        let step = taken.fetch_add(1, Ordering::SeqCst);
        if step >= count {
            return false;
        }
        let Some(step) = step.checked_sub(1) else {
            #[cfg(feature = "tokio")]
            self.tokens.cancel_begun();
            return true;
        };
        // Some of each shard in turn: so those that are woken at a time seldom meet in one.
        let (shard, from) = (step % SHARDS, step / SHARDS * VISITED);
        let mut members = self.shards[shard].0.lock();
        members.visit(from, |entry| entry.wakers.take_into(wakers));
        drop(members);
        wake_all(wakers);
        true
    }

    /// Takes all steps that nobody has taken.
    pub(crate) fn wake_all(&self) {
        let mut wakers = Vec::new();
        while self.wake_some(&mut wakers) {}
    }

    /// How many steps are taken, until all are.
    pub(crate) fn woken(&self) -> Option<usize> {
        let taken = self.waking.0.taken.load(Ordering::SeqCst);
        (taken < self.waking.0.count.load(Ordering::SeqCst)).then_some(taken)
    }
}
