//! The handle of a coordinator.

use std::fmt;
use std::sync::Arc;

use crate::builder::Builder;
use crate::core::Core;
use crate::park;
use crate::plan::Plan;
use crate::reason::Reason;
use crate::report::Report;
use crate::stage::Stage;

/// Stops a service: phase by phase, within one budget, with a report of who did what.
///
/// It guarantees that [`wait_blocking`](Self::wait_blocking) returns by the budget's end once a
/// shutdown has begun, whatever members do, and that the report names each that was not done. A
/// plain `CancellationToken` with a `TaskTracker` tells tasks to stop and waits for them; it knows
/// no names, no deadline and no order.
///
/// Clones are handles of the same coordinator. When the last is dropped while the service runs,
/// the shutdown begins: nobody would be left to begin it.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use linger_coordinator::{Coordinator, Phase, Phases};
///
/// let stop = Coordinator::builder()
///     .phases(Phases::service())
///     .budget(Duration::from_secs(5))
///     .start()?;
/// stop.spawn_blocking("worker", Phase::WORK, |member| {
///     member.wait();                       // until the phase begins
///     member.note("flushed 3 batches");
///     Ok(())
/// })?;
/// stop.shutdown();
/// let report = stop.wait_blocking();
/// assert!(report.is_clean(), "{report}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Coordinator {
    handle: Arc<Handle>,
}

/// Its drop is that of the last handle.
struct Handle(Arc<Core>);

impl Drop for Handle {
    fn drop(&mut self) {
        if self.0.inbox.armed().is_none() {
            self.0.inbox.trigger(Reason::Dropped);
        }
    }
}

impl Coordinator {
    /// Begins to set up a coordinator.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self {
            handle: Arc::new(Handle(core)),
        }
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.handle.0
    }

    /// Begins the shutdown on request; the same as [`trigger`](Self::trigger) with
    /// [`Reason::Request`].
    pub fn shutdown(&self) {
        self.trigger(Reason::Request);
    }

    /// Begins the shutdown, from any thread; never blocks.
    ///
    /// The first reason counts, and arms the budget; later ones are kept beside it. A
    /// [`Reason::Signal`] that comes later escalates, like a signal that was caught.
    pub fn trigger(&self, reason: Reason) {
        self.core().inbox.trigger(reason);
    }

    /// Whether a shutdown was begun.
    #[must_use]
    pub fn is_triggered(&self) -> bool {
        self.core().inbox.armed().is_some()
    }

    /// How far the shutdown has escalated.
    #[must_use]
    pub fn stage(&self) -> Stage {
        let own = self.core().machine.lock().stage();
        match &self.core().whole {
            // It may be the whole that stops.
            Some(_) => own.max(self.status().stage()),
            None => own,
        }
    }

    /// Who may take how long.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.core().plan
    }

    /// The report, if the shutdown is over.
    #[must_use]
    pub fn report(&self) -> Option<Report> {
        self.core().finish.report().cloned()
    }

    /// Waits until a shutdown was begun and is over. Needs no particular runtime.
    ///
    /// The report is there by the hard deadline; a task gets it when its runtime next polls it,
    /// which a runtime with all workers blocked does not. [`wait_blocking`](Self::wait_blocking)
    /// on a thread and the watchdog do not depend on that.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropped, it leaves nothing behind, and another call gives the same report.
    pub async fn wait(&self) -> Report {
        self.core().finish.wait().await
    }

    /// Blocks this thread until a shutdown was begun and is over.
    ///
    /// Returns by the hard deadline, and any number of times, with the same report. Not for
    /// async code, whose worker it would block.
    pub fn wait_blocking(&self) -> Report {
        loop {
            if let Some(report) = park::block_on(self.core().finish.wait(), None) {
                return report;
            }
        }
    }
}

impl fmt::Debug for Coordinator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coordinator")
            .field("plan", &self.core().plan)
            .field("triggered", &self.is_triggered())
            .finish_non_exhaustive()
    }
}
