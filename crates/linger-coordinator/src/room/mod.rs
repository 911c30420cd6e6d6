//! One phase's members: waker list, counter and listing at once.
//!
//! Entries live in shards, chosen by the member's name, so that one lock finds a name that is used
//! twice. No lock is held while a waker, a token or anything else of the user's runs.

mod entry;
mod shard;
mod stop;
#[cfg(feature = "tokio")]
mod tasks;

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::Waker;
use std::time::Instant;

use parking_lot::Mutex;

pub(crate) use entry::{Ended, Entry, Left};

use self::shard::Shard;
use crate::budget::Window;
use crate::inbox::Inbox;
use crate::machine::Event;
use crate::member::RegisterError;
use crate::outcome::Outcome;
use crate::phase::Phase;
use crate::reason::Reason;

const SHARDS: usize = 16;

/// Where a member's entry is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    shard: usize,
    slot: usize,
    /// A slot is used again; the sequence is not.
    sequence: u64,
}

pub(crate) struct Room {
    phase: Phase,
    index: usize,
    inbox: Arc<Inbox>,
    hasher: RandomState,
    triggered: AtomicBool,
    forced: AtomicBool,
    #[cfg(feature = "tokio")]
    aborting: AtomicBool,
    /// Members that have not ended. Registration counts up under the shard's lock.
    open: AtomicUsize,
    /// The order of registration, for listings.
    sequence: AtomicU64,
    window: Mutex<Option<Window>>,
    shards: [Mutex<Shard>; SHARDS],
    #[cfg(feature = "tokio")]
    tokens: tasks::Roots,
}

impl Room {
    pub(crate) fn new(phase: Phase, index: usize, inbox: Arc<Inbox>) -> Self {
        Self {
            phase,
            index,
            inbox,
            hasher: RandomState::new(),
            triggered: AtomicBool::new(false),
            forced: AtomicBool::new(false),
            #[cfg(feature = "tokio")]
            aborting: AtomicBool::new(false),
            open: AtomicUsize::new(0),
            sequence: AtomicU64::new(0),
            window: Mutex::new(None),
            shards: Default::default(),
            #[cfg(feature = "tokio")]
            tokens: tasks::Roots::default(),
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    pub(crate) fn is_triggered(&self) -> bool {
        self.triggered.load(Ordering::SeqCst)
    }

    pub(crate) fn is_forced(&self) -> bool {
        self.forced.load(Ordering::SeqCst)
    }

    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    /// When the phase's members are forced, once it has begun.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.window.lock().map(|window| window.force)
    }

    pub(crate) fn register(&self, mut entry: Entry) -> Result<Key, RegisterError> {
        let shard = self.shard_of(&entry.name);
        let mut members = self.shards[shard].lock();
        // `begin` sets the flag before it visits the shards: whoever does not see it here is seen
        // there, and counted.
        if self.is_triggered() {
            return Err(RegisterError::PhaseBegun {
                name: entry.name.to_string(),
                phase: self.phase,
            });
        }
        if members.has(&entry.name) {
            return Err(RegisterError::NameTaken {
                name: entry.name.to_string(),
                phase: self.phase,
            });
        }
        entry.sequence = self.sequence.fetch_add(1, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::SeqCst);
        Ok(Key {
            shard,
            sequence: entry.sequence,
            slot: members.insert(entry),
        })
    }

    /// Ends a member; the first outcome counts.
    pub(crate) fn settle(&self, key: Key, outcome: Outcome) {
        let at = Instant::now();
        // By the clock too: the engine may be late, and late is never a success.
        let late = || self.is_forced() || self.deadline().is_some_and(|deadline| at > deadline);
        let outcome = match outcome {
            Outcome::Done if late() => Outcome::Forced,
            other => other,
        };
        let mut members = self.shards[key.shard].lock();
        let Some(mut entry) = members.take(key) else {
            return;
        };
        let armed = self.inbox.armed().is_some();
        // In normal life members come and go, and only what went wrong is remembered.
        if armed {
            members.remember(entry.ended(outcome.clone(), at));
        } else if outcome.is_failure() {
            members.remember_failure(entry.ended(outcome.clone(), at));
        }
        drop(members);
        if let Some(reason) = entry.reason(outcome, armed) {
            self.inbox.trigger(reason);
        }
        // Wakers, closures: dropping them runs code of the user's.
        drop(entry);
        if self.open.fetch_sub(1, Ordering::SeqCst) == 1 && self.is_triggered() {
            self.inbox.send(Event::Emptied { phase: self.index });
        }
    }

    pub(crate) fn note(&self, key: Key, note: String) {
        let replaced = match self.shards[key.shard].lock().get(key) {
            Some(entry) => entry.note.replace(note),
            None => return,
        };
        drop(replaced);
    }

    /// Waits for the phase to begin: `None` if it has, or if the member has ended.
    pub(crate) fn wait(&self, key: Key, waiter: Option<u64>, waker: Waker) -> Option<u64> {
        let (waiter, replaced) = {
            let mut members = self.shards[key.shard].lock();
            // Seen false under the lock, `begin` comes by later and takes the waker.
            if self.is_triggered() {
                return None;
            }
            members.get(key)?.wakers.store(waiter, waker)
        };
        drop(replaced);
        Some(waiter)
    }

    pub(crate) fn unwait(&self, key: Key, waiter: u64) {
        let removed = match self.shards[key.shard].lock().get(key) {
            Some(entry) => entry.wakers.remove(waiter),
            None => None,
        };
        drop(removed);
    }

    fn shard_of(&self, name: &str) -> usize {
        // The remainder is below SHARDS.
        usize::try_from(self.hasher.hash_one(name) % SHARDS as u64).unwrap_or(0)
    }
}

impl Entry {
    /// Why its end is a reason to stop the service, if it is one.
    fn reason(&self, outcome: Outcome, armed: bool) -> Option<Reason> {
        let name = self.name.to_string();
        match outcome {
            Outcome::Failed(error) if self.on_failure => Some(Reason::MemberFailed { name, error }),
            Outcome::Panicked(text) if self.on_failure => {
                Some(Reason::MemberPanicked { name, text })
            }
            Outcome::Failed(_) | Outcome::Panicked(_) => None,
            _ if self.on_end && !armed => Some(Reason::MemberEnded { name }),
            _ => None,
        }
    }
}
