//! The thread that drives the machine and carries out its actions.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Instant;

use crate::core::Core;
use crate::exit;
use crate::machine::{Action, Event};
use crate::narrator::{Line, Narrator};
use crate::report::Report;
use crate::room::Spoils;
use crate::seat::Seat;

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
        let event = match wake {
            None => events.recv().ok(),
            Some(at) => match events.recv_timeout(at.saturating_duration_since(Instant::now())) {
                Ok(event) => Some(event),
                Err(RecvTimeoutError::Timeout) => Some(Event::Tick),
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
        if matches!(event, Event::Emptied { phase } if !self.core.rooms[phase].is_empty()) {
            return;
        }
        self.hear_of_advances();
        self.step(event);
    }

    fn step(&mut self, event: Event) {
        let now = Instant::now();
        let actions = self.core.machine.lock().step(now, event);
        for action in actions {
            self.perform(action, now);
        }
    }

    /// Where members' advance counts, it is asked for when something is due, and not told each time.
    fn hear_of_advances(&mut self) {
        let running = self.core.machine.lock().running();
        for phase in running {
            if let Some(at) = self.core.rooms[phase].advanced() {
                self.step(Event::Advanced { phase, at });
            }
        }
    }

    fn perform(&mut self, action: Action, now: Instant) {
        let core = self.core;
        match action {
            Action::Armed => {
                #[cfg(feature = "tokio")]
                core.root.cancel();
                self.narrator = Narrator::start();
                if let Some(reason) = core.machine.lock().reasons().first() {
                    let budget = core.plan.budget();
                    self.narrator.say(Line::Triggered {
                        reason: reason.clone(),
                        budget,
                    });
                }
            }
            Action::Begin { phase, window } => {
                let room = &core.rooms[phase];
                for (key, job) in room.begin(window) {
                    let seat = Seat::new(Arc::clone(room), key);
                    // A runtime may panic; the seat then says that the hook did.
                    let _ = catch_unwind(AssertUnwindSafe(|| job(seat)));
                }
                let limit = window.length();
                self.narrator.say(Line::Begun {
                    room: Arc::clone(room),
                    members: room.open(),
                    limit,
                });
            }
            Action::Extend { phase, window } => core.rooms[phase].extend(window),
            Action::Force { phase, window } => {
                let room = &core.rooms[phase];
                room.force(window);
                self.narrator.say(Line::Forced {
                    phase: room.phase(),
                    left: room.left().0,
                });
            }
            Action::Abort { phase } => {
                #[cfg(feature = "tokio")]
                core.rooms[phase].abort();
                #[cfg(not(feature = "tokio"))]
                let _ = phase;
            }
            Action::End { phase } => {
                self.given_up.extend(core.rooms[phase].close(now));
                if let Some(course) = core.machine.lock().course(phase).copied() {
                    self.narrator.say(Line::Ended {
                        room: Arc::clone(&core.rooms[phase]),
                        course,
                        armed: core.inbox.armed().unwrap_or(now),
                    });
                }
            }
            Action::Progress { phase } => {
                let room = &core.rooms[phase];
                let hard = core.inbox.hard().unwrap_or(now);
                self.narrator.say(Line::Progress {
                    phase: room.phase(),
                    left: room.left().0,
                    time: hard.saturating_duration_since(now),
                });
            }
            Action::Exit { signal } => {
                if core.owns_process {
                    core.process.exit(i32::from(exit::by_signal(signal)));
                }
            }
            Action::Finish => {
                let armed = core.inbox.armed().unwrap_or(now);
                let report = Report::new(&core.machine.lock(), &core.rooms, armed, now);
                self.narrator
                    .finish(report.clone(), core.inbox.hard().unwrap_or(now));
                core.publish(report);
            }
        }
    }
}
