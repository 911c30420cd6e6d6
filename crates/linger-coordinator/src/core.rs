//! What engine, watchdog and handles share.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::finish::Finish;
use crate::inbox::Inbox;
use crate::machine::{Action, Event, Machine};
use crate::phase::Phase;
use crate::plan::Plan;
use crate::process::Process;
use crate::report::Report;
use crate::room::Room;
use crate::signals::Signals;
use crate::stage::Stage;

/// The longest that the watchdog waits for the machine, which is never locked for longer than a
/// step.
const LOCK_LIMIT: Duration = Duration::from_millis(100);

pub(crate) struct Core {
    pub(crate) plan: Plan,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) machine: Mutex<Machine>,
    pub(crate) rooms: Vec<Arc<Room>>,
    pub(crate) finish: Finish,
    pub(crate) owns_process: bool,
    pub(crate) process: Arc<dyn Process>,
    pub(crate) signals: Mutex<Signals>,
    /// Where the coordinator was started, if that was in a runtime.
    #[cfg(feature = "tokio")]
    pub(crate) runtime: Option<tokio::runtime::Handle>,
    #[cfg(feature = "tokio")]
    pub(crate) root: crate::interop::Root,
}

impl Core {
    pub(crate) fn room(&self, phase: Phase) -> Option<&Arc<Room>> {
        self.rooms.iter().find(|room| room.phase() == phase)
    }

    pub(crate) fn publish(&self, report: Report) {
        // Before the report: a signal after it must not be lost.
        if let Some(mut signals) = self.signals.try_lock_for(LOCK_LIMIT) {
            signals.stop();
        }
        self.finish.publish(report);
        self.inbox.set_finished();
    }

    /// Past hard, ends the machine in the engine's place and publishes the report.
    ///
    /// For the watchdog: what could block comes last.
    pub(crate) fn conclude(&self) {
        let Some(mut machine) = self.machine.try_lock_for(LOCK_LIMIT) else {
            return;
        };
        let now = Instant::now();
        let mut actions = Vec::new();
        if machine.stage() == Stage::Running {
            actions.extend(
                self.inbox
                    .first()
                    .into_iter()
                    .flat_map(|e| machine.step(now, e)),
            );
        }
        // Each step ends a phase, as hard is over.
        for _ in 0..=self.rooms.len() {
            actions.extend(machine.step(now, Event::Tick));
        }
        let mut given_up = Vec::new();
        for action in &actions {
            if let Action::End { phase } = action {
                given_up.extend(self.rooms[*phase].close(now));
            }
        }
        let report = Report::new(
            &machine,
            &self.rooms,
            self.inbox.armed().unwrap_or(now),
            now,
        );
        drop(machine);
        self.publish(report);
        for action in actions {
            self.tell(&action);
        }
        drop(given_up);
    }

    /// Carries out those actions that reach members, but for hooks.
    fn tell(&self, action: &Action) {
        match *action {
            #[cfg(feature = "tokio")]
            Action::Armed => self.root.cancel(),
            Action::Begin { phase, window } => drop(self.rooms[phase].begin(window)),
            Action::Extend { phase, window } => self.rooms[phase].extend(window),
            Action::Force { phase, window } => self.rooms[phase].force(window),
            #[cfg(feature = "tokio")]
            Action::Abort { phase } => self.rooms[phase].abort(),
            _ => {}
        }
    }
}
