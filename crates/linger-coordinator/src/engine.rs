//! Drives the machine and carries out its actions.
//!
//! The engine has a thread of its own. It alone keeps the time and runs what may be code of the
//! user's: a waker that blocks must not hold up whoever asks for the stop, or is the last to end. But
//! from one phase to the next it is that last one that goes on, where a runtime wakes the members: to
//! hand over to a thread and back is most of what a small phase takes.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::task::Waker;
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crate::core::Core;
use crate::machine::{Action, Event};
use crate::narrator::{Line, Narrator};
use crate::reason::Reason;
use crate::room::{Job, Key, Room, Spoils, Wait};
use crate::seat::Seat;
use crate::turn::Turn;
use crate::wakers::wake_all;
use crate::watchdog;

/// How long a runtime may wake nobody, before the engine does.
const STALLED: Duration = Duration::from_millis(2);

/// So many tasks of a runtime wake others, at most.
#[cfg(feature = "tokio")]
const HELPERS: usize = 4;

/// For so many members one of them will do.
#[cfg(feature = "tokio")]
const FEW: usize = 100;

/// The engine's thread has more members than that woken by their own runtime, which is the faster at it
/// the more there are: with 200 to a phase it made no difference, with 2,000 a tenth of the whole, with
/// 100,000 a fourth.
const MANY: usize = 1_000;

pub(crate) struct Engine {
    work: Turn<Work>,
    thread: OnceLock<Thread>,
}

/// What is done by one at a time.
struct Work {
    /// Whether it is the engine's own thread that is at it.
    is_own: bool,
    narrator: Narrator,
    /// What the engine's own thread does, in this order.
    errands: Vec<Errand>,
    waking: Vec<Waking>,
    /// Until when the thread sleeps; for ever, if there is nothing it knows of.
    asleep_until: Option<Instant>,
    /// Functions and wakers of members that were given up. Dropped last: that may block.
    given_up: Vec<Spoils>,
}

/// What may run code of the user's, or take long.
enum Errand {
    Perform(Action, Instant),
    Run(Arc<Room>, Key, Job),
    Wake(Vec<Waker>),
}

impl Engine {
    pub(crate) fn new() -> Self {
        Self {
            work: Turn::new(Work {
                is_own: false,
                narrator: Narrator::silent(),
                errands: Vec::new(),
                waking: Vec::new(),
                asleep_until: None,
                given_up: Vec::new(),
            }),
            thread: OnceLock::new(),
        }
    }

    fn wake_thread(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }
}

/// An event has come in, on any thread.
pub(crate) fn hear(core: &Arc<Core>) {
    let engine = &core.engine;
    engine.work.take(|work| {
        work.take_in(core);
        if work.wants_thread(core) {
            engine.wake_thread();
        }
    });
}

/// The engine's own thread.
pub(crate) fn run(core: &Arc<Core>) {
    let engine = &core.engine;
    // Set once: there is one.
    let _ = engine.thread.set(thread::current());
    loop {
        let mut work = engine.work.wait();
        work.is_own = true;
        work.take_in(core);
        work.keep_time(core);
        while !work.errands.is_empty() {
            work.run_errands(core);
            work.take_in(core);
        }
        work.is_own = false;
        if core.machine.lock().is_ended() {
            work.wake_the_rest();
            let given_up = mem::take(&mut work.given_up);
            drop(work);
            #[cfg(feature = "tokio")]
            core.rooms.iter().for_each(|room| room.free_tasks());
            return drop(given_up);
        }
        let due = work.due(core);
        work.asleep_until = due;
        drop(work);
        if engine.work.has_news() {
            continue;
        }
        match due {
            None => thread::park(),
            Some(due) => thread::park_timeout(due.saturating_duration_since(Instant::now())),
        }
    }
}

/// A room whose members are woken by their own runtime.
struct Waking {
    room: Arc<Room>,
    /// How far that was at the last look.
    seen: usize,
    /// When the next look is due.
    due: Instant,
}

impl Work {
    fn take_in(&mut self, core: &Arc<Core>) {
        while let Some(event) = core.inbox.next() {
            // The last member went, but another came before the phase was shut.
            if matches!(event, Event::Emptied { phase } if !core.is_empty(phase)) {
                continue;
            }
            self.hear_of_advances(core);
            self.step(core, event);
        }
    }

    /// What is due by the clock.
    fn keep_time(&mut self, core: &Arc<Core>) {
        let now = Instant::now();
        self.see_who_stands_still(now);
        let wake = core.machine.lock().next_wake();
        match (wake, core.timer) {
            (Some(at), _) if at <= now => {
                self.hear_of_advances(core);
                self.step(core, Event::Tick);
            }
            (None, Some(at)) if at <= now => core.inbox.trigger(Reason::Timer),
            _ => {}
        }
    }

    /// When there is something to do for the thread.
    fn due(&self, core: &Core) -> Option<Instant> {
        // Before it begins, nothing but the timer is due.
        let wake = core.machine.lock().next_wake().or(core.timer);
        let looks = self.waking.iter().map(|waking| waking.due);
        looks.chain(wake).min()
    }

    /// Whether the thread has something to do before it wakes up by itself.
    fn wants_thread(&self, core: &Core) -> bool {
        let is_earlier = |due| self.asleep_until.is_none_or(|until| due < until);
        !self.errands.is_empty() || self.due(core).is_some_and(is_earlier)
    }

    fn step(&mut self, core: &Arc<Core>, event: Event) {
        let now = Instant::now();
        let actions = core.machine.lock().step(now, event);
        let changed = !actions.is_empty();
        for action in actions {
            // One after the other, whoever does it.
            if self.errands.is_empty() && (self.is_own || is_safe(core, &action)) {
                self.perform(core, action, now);
            } else {
                self.errands.push(Errand::Perform(action, now));
            }
        }
        if changed {
            let watching = core.set_status();
            if !watching.is_empty() {
                self.errands.push(Errand::Wake(watching));
            }
        }
    }

    fn run_errands(&mut self, core: &Arc<Core>) {
        for errand in mem::take(&mut self.errands) {
            match errand {
                Errand::Perform(action, now) => self.perform(core, action, now),
                // The watchdog may have concluded meanwhile.
                Errand::Run(..) if core.inbox.is_finished() => {}
                Errand::Run(room, key, job) => {
                    let seat = Arc::new(Seat::new(room, key));
                    // A runtime may panic; the seat then says that the hook did.
                    let _ = catch_unwind(AssertUnwindSafe(|| job(seat)));
                }
                Errand::Wake(mut wakers) => wake_all(&mut wakers),
            }
        }
    }

    /// Where members' advance counts, it is asked for when something is due, and not told each time.
    fn hear_of_advances(&mut self, core: &Arc<Core>) {
        let running = core.machine.lock().running();
        for phase in running {
            let rooms = core.rooms_of(phase);
            if let Some(at) = rooms.iter().filter_map(|room| room.advanced()).max() {
                self.step(core, Event::Advanced { phase, at });
            }
        }
    }

    fn perform(&mut self, core: &Arc<Core>, action: Action, now: Instant) {
        match action {
            Action::Armed => {
                #[cfg(feature = "tokio")]
                core.cancel_roots();
                // Of a part that stops alone, its report tells.
                if core.whole.is_none() {
                    self.narrator = Narrator::start(core);
                }
                if let Some(reason) = core.machine.lock().reasons().first() {
                    let budget = core.plan.budget();
                    self.narrator.say(Line::Triggered {
                        reason: reason.clone(),
                        budget,
                        #[cfg(feature = "systemd")]
                        hard: core.inbox.hard().unwrap_or(now),
                    });
                }
            }
            Action::Begin { phase, window } => {
                let mut members = 0;
                let rooms = core.rooms_of(phase);
                for room in &rooms {
                    let begun = room.begin(window);
                    members += begun.open;
                    self.wake(core, room, begun.open, now);
                    let run = |(key, job)| Errand::Run(Arc::clone(room), key, job);
                    self.errands.extend(begun.jobs.into_iter().map(run));
                }
                self.narrator.say(Line::Begun {
                    #[cfg(feature = "systemd")]
                    rooms,
                    phase: core.rooms[phase].phase(),
                    members,
                    limit: window.length(),
                });
                if core.is_empty(phase) {
                    // It may have been so before it began here, as a part's that stops alone.
                    core.inbox.queue(Event::Emptied { phase });
                }
            }
            Action::Extend { phase, window } => {
                let rooms = core.rooms_of(phase);
                rooms.iter().for_each(|room| room.extend(window));
            }
            Action::Force { phase, window } => {
                let rooms = core.rooms_of(phase);
                rooms.iter().for_each(|room| room.force(window));
                self.narrator.say(Line::Forced {
                    phase: core.rooms[phase].phase(),
                    left: core.left(phase),
                });
            }
            Action::Abort { phase } => {
                #[cfg(feature = "tokio")]
                core.rooms_of(phase).iter().for_each(|room| room.abort());
                #[cfg(not(feature = "tokio"))]
                let _ = phase;
            }
            Action::End { phase } => {
                for room in core.rooms_of(phase) {
                    self.given_up.extend(room.close(now, Wait::ForAll));
                }
                if let Some(course) = core.machine.lock().course(phase).copied() {
                    self.narrator.say(Line::Ended {
                        rooms: core.rooms_of(phase),
                        course,
                        armed: core.inbox.armed().unwrap_or(now),
                    });
                }
            }
            Action::Progress { phase } => {
                let hard = core.inbox.hard().unwrap_or(now);
                self.narrator.say(Line::Progress {
                    phase: core.rooms[phase].phase(),
                    left: core.left(phase),
                    time: hard.saturating_duration_since(now),
                });
            }
            Action::Exit { signal } => {
                if core.owns_process {
                    watchdog::give_up(core, signal);
                }
            }
            Action::Finish => self.finish(core, now),
        }
    }

    /// Wakes who waits in a room that has begun, or has others do so: on a thread that is not the
    /// engine's own, nothing of the user's is woken.
    fn wake(&mut self, core: &Core, room: &Arc<Room>, members: usize, now: Instant) {
        let few = if self.is_own { MANY } else { 0 };
        let is_helped = members > few && wake_on_runtime(core, room, members);
        if self.is_own && !is_helped {
            return room.wake_all();
        }
        self.waking.push(Waking {
            room: Arc::clone(room),
            seen: 0,
            due: if is_helped { now + STALLED } else { now },
        });
    }

    /// A runtime may be blocked, or gone.
    fn see_who_stands_still(&mut self, now: Instant) {
        self.waking.retain_mut(|waking| {
            if now < waking.due {
                return true;
            }
            match waking.room.woken() {
                Some(steps) if steps > waking.seen => {
                    waking.seen = steps;
                    waking.due = now + STALLED;
                    true
                }
                _ => {
                    waking.room.wake_all();
                    false
                }
            }
        });
    }

    /// All is over, but for those who still wait.
    fn wake_the_rest(&mut self) {
        for waking in self.waking.drain(..) {
            waking.room.wake_all();
        }
    }

    fn finish(&self, core: &Arc<Core>, now: Instant) {
        let armed = core.inbox.armed().unwrap_or(now);
        let (report, parts) = {
            let machine = core.machine.lock();
            let parts = core.reports_of_parts(&machine, armed, now, Wait::ForAll);
            (core.report(&machine, armed, now, Wait::ForAll), parts)
        };
        self.narrator
            .finish(report.clone(), core.inbox.hard().unwrap_or(now));
        // Before anyone knows that it is over, and ends the whole.
        core.leave_whole();
        core.publish(report);
        core.end_parts(parts);
    }
}

/// Whether it runs no code of the user's and takes no time, so that any thread may do it: a waker
/// that blocks must not hold up who asks for the stop, or who is the last to end.
fn is_safe(core: &Core, action: &Action) -> bool {
    match *action {
        #[cfg(feature = "tokio")]
        Action::Begin { .. } => core.runtime.is_some(),
        Action::End { phase } => core.is_empty(phase),
        _ => false,
    }
}

/// Has a room's members woken by tasks of the runtime; `false` if there is none.
#[cfg(feature = "tokio")]
fn wake_on_runtime(core: &Core, room: &Arc<Room>, members: usize) -> bool {
    let Some(runtime) = &core.runtime else {
        return false;
    };
    let helpers = runtime
        .metrics()
        .num_workers()
        .min(HELPERS)
        .min(members.div_ceil(FEW));
    let spawn = || {
        for _ in 0..helpers {
            runtime.spawn(crate::room::wake_all(Arc::clone(room)));
        }
    };
    catch_unwind(AssertUnwindSafe(spawn)).is_ok()
}

#[cfg(not(feature = "tokio"))]
fn wake_on_runtime(_: &Core, _: &Arc<Room>, _: usize) -> bool {
    false
}
