//! A part of a room under one lock: a slab of entries.

use std::mem;

use slab::Slab;

use super::Key;
use super::entry::{Ended, Entry, Job};
use crate::outcome::{Marks, Outcome};

/// Members that failed in normal life and are remembered, in one shard; the rest is counted.
const FAILURES_KEPT: usize = 64;

/// Slots that are visited at once.
pub(super) const VISITED: usize = 32;

#[derive(Default)]
pub(crate) struct Shard {
    entries: Slab<Entry>,
    /// Where hooks are: they stay until the phase begins.
    hooks: Vec<usize>,
    /// How many of them have not ended.
    open: usize,
    /// The phase has begun, and was seen to here: nobody is let in any more.
    begun: bool,
    /// What outcomes there are among those that are kept.
    marks: Marks,
    /// Those that failed in normal life.
    failed: Vec<Ended>,
    omitted: usize,
}

impl Shard {
    pub(crate) fn open(&self) -> usize {
        self.open
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.begun
    }

    /// From here on ends are waited for; `true` the first time.
    pub(crate) fn begin(&mut self) -> bool {
        !mem::replace(&mut self.begun, true)
    }

    pub(crate) fn insert(&mut self, entry: Entry) -> usize {
        self.open += 1;
        let is_hook = entry.job.is_some();
        let slot = self.entries.insert(entry);
        if is_hook {
            self.hooks.push(slot);
        }
        slot
    }

    /// Takes out the hooks to run: their slots and sequences, and what they run.
    pub(crate) fn take_jobs(&mut self) -> impl Iterator<Item = (usize, u64, Job)> {
        let hooks = mem::take(&mut self.hooks).into_iter();
        hooks.filter_map(|slot| {
            let entry = self.entries.get_mut(slot)?;
            Some((slot, entry.sequence, entry.job.take()?))
        })
    }

    /// How many steps `visit` takes.
    pub(crate) fn steps(&self) -> usize {
        self.entries.capacity().div_ceil(VISITED)
    }

    /// The entry, unless it has ended.
    pub(crate) fn get(&mut self, key: Key) -> Option<&mut Entry> {
        self.entries
            .get_mut(key.slot)
            .filter(|entry| entry.sequence == key.sequence && entry.is_open())
    }

    /// One that `get` found has ended, and is kept.
    pub(crate) fn note_end(&mut self, outcome: &Outcome) {
        self.open -= 1;
        self.marks.note(outcome);
    }

    pub(crate) fn marks(&self) -> Marks {
        self.marks
    }

    /// One that `get` found has ended, and is not kept.
    pub(crate) fn remove(&mut self, key: Key) -> Option<Entry> {
        let entry = self.entries.try_remove(key.slot)?;
        self.open -= 1;
        Some(entry)
    }

    /// Remembers one that failed in normal life, within the limit.
    pub(crate) fn remember_failure(&mut self, ended: Option<Ended>) {
        if self.failed.len() < FAILURES_KEPT {
            self.failed.extend(ended);
        } else {
            self.omitted += 1;
        }
    }

    /// Visits some of those that have not ended, from slot `from` on; where to go on, if there are
    /// more. So that whoever holds the lock for long lets others in between.
    pub(crate) fn visit(
        &mut self,
        from: usize,
        mut visit: impl FnMut(&mut Entry),
    ) -> Option<usize> {
        let end = self.entries.capacity();
        let until = end.min(from + VISITED);
        for slot in from..until {
            let entry = self.entries.get_mut(slot);
            if let Some(entry) = entry.filter(|entry| entry.is_open()) {
                visit(entry);
            }
        }
        (until < end).then_some(until)
    }

    /// The same with those that have ended.
    pub(crate) fn visit_ended(&self, from: usize, mut visit: impl FnMut(&Entry)) -> Option<usize> {
        let end = self.entries.capacity();
        let until = end.min(from + VISITED);
        for slot in from..until {
            if let Some(entry) = self.entries.get(slot).filter(|entry| !entry.is_open()) {
                visit(entry);
            }
        }
        (until < end).then_some(until)
    }

    /// Takes out some tasks' handles, from slot `from` on; where to go on, if there are more.
    #[cfg(feature = "tokio")]
    pub(crate) fn take_handles(
        &mut self,
        from: usize,
        into: &mut Vec<tokio::task::AbortHandle>,
    ) -> Option<usize> {
        let end = self.entries.capacity();
        let until = end.min(from + VISITED);
        for slot in from..until {
            let entry = self.entries.get_mut(slot);
            into.extend(entry.and_then(|entry| entry.abort.take()));
        }
        (until < end).then_some(until)
    }

    /// So many more failed than are remembered.
    pub(crate) fn omit(&mut self, more: usize) {
        self.omitted += more;
    }

    /// Ends all who are left.
    pub(crate) fn give_up(&mut self, mut end: impl FnMut(&mut Entry) -> Outcome) {
        if self.open == 0 {
            return;
        }
        let entries = self.entries.iter_mut().map(|(_, entry)| entry);
        for entry in entries.filter(|entry| entry.is_open()) {
            let outcome = end(entry);
            self.marks.note(&outcome);
        }
        self.open = 0;
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().map(|(_, entry)| entry)
    }

    /// Those that failed in normal life, and how many more did.
    pub(crate) fn failed(&self) -> (&[Ended], usize) {
        (&self.failed, self.omitted)
    }
}
