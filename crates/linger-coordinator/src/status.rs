//! How far a shutdown is, for those who want to hear of each change.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use parking_lot::Mutex;

use crate::coordinator::Coordinator;
use crate::machine::Machine;
use crate::park;
use crate::phase::Phase;
use crate::stage::Stage;

/// How far a shutdown is: its stage, and the phases that run.
///
/// For readiness and health checks, and for whoever shows it: see [`Coordinator::changed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    stage: Stage,
    phases: Vec<Phase>,
    over: bool,
}

impl Status {
    pub(crate) fn of(machine: &Machine) -> Self {
        let phases = machine.plan().phases();
        Self {
            stage: machine.stage(),
            phases: machine
                .running()
                .map(|index| phases[index].phase())
                .collect(),
            over: machine.is_ended(),
        }
    }

    /// How far the shutdown has escalated; [`Stage::Running`] before it.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// The phases that have begun and not ended; none before the shutdown and after it.
    #[must_use]
    pub fn phases(&self) -> &[Phase] {
        &self.phases
    }

    /// Whether the shutdown is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over
    }
}

/// Who waits for a change.
#[derive(Debug, Default)]
pub(crate) struct Changes(Mutex<Watched>);

#[derive(Debug, Default)]
struct Watched {
    status: Option<Status>,
    next: u64,
    waiting: Vec<(u64, Waker)>,
}

impl Changes {
    /// Keeps it; returns who is to be woken, if it is news.
    pub(crate) fn set(&self, status: &Status) -> Vec<Waker> {
        let mut watched = self.0.lock();
        // Over is over: a part's own machine may lag behind the whole's.
        let is_known = |known: &Status| known.over || known == status;
        if watched.status.as_ref().is_some_and(is_known) {
            return Vec::new();
        }
        watched.status = Some(status.clone());
        let waiting = std::mem::take(&mut watched.waiting);
        waiting.into_iter().map(|(_, waker)| waker).collect()
    }

    fn get(&self) -> Option<Status> {
        self.0.lock().status.clone()
    }
}

impl Coordinator {
    /// How far the shutdown is.
    #[must_use]
    pub fn status(&self) -> Status {
        let known = self.core().changes.get();
        known.unwrap_or_else(|| Status::of(&self.core().machine.lock()))
    }

    /// Waits until the status is another one than `seen`, and gives it. Needs no particular runtime.
    ///
    /// Of changes in between, the last counts.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropped, it leaves nothing behind, and another call misses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use linger_coordinator::{Coordinator, Stage};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let stop = Coordinator::builder().start()?;
    /// let mut status = stop.status();
    /// assert_eq!(status.stage(), Stage::Running);
    /// stop.shutdown();
    /// while !status.is_over() {
    ///     status = stop.changed(&status).await;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn changed(&self, seen: &Status) -> Status {
        Changed::new(self, seen).await
    }

    /// Blocks this thread until the status is another one than `seen`, or until `deadline`.
    #[must_use]
    pub fn changed_by(&self, seen: &Status, deadline: Instant) -> Option<Status> {
        park::block_on(Changed::new(self, seen), Some(deadline))
    }
}

struct Changed<'a> {
    changes: &'a Changes,
    coordinator: &'a Coordinator,
    seen: &'a Status,
    waiter: Option<u64>,
}

impl<'a> Changed<'a> {
    fn new(coordinator: &'a Coordinator, seen: &'a Status) -> Self {
        Self {
            changes: &coordinator.core().changes,
            coordinator,
            seen,
            waiter: None,
        }
    }

    fn forget(&mut self) -> Option<Waker> {
        let waiter = self.waiter.take()?;
        let mut watched = self.changes.0.lock();
        let at = watched.waiting.iter().position(|(key, _)| *key == waiter)?;
        Some(watched.waiting.swap_remove(at).1)
    }
}

impl Future for Changed<'_> {
    type Output = Status;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Status> {
        drop(self.forget());
        let waker = context.waker().clone();
        let mut watched = self.changes.0.lock();
        let is_news = match &watched.status {
            Some(status) => status != self.seen,
            // Nothing has changed since it was started.
            None => self.seen.stage != Stage::Running,
        };
        if is_news {
            drop(watched);
            return Poll::Ready(self.coordinator.status());
        }
        watched.next += 1;
        let key = watched.next;
        watched.waiting.push((key, waker));
        drop(watched);
        self.waiter = Some(key);
        Poll::Pending
    }
}

impl Drop for Changed<'_> {
    fn drop(&mut self) {
        drop(self.forget());
    }
}
