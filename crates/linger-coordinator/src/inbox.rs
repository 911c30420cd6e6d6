//! Where events come in, from any thread.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::thread::Thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::core::Core;
use crate::engine;
use crate::machine::Event;
use crate::reason::Reason;

/// Room for so many events at the start; seldom more wait.
const EVENTS: usize = 8;

/// Takes events to the engine, and arms the budget.
///
/// The budget is armed here and not by the engine, so that the watchdog runs even if the engine
/// never gets to work.
pub(crate) struct Inbox {
    budget: Duration,
    first: OnceLock<(Instant, Reason)>,
    finished: AtomicBool,
    events: Mutex<VecDeque<Event>>,
    /// Who takes them in.
    driver: OnceLock<Weak<Core>>,
    /// What this is a part of: if that stops, so does this.
    whole: Option<Arc<Self>>,
    /// Whom to unpark once the budget is armed, and once the report is there.
    watchdog: OnceLock<Thread>,
}

impl Inbox {
    pub(crate) fn new(budget: Duration) -> Self {
        Self {
            budget,
            whole: None,
            first: OnceLock::new(),
            finished: AtomicBool::new(false),
            events: Mutex::new(VecDeque::with_capacity(EVENTS)),
            driver: OnceLock::new(),
            watchdog: OnceLock::new(),
        }
    }

    pub(crate) fn of_part(whole: Arc<Self>) -> Self {
        Self {
            whole: Some(Arc::clone(&whole)),
            ..Self::new(whole.budget)
        }
    }

    /// When the first trigger came, if one has: its own, or that of the whole.
    pub(crate) fn armed(&self) -> Option<Instant> {
        match self.first.get() {
            Some((armed, _)) => Some(*armed),
            None => self.whole.as_ref()?.armed(),
        }
    }

    /// When everything must be over, once a trigger has come.
    pub(crate) fn hard(&self) -> Option<Instant> {
        let own = self.first.get().map(|(armed, _)| *armed + self.budget);
        let whole = self.whole.as_ref().and_then(|whole| whole.hard());
        own.into_iter().chain(whole).min()
    }

    /// The first trigger, for whoever must conclude without the engine.
    pub(crate) fn first(&self) -> Option<Event> {
        let (armed, reason) = self.first.get()?;
        Some(Event::Trigger {
            reason: reason.clone(),
            armed: *armed,
        })
    }

    /// What stops already with the whole is nobody else's to stop: the reason is kept there.
    pub(crate) fn trigger(&self, reason: Reason) {
        if let Some(whole) = self.whole.as_ref().filter(|it| it.armed().is_some()) {
            return whole.trigger(reason);
        }
        let (armed, _) = *self.first.get_or_init(|| (Instant::now(), reason.clone()));
        // The watchdog first: what is set going here is what it watches.
        self.unpark_watchdog();
        self.send(Event::Trigger { reason, armed });
    }

    /// A room is empty: a matter of the whole, too.
    pub(crate) fn send_emptied(&self, phase: usize) {
        self.send(Event::Emptied { phase });
        if let Some(whole) = &self.whole {
            whole.send_emptied(phase);
        }
    }

    pub(crate) fn send(&self, event: Event) {
        let driver = self.driver.get().map(Weak::upgrade);
        // Once all is gone nobody listens: by then it changes nothing.
        if let Some(None) = driver {
            return;
        }
        self.queue(event);
        if let Some(core) = driver.flatten() {
            engine::hear(&core);
        }
    }

    /// For whoever takes events in himself.
    pub(crate) fn queue(&self, event: Event) {
        self.events.lock().push_back(event);
    }

    /// The next event, in the order in which they came.
    pub(crate) fn next(&self) -> Option<Event> {
        self.events.lock().pop_front()
    }

    pub(crate) fn set_driver(&self, core: &Arc<Core>) {
        // Set once, at start.
        let _ = self.driver.set(Arc::downgrade(core));
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
