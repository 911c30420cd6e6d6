//! One member's entry.

use std::fmt;
use std::mem;
use std::panic::Location;
use std::sync::Arc;
use std::time::Instant;

use crate::name::Name;
use crate::origin::Origin;
use crate::outcome::Outcome;
use crate::seat::Seat;
use crate::wakers::Wakers;

/// A hook's function: begins it on a task or a thread, without blocking.
pub(crate) type Job = Box<dyn FnOnce(Arc<Seat>) + Send>;

pub(crate) struct Entry {
    pub(crate) name: Name,
    pub(crate) location: &'static Location<'static>,
    pub(crate) sequence: u64,
    /// Its error or panic starts the shutdown.
    pub(crate) on_failure: bool,
    /// Its end, too.
    pub(crate) on_end: bool,
    pub(crate) note: Option<Box<str>>,
    pub(crate) wakers: Wakers,
    pub(crate) job: Option<Job>,
    /// Kept when it has ended: see [`Room::free_tasks`](super::Room::free_tasks).
    #[cfg(feature = "tokio")]
    pub(crate) abort: Option<tokio::task::AbortHandle>,
    /// How and when it ended. Those that end in normal life are not kept.
    pub(crate) end: Option<(Outcome, Instant)>,
}

/// What a member leaves behind whose drop runs code of the user's.
pub(crate) struct Spoils {
    _wakers: Wakers,
    _job: Option<Job>,
}

/// What is kept of a member that has ended.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) name: Name,
    pub(crate) origin: Origin,
    pub(crate) sequence: u64,
    pub(crate) note: Option<Box<str>>,
    pub(crate) outcome: Outcome,
    pub(crate) at: Instant,
}

/// Who is left in a phase, for listings.
#[derive(Clone, Debug)]
pub(crate) struct Left {
    pub(crate) name: Name,
    pub(crate) origin: Origin,
    pub(crate) sequence: u64,
    pub(crate) note: Option<Box<str>>,
}

impl Entry {
    #[track_caller]
    pub(crate) fn new(name: impl Into<Name>) -> Self {
        Self {
            name: name.into(),
            location: Location::caller(),
            sequence: 0,
            on_failure: false,
            on_end: false,
            note: None,
            wakers: Wakers::default(),
            job: None,
            #[cfg(feature = "tokio")]
            abort: None,
            end: None,
        }
    }

    /// Marks its end; what is returned must be dropped without a lock.
    pub(crate) fn end(&mut self, outcome: Outcome, at: Instant) -> Spoils {
        self.end = Some((outcome, at));
        Spoils {
            _wakers: mem::take(&mut self.wakers),
            _job: self.job.take(),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.end.is_none()
    }

    /// What is kept of it, if it has ended.
    pub(crate) fn ended(&self) -> Option<Ended> {
        let (outcome, at) = self.end.clone()?;
        Some(Ended {
            name: self.name.clone(),
            origin: Origin::of(self.location),
            sequence: self.sequence,
            note: self.note.clone(),
            outcome,
            at,
        })
    }

    pub(crate) fn left(&self) -> Left {
        Left {
            name: self.name.clone(),
            origin: Origin::of(self.location),
            sequence: self.sequence,
            note: self.note.clone(),
        }
    }
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' ({})", self.name, self.origin)?;
        match &self.note {
            Some(note) => write!(f, " \"{note}\""),
            None => Ok(()),
        }
    }
}
