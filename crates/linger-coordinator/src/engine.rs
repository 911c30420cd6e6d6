//! The thread that drives the machine and carries out its actions.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Instant;

use crate::core::Core;
use crate::machine::{Action, Event};
use crate::narrator::{Line, Narrator};
use crate::reason::Reason;
use crate::room::{Spoils, Wait};
use crate::seat::Seat;
use crate::watchdog;

pub(crate) fn run(core: &Arc<Core>, events: &Receiver<Event>) {
    let mut engine = Engine {
        core,
        narrator: Narrator::silent(),
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
        let event = match wake.or(core.timer) {
            None => events.recv().ok(),
            Some(at) => match events.recv_timeout(at.saturating_duration_since(Instant::now())) {
                Ok(event) => Some(event),
                Err(RecvTimeoutError::Timeout) => {
                    if wake.is_none() {
                        core.inbox.trigger(Reason::Timer);
                        continue;
                    }
                    Some(Event::Tick)
                }
                Err(RecvTimeoutError::Disconnected) => None,
            },
        };
        match event {
            Some(event) => engine.take_in(event),
            None => break,
        }
    }
}

struct Engine<'a> {
    core: &'a Arc<Core>,
    narrator: Narrator,
    /// Functions and wakers of members that were given up. Dropped last: that may block.
    given_up: Vec<Spoils>,
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
                    for (key, job) in room.begin(window) {
                        let seat = Arc::new(Seat::new(Arc::clone(room), key));
                        // A runtime may panic; the seat then says that the hook did.
                        let _ = catch_unwind(AssertUnwindSafe(|| job(seat)));
                    }
                    members += room.open();
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
