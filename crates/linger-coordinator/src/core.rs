//! What engine, watchdog and handles share.

use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::engine::Engine;
use crate::exit::ExitCodeOf;
use crate::finish::Finish;
use crate::inbox::Inbox;
use crate::machine::{Action, Event, Machine};
use crate::name::Name;
use crate::part::{Parts, Whole};
use crate::phase::Phase;
use crate::plan::Plan;
use crate::process::Process;
use crate::report::Report;
use crate::room::{Left, Room, Wait};
use crate::signals::Signals;
use crate::stage::Stage;
use crate::status::{Changes, Status};
use crate::wakers::wake_all;

/// The longest that the watchdog waits for the machine, which is never locked for longer than a
/// step.
pub(crate) const LOCK_LIMIT: Duration = Duration::from_millis(100);

pub(crate) struct Core {
    pub(crate) plan: Plan,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) engine: Engine,
    pub(crate) machine: Mutex<Machine>,
    pub(crate) rooms: Vec<Arc<Room>>,
    pub(crate) finish: Finish,
    pub(crate) changes: Changes,
    /// What it is a part of, and as what.
    pub(crate) whole: Option<Whole>,
    pub(crate) parts: Parts,
    /// When it begins by itself.
    pub(crate) timer: Option<Instant>,
    pub(crate) exit_code: Option<ExitCodeOf>,
    pub(crate) owns_process: bool,
    pub(crate) process: Arc<dyn Process>,
    pub(crate) signals: Mutex<Signals>,
    #[cfg(feature = "systemd")]
    pub(crate) systemd: Option<crate::systemd::Systemd>,
    /// Where the coordinator was started, if that was in a runtime.
    #[cfg(feature = "tokio")]
    pub(crate) runtime: Option<tokio::runtime::Handle>,
    #[cfg(feature = "tokio")]
    pub(crate) root: crate::interop::Root,
}

impl Core {
    /// A part of another one.
    pub(crate) fn part(whole: &Arc<Self>, name: Name, inbox: Arc<Inbox>) -> Self {
        let plan = whole.plan.clone();
        let room = |(index, row)| {
            let room = Room::new(row, index, Arc::clone(&inbox));
            Arc::new(room.of_part(name.clone()))
        };
        Self {
            rooms: plan.phases().iter().enumerate().map(room).collect(),
            engine: Engine::new(),
            machine: Mutex::new(Machine::new(plan.clone())),
            plan,
            inbox,
            finish: Finish::default(),
            changes: Changes::default(),
            whole: Some(Whole {
                core: Arc::downgrade(whole),
                name,
            }),
            parts: Parts::default(),
            timer: None,
            exit_code: whole.exit_code.clone(),
            owns_process: false,
            process: Arc::clone(&whole.process),
            signals: Mutex::new(Signals::None),
            #[cfg(feature = "systemd")]
            systemd: None,
            #[cfg(feature = "tokio")]
            runtime: whole.runtime.clone(),
            #[cfg(feature = "tokio")]
            root: crate::interop::Root::default(),
        }
    }

    /// What happened here and in all parts, as the machine has it that drove them.
    pub(crate) fn report(
        &self,
        machine: &Machine,
        armed: Instant,
        now: Instant,
        wait: Wait,
    ) -> Report {
        let rooms = |phase| self.rooms_of(phase);
        let report = Report::new(machine, rooms, armed, now, wait);
        report.with_exit_code(self.exit_code.as_ref())
    }

    /// Whether a phase that has begun has no members left.
    pub(crate) fn is_empty(&self, phase: usize) -> bool {
        self.rooms_of(phase).iter().all(|room| room.is_empty())
    }

    /// Who is left in a phase.
    pub(crate) fn left(&self, phase: usize) -> Vec<Left> {
        let rooms = self.rooms_of(phase);
        let left = rooms.iter().flat_map(|room| room.left(Wait::ForAll).0);
        let mut left: Vec<_> = left.collect();
        left.sort_by_key(|member| member.sequence);
        left
    }

    /// Who is left in a phase or was given up; `false` if a part of the list could not be read in
    /// time.
    pub(crate) fn left_behind(&self, phase: usize) -> (Vec<Left>, bool) {
        let mut whole = true;
        let mut left = Vec::new();
        for room in self.rooms_of(phase) {
            let (more, read) = room.left_behind(Wait::Shortly);
            left.extend(more);
            whole &= read;
        }
        left.sort_by_key(|member| member.sequence);
        (left, whole)
    }

    /// Tells those who watch how far it is.
    pub(crate) fn tell_status(&self) {
        wake_all(&mut self.set_status());
    }

    /// Keeps how far it is; who watches is to be woken.
    pub(crate) fn set_status(&self) -> Vec<Waker> {
        let Some(machine) = self.machine.try_lock_for(LOCK_LIMIT) else {
            return Vec::new();
        };
        let status = Status::of(&machine);
        drop(machine);
        let mut watching = self.changes.set(&status);
        self.parts
            .each(|part| watching.extend(part.changes.set(&status)));
        watching
    }

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
                for room in self.rooms_of(*phase) {
                    given_up.extend(room.close(now, Wait::Shortly));
                }
            }
        }
        let armed = self.inbox.armed().unwrap_or(now);
        let report = self.report(&machine, armed, now, Wait::Shortly);
        let parts = self.reports_of_parts(&machine, armed, now, Wait::Shortly);
        drop(machine);
        self.publish(report);
        self.end_parts(parts);
        self.tell_status();
        for action in actions {
            self.tell(&action);
        }
        // Whoever was to do so may be what hangs.
        for room in self.rooms.iter().filter(|room| room.is_triggered()) {
            room.wake_all();
        }
        drop(given_up);
    }

    /// Carries out those actions that reach members, but for hooks.
    fn tell(&self, action: &Action) {
        let each = |phase: usize, tell: &dyn Fn(&Room)| {
            for room in self.rooms_of(phase) {
                tell(&room);
            }
        };
        match *action {
            #[cfg(feature = "tokio")]
            Action::Armed => self.cancel_roots(),
            Action::Begin { phase, window } => each(phase, &|room| drop(room.begin(window))),
            Action::Extend { phase, window } => each(phase, &|room| room.extend(window)),
            Action::Force { phase, window } => each(phase, &|room| room.force(window)),
            #[cfg(feature = "tokio")]
            Action::Abort { phase } => each(phase, &Room::abort),
            _ => {}
        }
    }

    /// Cancels the tokens that were handed out, of parts too.
    #[cfg(feature = "tokio")]
    pub(crate) fn cancel_roots(&self) {
        self.root.cancel();
        self.parts.each(|part| part.cancel_roots());
    }
}
