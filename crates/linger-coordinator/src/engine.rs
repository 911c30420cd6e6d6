//! The thread that drives the machine and carries out its actions.
//!
//! It alone does so: a waker of the user's that blocks must not hold up whoever asks for the stop, or
//! whoever is the last to end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::core::Core;
use crate::machine::{Action, Event};
use crate::narrator::{Line, Narrator};
use crate::reason::Reason;
use crate::room::{Room, Spoils, Wait};
use crate::seat::Seat;
use crate::watchdog;

/// How long a runtime may wake nobody, before the engine does.
const STALLED: Duration = Duration::from_millis(2);

/// So many tasks of a runtime wake others, at most.
#[cfg(feature = "tokio")]
const HELPERS: usize = 4;

/// More members than that are woken by their own runtime, which is the faster the more there are: with
/// 200 to a phase it made no difference, with 2,000 a tenth of the whole, with 100,000 a fourth.
const MANY: usize = 1_000;

pub(crate) fn run(core: &Arc<Core>, events: &Receiver<Event>) {
    let mut engine = Engine {
        core,
        narrator: Narrator::silent(),
        waking: Vec::new(),
        given_up: Vec::new(),
    };
    loop {
        let (ended, wake) = {
            let machine = core.machine.lock();
            (machine.is_ended(), machine.next_wake())
        };
        if ended {
            break;
        }
        // Before it begins, nothing but the timer is due.
        let wake = wake.or(core.timer);
        let event = match wake.into_iter().chain(engine.next_look()).min() {
            None => events.recv().map_err(RecvTimeoutError::from),
            Some(at) => events.recv_timeout(at.saturating_duration_since(Instant::now())),
        };
        match event {
            Ok(event) => engine.take_in(event),
            Err(RecvTimeoutError::Timeout) => engine.keep_time(),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    engine.wake_the_rest();
    #[cfg(feature = "tokio")]
    core.rooms.iter().for_each(|room| room.free_tasks());
}

struct Engine<'a> {
    core: &'a Arc<Core>,
    narrator: Narrator,
    waking: Vec<Waking>,
    /// Functions and wakers of members that were given up. Dropped last: that may block.
    given_up: Vec<Spoils>,
}

/// A room whose members are woken by their own runtime.
struct Waking {
    room: Arc<Room>,
    /// How far that was at the last look.
    seen: usize,
    /// When the next look is due.
    due: Instant,
}

impl Engine<'_> {
    fn take_in(&mut self, event: Event) {
        // The last member went, but another came before the phase was shut.
        if matches!(event, Event::Emptied { phase } if !self.core.is_empty(phase)) {
            return;
        }
        self.hear_of_advances();
        self.step(event);
    }

    /// What is due by the clock.
    fn keep_time(&mut self) {
        let now = Instant::now();
        self.see_who_stands_still(now);
        let wake = self.core.machine.lock().next_wake();
        match (wake, self.core.timer) {
            (Some(at), _) if at <= now => self.take_in(Event::Tick),
            (None, Some(at)) if at <= now => self.core.inbox.trigger(Reason::Timer),
            _ => {}
        }
    }

    fn step(&mut self, event: Event) {
        let now = Instant::now();
        let actions = self.core.machine.lock().step(now, event);
        let changed = !actions.is_empty();
        for action in actions {
            self.perform(action, now);
        }
        if changed {
            self.core.tell_status();
        }
    }

    /// Where members' advance counts, it is asked for when something is due, and not told each time.
    fn hear_of_advances(&mut self) {
        let running = self.core.machine.lock().running();
        for phase in running {
            let rooms = self.core.rooms_of(phase);
            if let Some(at) = rooms.iter().filter_map(|room| room.advanced()).max() {
                self.step(Event::Advanced { phase, at });
            }
        }
    }

    fn perform(&mut self, action: Action, now: Instant) {
        let core = self.core;
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
                    self.wake(room, begun.open, now);
                    for (key, job) in begun.jobs {
                        let seat = Arc::new(Seat::new(Arc::clone(room), key));
                        // A runtime may panic; the seat then says that the hook did.
                        let _ = catch_unwind(AssertUnwindSafe(|| job(seat)));
                    }
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
                    core.inbox.send(Event::Emptied { phase });
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
            Action::Finish => self.finish(now),
        }
    }

    /// Wakes who waits in a room that has begun.
    fn wake(&mut self, room: &Arc<Room>, members: usize, now: Instant) {
        if members > MANY && wake_on_runtime(self.core, room) {
            self.waking.push(Waking {
                room: Arc::clone(room),
                seen: 0,
                due: now + STALLED,
            });
        } else {
            room.wake_all();
        }
    }

    /// When to look next at who wakes others.
    fn next_look(&self) -> Option<Instant> {
        self.waking.iter().map(|waking| waking.due).min()
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

    fn finish(&self, now: Instant) {
        let core = self.core;
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

/// Has a room's members woken by tasks of the runtime; `false` if there is none.
#[cfg(feature = "tokio")]
fn wake_on_runtime(core: &Core, room: &Arc<Room>) -> bool {
    let Some(runtime) = &core.runtime else {
        return false;
    };
    let helpers = runtime.metrics().num_workers().min(HELPERS);
    let spawn = || {
        for _ in 0..helpers {
            runtime.spawn(crate::room::wake_all(Arc::clone(room)));
        }
    };
    catch_unwind(AssertUnwindSafe(spawn)).is_ok()
}

#[cfg(not(feature = "tokio"))]
fn wake_on_runtime(_: &Core, _: &Arc<Room>) -> bool {
    false
}
