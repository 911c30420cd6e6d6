//! Parts: what belongs to the whole, and can be stopped alone.

use std::borrow::Cow;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Instant;

use parking_lot::Mutex;

use crate::builder::BuildError;
use crate::coordinator::Coordinator;
use crate::core::{Core, LOCK_LIMIT};
use crate::engine;
use crate::inbox::Inbox;
use crate::machine::{Event, Machine};
use crate::name::Name;
use crate::reason::Reason;
use crate::report::Report;
use crate::room::{Room, Wait};

/// The parts of a coordinator that have not ended.
#[derive(Default)]
pub(crate) struct Parts(Mutex<Vec<Arc<Core>>>);

/// What a part knows of the whole.
pub(crate) struct Whole {
    pub(crate) core: Weak<Core>,
    pub(crate) name: Name,
}

impl Coordinator {
    /// Makes a part of it: members that stop with the whole, and can be stopped alone before.
    ///
    /// A part is a coordinator of its own kind, with the phases and the budget of the whole. Its
    /// members are listed as `name/member`, and each phase of the whole waits for theirs, too. Its
    /// own [`shutdown`](Self::shutdown), or the failure of one of its members, stops them alone,
    /// phase by phase, while the rest lives on; [`wait`](Self::wait) then gives the part's own
    /// report, and what failed in it stays in the report of the whole. Once the whole stops, it
    /// sets the pace. Signals, the watchdog and the process's end are matters of the whole.
    ///
    /// When its last handle is dropped, the part stops. It has a thread of its own until then.
    ///
    /// # Errors
    ///
    /// The shutdown has begun; no thread could be started.
    ///
    /// # Examples
    ///
    /// ```
    /// use linger_coordinator::{Coordinator, Phase};
    ///
    /// let stop = Coordinator::builder().start()?;
    /// let tenant = stop.part("tenant-7")?;
    /// let member = tenant.register("feed").phase(Phase::WORK)?;
    ///
    /// tenant.shutdown();
    /// member.wait();
    /// drop(member);
    /// assert!(tenant.wait_blocking().is_clean());
    /// assert!(!stop.is_triggered());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn part(&self, name: impl Into<Cow<'static, str>>) -> Result<Self, BuildError> {
        let whole = self.core();
        let name = whole.full_name(&Name::from(name.into()));
        let inbox = Arc::new(Inbox::of_part(Arc::clone(&whole.inbox)));
        let core = Arc::new(Core::part(whole, name.clone(), inbox));
        core.inbox.set_driver(&core);
        {
            let mut parts = whole.parts.0.lock();
            // Before the engine of the whole looks here for a phase that begins.
            if whole.inbox.armed().is_some() {
                return Err(BuildError::Stopping {
                    part: name.to_string(),
                });
            }
            parts.push(Arc::clone(&core));
        }
        let driven = Arc::clone(&core);
        // A thread's name can't hold NUL.
        let engine = thread::Builder::new().name(name.replace('\0', "?"));
        match engine.spawn(move || engine::run(&driven)) {
            Ok(_) => Ok(Self::new(core)),
            Err(error) => {
                whole.parts.remove(&core);
                Err(BuildError::Thread(error))
            }
        }
    }
}

impl Parts {
    pub(crate) fn each(&self, mut visit: impl FnMut(&Arc<Core>)) {
        let parts = self.0.try_lock_for(LOCK_LIMIT);
        // Not held while a part's own parts are looked at.
        let parts: Vec<_> = parts.map(|parts| parts.clone()).unwrap_or_default();
        parts.iter().for_each(&mut visit);
    }

    fn remove(&self, part: &Arc<Core>) {
        let mut parts = self.0.lock();
        let at = parts.iter().position(|other| Arc::ptr_eq(other, part));
        let gone = at.map(|at| parts.swap_remove(at));
        drop(parts);
        drop(gone);
    }
}

impl Core {
    /// The rooms of a phase: its own, and those of all parts.
    pub(crate) fn rooms_of(&self, phase: usize) -> Vec<Arc<Room>> {
        let mut rooms = vec![Arc::clone(&self.rooms[phase])];
        self.parts.each(|part| rooms.extend(part.rooms_of(phase)));
        rooms
    }

    /// As the whole lists what belongs to this part.
    pub(crate) fn full_name(&self, name: &Name) -> Name {
        match &self.whole {
            Some(whole) => whole.name.child(name),
            None => name.clone(),
        }
    }

    /// What happened in each part, as this machine has it that drove them all.
    pub(crate) fn reports_of_parts(
        &self,
        machine: &Machine,
        armed: Instant,
        now: Instant,
        wait: Wait,
    ) -> Vec<(Arc<Self>, Report)> {
        let mut reports = Vec::new();
        self.parts.each(|part| {
            reports.push((Arc::clone(part), part.report(machine, armed, now, wait)));
            reports.extend(part.reports_of_parts(machine, armed, now, wait));
        });
        reports
    }

    /// The whole has ended: so have its parts.
    pub(crate) fn end_parts(&self, reports: Vec<(Arc<Self>, Report)>) {
        let gone = std::mem::take(&mut *self.parts.0.lock());
        for (part, report) in reports {
            part.finish.publish(report);
            part.inbox.set_finished();
            // Its engine finds nothing to do, and ends.
            part.inbox.wake_up();
        }
        drop(gone);
    }

    /// This part has ended alone: the whole keeps what failed in it.
    pub(crate) fn leave_whole(self: &Arc<Self>) {
        let whole = self.whole.as_ref().and_then(|whole| whole.core.upgrade());
        let Some(whole) = whole.filter(|whole| whole.inbox.armed().is_none()) else {
            // It reports its members itself, or is gone.
            return;
        };
        for (phase, kept) in whole.rooms.iter().enumerate() {
            for own in self.rooms_of(phase) {
                kept.remember_failures(&own);
            }
        }
        whole.parts.remove(self);
    }
}

impl Inbox {
    /// Has the engine run to its end, where it has not.
    fn wake_up(&self) {
        if let Some(armed) = self.armed() {
            self.send(Event::Trigger {
                reason: Reason::Request,
                armed,
            });
        }
    }
}
