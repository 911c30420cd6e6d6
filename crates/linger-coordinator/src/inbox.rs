//! Where events come in, from any thread.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread::Thread;
use std::time::{Duration, Instant};

use crate::machine::Event;
use crate::reason::Reason;

/// Takes events to the engine, and arms the budget.
///
/// The budget is armed here and not by the engine, so that the watchdog runs even if the engine
/// never gets to work.
#[derive(Debug)]
pub(crate) struct Inbox {
    budget: Duration,
    first: OnceLock<(Instant, Reason)>,
    finished: AtomicBool,
    events: Sender<Event>,
    /// Whom to unpark once the budget is armed, and once the report is there.
    watchdog: OnceLock<Thread>,
}

impl Inbox {
    pub(crate) fn new(budget: Duration, events: Sender<Event>) -> Self {
        Self {
            budget,
            first: OnceLock::new(),
            finished: AtomicBool::new(false),
            events,
            watchdog: OnceLock::new(),
        }
    }

    /// When the first trigger came, if one has.
    pub(crate) fn armed(&self) -> Option<Instant> {
        self.first.get().map(|(armed, _)| *armed)
    }

    /// When everything must be over, once a trigger has come.
    pub(crate) fn hard(&self) -> Option<Instant> {
        self.armed().map(|armed| armed + self.budget)
    }

    /// The first trigger, for whoever must conclude without the engine.
    pub(crate) fn first(&self) -> Option<Event> {
        let (armed, reason) = self.first.get()?;
        Some(Event::Trigger {
            reason: reason.clone(),
            armed: *armed,
        })
    }

    pub(crate) fn trigger(&self, reason: Reason) {
        let (armed, _) = *self.first.get_or_init(|| (Instant::now(), reason.clone()));
        self.unpark_watchdog();
        self.send(Event::Trigger { reason, armed });
    }

    pub(crate) fn send(&self, event: Event) {
        // Nobody listens any more once the report is written: by then it changes nothing.
        let _ = self.events.send(event);
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.finished.load(Ordering::SeqCst)
    }

    pub(crate) fn set_finished(&self) {
        self.finished.store(true, Ordering::SeqCst);
        self.unpark_watchdog();
    }

    pub(crate) fn set_watchdog(&self, thread: Thread) {
        // Set once, at start.
        let _ = self.watchdog.set(thread);
    }

    fn unpark_watchdog(&self) {
        if let Some(thread) = self.watchdog.get() {
            thread.unpark();
        }
    }
}
