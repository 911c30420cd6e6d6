//! The sockets that have not ended, each found by its record.

use std::sync::atomic::{AtomicUsize, Ordering};

use slab::Slab;

use crate::record::Record;
use crate::table::Entry;

/// Entries in no order: whoever shows them sorts them.
#[derive(Default)]
pub(crate) struct Live {
    entries: Slab<Entry>,
}

/// Where the entry of a record is. Only looked at with the table locked.
#[derive(Debug, Default)]
pub(crate) struct Place(AtomicUsize);

impl Live {
    pub(crate) fn insert(&mut self, entry: Entry) {
        let vacant = self.entries.vacant_entry();
        entry.record.place.0.store(vacant.key(), Ordering::Relaxed);
        vacant.insert(entry);
    }

    pub(crate) fn get(&self, record: &Record) -> Option<&Entry> {
        let entry = self.entries.get(key(record))?;
        (entry.record.id == record.id).then_some(entry)
    }

    pub(crate) fn get_mut(&mut self, record: &Record) -> Option<&mut Entry> {
        let entry = self.entries.get_mut(key(record))?;
        (entry.record.id == record.id).then_some(entry)
    }

    pub(crate) fn remove(&mut self, record: &Record) -> Option<Entry> {
        self.get(record)?;
        self.entries.try_remove(key(record))
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().map(|(_, entry)| entry)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Another entry may have taken the place since.
fn key(record: &Record) -> usize {
    record.place.0.load(Ordering::Relaxed)
}
