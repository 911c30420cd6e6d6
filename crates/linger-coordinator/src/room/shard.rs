//! A part of a room under one lock: a slab of entries.

use std::collections::HashSet;
use std::sync::Arc;

use super::Key;
use super::entry::{Ended, Entry};

/// Members that failed in normal life and are remembered, in one shard; the rest is counted.
const FAILURES_KEPT: usize = 64;

#[derive(Default)]
pub(crate) struct Shard {
    slots: Vec<Option<Entry>>,
    free: Vec<usize>,
    names: HashSet<Arc<str>>,
    ended: Vec<Ended>,
    omitted: usize,
}

impl Shard {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    pub(crate) fn insert(&mut self, entry: Entry) -> usize {
        self.names.insert(Arc::clone(&entry.name));
        match self.free.pop() {
            Some(slot) => {
                self.slots[slot] = Some(entry);
                slot
            }
            None => {
                self.slots.push(Some(entry));
                self.slots.len() - 1
            }
        }
    }

    /// Takes a member out, unless that was done before.
    pub(crate) fn take(&mut self, key: Key) -> Option<Entry> {
        let slot = self.slots.get_mut(key.slot)?;
        let entry = slot.take_if(|entry| entry.sequence == key.sequence)?;
        self.names.remove(&entry.name);
        self.free.push(key.slot);
        Some(entry)
    }

    pub(crate) fn get(&mut self, key: Key) -> Option<&mut Entry> {
        self.slots
            .get_mut(key.slot)?
            .as_mut()
            .filter(|entry| entry.sequence == key.sequence)
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.slots.iter().flatten()
    }

    pub(crate) fn slots_mut(&mut self) -> impl Iterator<Item = (usize, &mut Entry)> {
        let slots = self.slots.iter_mut().enumerate();
        slots.filter_map(|(slot, entry)| Some((slot, entry.as_mut()?)))
    }

    /// Takes out all who are left.
    pub(crate) fn clear(&mut self) -> Vec<Entry> {
        self.names.clear();
        self.slots.iter_mut().filter_map(Option::take).collect()
    }

    /// Remembers one that ended in normal life, within the limit.
    pub(crate) fn remember_failure(&mut self, ended: Ended) {
        if self.ended.len() < FAILURES_KEPT {
            self.ended.push(ended);
        } else {
            self.omitted += 1;
        }
    }

    /// Remembers one that ended during the shutdown.
    pub(crate) fn remember(&mut self, ended: Ended) {
        self.ended.push(ended);
    }

    pub(crate) fn ended(&self) -> (&[Ended], usize) {
        (&self.ended, self.omitted)
    }
}
