//! Registering a guard.

use std::sync::Arc;

use super::{Member, RegisterError};
use crate::coordinator::Coordinator;
use crate::origin::Origin;
use crate::phase::Phase;
use crate::room::Entry;
use crate::seat::Seat;

/// A member about to be registered; made by [`Coordinator::register`].
#[must_use = "nothing is registered before `phase` is called"]
#[derive(Debug)]
pub struct Registration<'a> {
    coordinator: &'a Coordinator,
    name: Arc<str>,
    origin: Origin,
    critical: bool,
}

impl<'a> Registration<'a> {
    pub(crate) fn new(coordinator: &'a Coordinator, name: Arc<str>, origin: Origin) -> Self {
        Self {
            coordinator,
            name,
            origin,
            critical: false,
        }
    }

    /// Makes its end, its error or its panic start the shutdown.
    pub fn critical(mut self) -> Self {
        self.critical = true;
        self
    }

    /// Registers it in `phase`.
    ///
    /// # Errors
    ///
    /// The phase is unknown or has begun, or has a member of that name.
    pub fn phase(self, phase: Phase) -> Result<Member, RegisterError> {
        let mut entry = Entry::new(Arc::clone(&self.name), self.origin);
        entry.on_failure = self.critical;
        entry.on_end = self.critical;
        self.coordinator.seat(phase, entry).map(Member::new)
    }
}

impl Coordinator {
    /// Begins to register a guard, for a plain thread or anything else.
    ///
    /// Its failure is reported, and starts the shutdown only if it is made
    /// [critical](Registration::critical).
    ///
    /// # Examples
    ///
    /// ```
    /// use linger_coordinator::{Coordinator, Phase};
    ///
    /// let stop = Coordinator::builder().start()?;
    /// let member = stop.register("journal").phase(Phase::WORK)?;
    /// assert!(stop.register("journal").phase(Phase::WORK).is_err());
    /// # drop(member);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn register(&self, name: impl Into<Arc<str>>) -> Registration<'_> {
        Registration::new(self, name.into(), Origin::caller())
    }

    pub(crate) fn seat(&self, phase: Phase, entry: Entry) -> Result<Arc<Seat>, RegisterError> {
        let name = Arc::clone(&entry.name);
        let Some(room) = self.core().room(phase) else {
            return Err(RegisterError::UnknownPhase {
                name: name.to_string(),
                phase,
            });
        };
        let key = room.register(entry)?;
        Ok(Seat::new(Arc::clone(room), key, name))
    }
}
