//! One phase's members: waker list, counter and listing at once.
//!
//! Entries live in shards, chosen by the thread that registers. No lock is held while a waker, a
//! token or anything else of the user's runs. While the service runs, a member that comes and goes
//! takes two locks of its shard and writes nothing that all threads share: ends are counted within
//! the shard, and a shard counts as empty only once the phase has begun.

mod entry;
mod look;
mod place;
mod shard;
mod stop;
#[cfg(feature = "tokio")]
mod tasks;
mod waking;

use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

pub(crate) use entry::{Ended, Entry, Job, Left, Spoils};
pub(crate) use stop::Wait;
#[cfg(feature = "tokio")]
pub(crate) use tasks::wake_all;

use self::place::Place;
use self::shard::Shard;
use crate::inbox::Inbox;
use crate::member::RegisterError;
use crate::moment::Moment;
use crate::name::Name;
use crate::outcome::Outcome;
use crate::phase::Phase;
use crate::plan::PlannedPhase;
use crate::reason::Reason;
use crate::sync::{Apart, AtomicBool, AtomicUsize, Mutex, Ordering};

#[cfg(not(all(test, loom)))]
const SHARDS: usize = 16;
#[cfg(all(test, loom))]
const SHARDS: usize = 2;

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
    /// Of which part of the whole it is.
    part: Option<Name>,
    flags: Apart<Flags>,
    /// Shards that may have members, once the phase has begun.
    busy: Apart<AtomicUsize>,
    shards: [Apart<Mutex<Shard>>; SHARDS],
    waking: Apart<waking::Steps>,
    #[cfg(feature = "tokio")]
    tokens: tasks::Roots,
}

/// What members look at all the time, and what is seldom written.
struct Flags {
    triggered: AtomicBool,
    forced: AtomicBool,
    #[cfg(feature = "tokio")]
    aborting: AtomicBool,
    /// When members are forced.
    deadline: Moment,
    /// Whether the phase may last longer while its members advance.
    patient: bool,
    /// When one of them last said how far it is.
    advanced: Moment,
}

impl Room {
    pub(crate) fn new(limits: &PlannedPhase, index: usize, inbox: Arc<Inbox>) -> Self {
        Self {
            phase: limits.phase(),
            index,
            inbox,
            part: None,
            flags: Apart(Flags {
                triggered: AtomicBool::new(false),
                forced: AtomicBool::new(false),
                #[cfg(feature = "tokio")]
                aborting: AtomicBool::new(false),
                deadline: Moment::none(),
                patient: !limits.patience.is_zero(),
                advanced: Moment::none(),
            }),
            busy: Apart(AtomicUsize::new(SHARDS)),
            shards: Default::default(),
            waking: Apart::default(),
            #[cfg(feature = "tokio")]
            tokens: tasks::Roots::default(),
        }
    }

    pub(crate) fn of_part(self, part: Name) -> Self {
        Self {
            part: Some(part),
            ..self
        }
    }

    /// As it stands in lists.
    fn full_name(&self, name: &Name) -> Name {
        match &self.part {
            Some(part) => part.child(name),
            None => name.clone(),
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    pub(crate) fn is_triggered(&self) -> bool {
        self.flags.0.triggered.load(Ordering::SeqCst)
    }

    pub(crate) fn is_forced(&self) -> bool {
        self.flags.0.forced.load(Ordering::SeqCst)
    }

    /// Whether the phase has begun and all its members have ended.
    pub(crate) fn is_empty(&self) -> bool {
        self.busy.0.load(Ordering::SeqCst) == 0
    }

    /// How many members there are.
    #[cfg(all(test, loom))]
    pub(crate) fn open(&self) -> usize {
        let open = |shard: &Apart<Mutex<Shard>>| shard.0.lock().open();
        self.shards.iter().map(open).sum()
    }

    /// When the phase's members are forced, once it has begun.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.flags.0.deadline.get()
    }

    pub(crate) fn register(&self, mut entry: Entry) -> Result<Key, RegisterError> {
        let Place { shard, sequence } = Place::here();
        entry.sequence = sequence;
        let mut members = self.shards[shard].0.lock();
        // `begin` says so to each shard before it wakes its members: whoever is let in here is
        // woken and counted there.
        if members.has_begun() {
            drop(members);
            return Err(RegisterError::PhaseBegun {
                name: entry.name.to_string(),
                phase: self.phase,
            });
        }
        Ok(Key {
            shard,
            sequence,
            slot: members.insert(entry),
        })
    }

    /// Ends a member; the first outcome counts.
    pub(crate) fn settle(&self, key: Key, outcome: Outcome) {
        let mut members = self.shards[key.shard].0.lock();
        let Some(entry) = members.get(key) else {
            return;
        };
        // In normal life members come and go, and only what went wrong is remembered.
        let armed = self.inbox.armed().is_some();
        let (reason, spoils, gone);
        if armed {
            let at = Instant::now();
            let outcome = self.as_judged(outcome, at);
            reason = self.reason(entry, &outcome, armed);
            spoils = Some(entry.end(outcome.clone(), at));
            gone = None;
            members.note_end(&outcome);
        } else {
            reason = self.reason(entry, &outcome, armed);
            if outcome.is_failure() {
                spoils = Some(entry.end(outcome, Instant::now()));
                let failed = entry.ended().map(|ended| Ended {
                    name: self.full_name(&ended.name),
                    ..ended
                });
                members.remember_failure(failed);
            } else {
                spoils = None;
            }
            gone = members.remove(key);
        }
        let emptied = members.has_begun() && members.open() == 0;
        drop(members);
        if let Some(reason) = reason {
            self.inbox.trigger(reason);
        }
        // Wakers, closures: dropping them runs code of the user's.
        drop((spoils, gone));
        if emptied {
            self.shard_emptied();
        }
    }

    /// By the clock too: the engine may be late, and late is never a success.
    fn as_judged(&self, outcome: Outcome, at: Instant) -> Outcome {
        let is_late = || self.is_forced() || self.deadline().is_some_and(|deadline| at > deadline);
        match outcome {
            Outcome::Done if is_late() => Outcome::Forced,
            other => other,
        }
    }

    fn shard_emptied(&self) {
        if self.busy.0.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.inbox.send_emptied(self.index);
        }
    }

    pub(crate) fn note(&self, key: Key, note: String) {
        let mut members = self.shards[key.shard].0.lock();
        let replaced = match members.get(key) {
            Some(entry) => entry.note.replace(note.into()),
            None => return,
        };
        drop(members);
        drop(replaced);
        if self.flags.0.patient && self.is_triggered() {
            self.flags.0.advanced.set(Instant::now());
        }
    }

    /// When a member last said how far it is, if that counts.
    pub(crate) fn advanced(&self) -> Option<Instant> {
        self.flags.0.advanced.get()
    }

    /// Waits for the phase to begin: `None` if it has, or if the member has ended.
    pub(crate) fn wait(&self, key: Key, waiter: Option<u64>, waker: Waker) -> Option<u64> {
        let (waiter, replaced) = {
            let mut members = self.shards[key.shard].0.lock();
            // Before `begin` has come by: it takes the waker.
            if members.has_begun() {
                drop(members);
                return None;
            }
            members.get(key)?.wakers.store(waiter, waker)
        };
        drop(replaced);
        Some(waiter)
    }

    pub(crate) fn unwait(&self, key: Key, waiter: u64) {
        let mut members = self.shards[key.shard].0.lock();
        let removed = match members.get(key) {
            Some(entry) => entry.wakers.remove(waiter),
            None => None,
        };
        drop(members);
        drop(removed);
    }

    /// Why a member's end is a reason to stop, if it is one.
    fn reason(&self, entry: &Entry, outcome: &Outcome, armed: bool) -> Option<Reason> {
        let name = || self.full_name(&entry.name).to_string();
        match outcome {
            Outcome::Failed(error) if entry.on_failure => Some(Reason::MemberFailed {
                name: name(),
                error: error.clone(),
            }),
            Outcome::Panicked(text) if entry.on_failure => Some(Reason::MemberPanicked {
                name: name(),
                text: text.clone(),
            }),
            Outcome::Failed(_) | Outcome::Panicked(_) => None,
            _ if entry.on_end && !armed => Some(Reason::MemberEnded { name: name() }),
            _ => None,
        }
    }
}
