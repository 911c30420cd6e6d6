//! What the engine does to a room: begin, force, end.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use parking_lot::MutexGuard;

use super::entry::{Ended, Entry, Job, Left};
use super::shard::Shard;
use super::{Key, Room};
use crate::budget::Window;
use crate::outcome::Outcome;
use crate::wakers::wake_all;

/// The longest wait for a shard. Nothing of the user's runs under its lock, so this is never
/// reached but on a machine that stands still; a watchdog does not rely on that.
const LOCK_LIMIT: Duration = Duration::from_millis(20);

impl Room {
    /// Refuses new members and wakes those there are; returns the hooks to run.
    ///
    /// Hooks stay where they are if the window is empty: they are then reported as skipped.
    pub(crate) fn begin(&self, window: Window) -> Vec<(Key, Arc<str>, Job)> {
        *self.window.lock() = Some(window);
        self.triggered.store(true, Ordering::SeqCst);
        #[cfg(feature = "tokio")]
        self.tokens.cancel_begun();
        let mut jobs = Vec::new();
        for (shard, members) in self.shards.iter().enumerate() {
            let mut wakers = Vec::new();
            let mut members = members.lock();
            for (slot, entry) in members.slots_mut() {
                entry.wakers.take_into(&mut wakers);
                if !window.is_empty() {
                    let key = Key {
                        shard,
                        slot,
                        sequence: entry.sequence,
                    };
                    jobs.extend(
                        entry
                            .job
                            .take()
                            .map(|job| (key, Arc::clone(&entry.name), job)),
                    );
                }
            }
            drop(members);
            wake_all(wakers);
        }
        jobs
    }

    /// Tells the members that they are forced.
    pub(crate) fn force(&self, window: Window) {
        *self.window.lock() = Some(window);
        self.forced.store(true, Ordering::SeqCst);
        #[cfg(feature = "tokio")]
        self.tokens.cancel_forced();
    }

    /// Gives up who is left. What is returned must be dropped where blocking does no harm.
    pub(crate) fn close(&self, at: Instant) -> Vec<Entry> {
        let mut given_up = Vec::new();
        for mut members in self.try_shards().flatten() {
            let mut left = members.clear();
            for entry in &mut left {
                let skipped = entry.job.is_some();
                let outcome = if skipped {
                    Outcome::Skipped
                } else {
                    Outcome::Abandoned
                };
                let ended = entry.ended(outcome, at);
                members.remember(ended);
            }
            drop(members);
            given_up.append(&mut left);
        }
        given_up
    }

    /// Who is left, in the order of registration; `false` if a part could not be read in time.
    pub(crate) fn left(&self) -> (Vec<Left>, bool) {
        let mut whole = true;
        let mut left = Vec::new();
        for members in self.try_shards() {
            match members {
                Some(members) => left.extend(members.entries().map(Entry::left)),
                None => whole = false,
            }
        }
        left.sort_by_key(|member| member.sequence);
        (left, whole)
    }

    /// Who has ended, in the order of registration, and how many more failed in normal life.
    pub(crate) fn ended(&self) -> (Vec<Ended>, usize) {
        let mut ended = Vec::new();
        let mut omitted = 0;
        for members in self.try_shards().flatten() {
            let (listed, more) = members.ended();
            ended.extend_from_slice(listed);
            omitted += more;
        }
        ended.sort_by_key(|member| member.sequence);
        (ended, omitted)
    }

    fn try_shards(&self) -> impl Iterator<Item = Option<MutexGuard<'_, Shard>>> {
        self.shards
            .iter()
            .map(|members| members.try_lock_for(LOCK_LIMIT))
    }
}

#[cfg(feature = "tokio")]
impl Room {
    /// Aborts the tasks, those that are registered a moment later too.
    pub(crate) fn abort(&self) {
        self.aborting.store(true, Ordering::SeqCst);
        for members in &self.shards {
            let mut handles = Vec::new();
            for (_, entry) in members.lock().slots_mut() {
                handles.extend(entry.abort.take());
            }
            for handle in handles {
                handle.abort();
            }
        }
    }
}
