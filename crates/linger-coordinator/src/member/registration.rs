//! Registering a guard.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::{Member, RegisterError};
use crate::coordinator::Coordinator;
use crate::phase::Phase;
use crate::room::Entry;
use crate::seat::Seat;

/// A member about to be registered; made by [`Coordinator::register`].
#[must_use = "nothing is registered before `phase` is called"]
pub struct Registration<'a> {
    coordinator: &'a Coordinator,
    entry: Entry,
}

impl<'a> Registration<'a> {
    pub(crate) fn new(coordinator: &'a Coordinator, entry: Entry) -> Self {
        Self { coordinator, entry }
    }

    /// Makes its end, its error or its panic start the shutdown.
    pub fn critical(mut self) -> Self {
        self.entry.on_failure = true;
        self.entry.on_end = true;
        self
    }

    /// Registers it in `phase`.
    ///
    /// # Errors
    ///
    /// The phase is unknown or has begun.
    pub fn phase(self, phase: Phase) -> Result<Member, RegisterError> {
        let name = self.entry.name.clone();
        let seat = self.coordinator.seat(phase, self.entry)?;
        Ok(Member::new(seat, name))
    }
}

impl fmt::Debug for Registration<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration")
            .field("name", &self.entry.name)
            .field("critical", &self.entry.on_end)
            .finish_non_exhaustive()
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
    /// # drop(member);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn register(&self, name: impl Into<Cow<'static, str>>) -> Registration<'_> {
        Registration::new(self, Entry::new(name.into()))
    }

    pub(crate) fn seat(&self, phase: Phase, entry: Entry) -> Result<Seat, RegisterError> {
        let Some(room) = self.core().room(phase) else {
            return Err(RegisterError::UnknownPhase {
                name: entry.name.to_string(),
                phase,
            });
        };
        let key = room.register(entry)?;
        Ok(Seat::new(Arc::clone(room), key))
    }
}
