//! One member's entry.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use crate::origin::Origin;
use crate::outcome::Outcome;
use crate::seat::Seat;
use crate::wakers::Wakers;

/// A hook's function: begins it on a task or a thread, without blocking.
pub(crate) type Job = Box<dyn FnOnce(Arc<Seat>) + Send>;

pub(crate) struct Entry {
    pub(crate) name: Arc<str>,
    pub(crate) origin: Origin,
    pub(crate) sequence: u64,
    /// Its error or panic starts the shutdown.
    pub(crate) on_failure: bool,
    /// Its end, too.
    pub(crate) on_end: bool,
    pub(crate) note: Option<String>,
    pub(crate) wakers: Wakers,
    pub(crate) job: Option<Job>,
    #[cfg(feature = "tokio")]
    pub(crate) abort: Option<tokio::task::AbortHandle>,
}

/// What is kept of a member that has ended.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) name: Arc<str>,
    pub(crate) origin: Origin,
    pub(crate) sequence: u64,
    pub(crate) note: Option<String>,
    pub(crate) outcome: Outcome,
    pub(crate) at: Instant,
}

/// Who is left in a phase, for listings.
#[derive(Clone, Debug)]
pub(crate) struct Left {
    pub(crate) name: Arc<str>,
    pub(crate) origin: Origin,
    pub(crate) sequence: u64,
    pub(crate) note: Option<String>,
}

impl Entry {
    pub(crate) fn new(name: Arc<str>, origin: Origin) -> Self {
        Self {
            name,
            origin,
            sequence: 0,
            on_failure: false,
            on_end: false,
            note: None,
            wakers: Wakers::default(),
            job: None,
            #[cfg(feature = "tokio")]
            abort: None,
        }
    }

    pub(crate) fn ended(&mut self, outcome: Outcome, at: Instant) -> Ended {
        Ended {
            name: Arc::clone(&self.name),
            origin: self.origin.clone(),
            sequence: self.sequence,
            note: self.note.take(),
            outcome,
            at,
        }
    }

    pub(crate) fn left(&self) -> Left {
        Left {
            name: Arc::clone(&self.name),
            origin: self.origin.clone(),
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
