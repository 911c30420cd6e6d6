//! Building a coordinator.

use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::budget::{self, LONGEST};
use crate::coordinator::Coordinator;
use crate::core::Core;
use crate::engine::{self, Engine};
use crate::exit::ExitCodeOf;
use crate::finish::Finish;
use crate::inbox::Inbox;
use crate::machine::Machine;
use crate::part::Parts;
use crate::phase::Phase;
use crate::phases::Phases;
use crate::plan::Plan;
use crate::platform;
use crate::process::{Process, ThisProcess};
use crate::report::Report;
use crate::room::Room;
use crate::signals::{Listener, Signals};
use crate::status::Changes;
#[cfg(feature = "systemd")]
use crate::systemd::Systemd;
use crate::watchdog;

/// Unless set: below the 30 s that Kubernetes gives, above what most services need.
const BUDGET: Duration = Duration::from_secs(20);

/// Settings of a [`Coordinator`], made by [`Coordinator::builder`].
#[must_use = "nothing runs before `start`"]
pub struct Builder {
    phases: Phases,
    budget: Duration,
    signals: Vec<i32>,
    owns_process: bool,
    stop_after: Option<Duration>,
    exit_code: Option<ExitCodeOf>,
    process: Arc<dyn Process>,
    pub(crate) platform_limit: Option<Result<Duration, BuildError>>,
    #[cfg(feature = "systemd")]
    pub(crate) notify: Option<std::ffi::OsString>,
}

/// Why a coordinator could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The budget is zero.
    #[error("the budget is zero")]
    ZeroBudget,
    /// There are no phases.
    #[error("there are no phases")]
    NoPhases,
    /// A phase is in the list twice.
    #[error("phase '{phase}' is in the list twice")]
    PhaseTwice {
        /// The phase.
        phase: Phase,
    },
    /// A phase was named that is not in the list: by `adjust`, or by `after`.
    #[error("there is no phase '{phase}' to be adjusted or waited for")]
    UnknownPhase {
        /// The phase.
        phase: Phase,
    },
    /// Phases wait for one another.
    #[error("phases wait for one another: {}", Cycle(phases))]
    Cycle {
        /// Each begins after the next; the last is the first again.
        phases: Vec<Phase>,
    },
    /// What phases that follow one another keep in reserve is more than the budget.
    #[error("the reserves don't fit into {budget:?}: {}", Reserves(phases))]
    ReservesDontFit {
        /// The longest way through the phases: those with a reserve, and how much each keeps.
        phases: Vec<(Phase, Duration)>,
        /// The budget.
        budget: Duration,
    },
    /// A part was to be made of what stops already.
    #[error("'{part}' was refused: the shutdown has begun")]
    Stopping {
        /// The name of the part.
        part: String,
    },
    /// A signal can't be listened to.
    #[error("can't listen to signal {signal}")]
    Signal {
        /// Its number.
        signal: i32,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The variable that holds the platform's limit holds something else.
    #[error("{variable} is {value:?}, which is no number of seconds")]
    PlatformLimit {
        /// The environment variable.
        variable: String,
        /// What it holds.
        value: String,
        /// What is wrong with that.
        source: std::num::ParseIntError,
    },
    /// One of the coordinator's threads could not be started.
    #[error("can't start a thread")]
    Thread(#[source] std::io::Error),
}

struct Cycle<'a>(&'a [Phase]);

impl fmt::Display for Cycle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, phase) in self.0.iter().enumerate() {
            let after = if index == 0 { "" } else { " after " };
            write!(f, "{after}'{phase}'")?;
        }
        Ok(())
    }
}

struct Reserves<'a>(&'a [(Phase, Duration)]);

impl fmt::Display for Reserves<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (phase, reserve)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}'{phase}' keeps {reserve:?}")?;
        }
        Ok(())
    }
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            phases: Phases::service(),
            budget: BUDGET,
            signals: Vec::new(),
            owns_process: false,
            stop_after: None,
            exit_code: None,
            process: Arc::new(ThisProcess),
            platform_limit: None,
            #[cfg(feature = "systemd")]
            notify: None,
        }
    }

    /// Sets the phases; [`Phases::service`] unless set.
    pub fn phases(mut self, phases: Phases) -> Self {
        self.phases = phases;
        self
    }

    /// Sets the time for the whole shutdown, from the trigger; 20 s unless set.
    ///
    /// Above zero; more than a year counts as a year.
    pub fn budget(mut self, budget: Duration) -> Self {
        self.budget = budget;
        self
    }

    /// Makes SIGTERM and SIGINT start the shutdown.
    ///
    /// A second signal forces it; a third ends the process at once where it
    /// [is owned](Self::owns_process), and elsewhere gives up all that is left.
    pub fn on_signals(self) -> Self {
        self.on_signals_of([SIGTERM, SIGINT])
    }

    /// Makes these signals, by number, start the shutdown; see [`on_signals`](Self::on_signals).
    pub fn on_signals_of(mut self, signals: impl IntoIterator<Item = i32>) -> Self {
        self.signals = signals.into_iter().collect();
        self
    }

    /// Lets the coordinator end the process.
    ///
    /// At the hard deadline the watchdog writes who is left to stderr and exits with
    /// [`WATCHDOG`](crate::exit::WATCHDOG), even if every thread hangs. The same if the report has
    /// members that were not done in time and the process is still there then: what they left
    /// running may keep a runtime from ending. So that it can end by itself before, the phases are
    /// over a twentieth of the budget earlier, 50 ms at most.
    ///
    /// A third signal writes who is left, too, and exits with 128 and its number.
    ///
    /// Signals that were listened to do again what they do by default once the report is there.
    pub fn owns_process(mut self) -> Self {
        self.owns_process = true;
        self
    }

    /// Begins the shutdown by itself so long after the start, with [`Reason::Timer`].
    ///
    /// For jobs and canaries that have a time to live. More than a year counts as a year.
    ///
    /// [`Reason::Timer`]: crate::Reason::Timer
    pub fn stop_after(mut self, time: Duration) -> Self {
        self.stop_after = Some(time.min(LONGEST));
        self
    }

    /// Chooses the exit code by the report; where it gives `None`, the table in
    /// [`exit`](crate::exit) counts.
    ///
    /// It is called once, when the report is made, and should be quick. If it panics, the table
    /// counts. The watchdog, and a third signal, end the process with codes of their own.
    ///
    /// # Examples
    ///
    /// ```
    /// use linger_coordinator::{Coordinator, Reason};
    ///
    /// let stop = Coordinator::builder()
    ///     .exit_code(|report| matches!(report.reason(), Reason::Signal(15)).then_some(143))
    ///     .start()?;
    /// stop.trigger(Reason::Signal(15));
    /// assert_eq!(stop.wait_blocking().exit_code(), 143);
    /// # Ok::<(), linger_coordinator::BuildError>(())
    /// ```
    pub fn exit_code(
        mut self,
        code: impl Fn(&Report) -> Option<u8> + Send + Sync + 'static,
    ) -> Self {
        self.exit_code = Some(ExitCodeOf::new(code));
        self
    }

    /// Puts another process in the place of this one, for tests.
    #[doc(hidden)]
    pub fn process(mut self, process: Arc<dyn Process>) -> Self {
        self.process = process;
        self
    }

    /// Starts the coordinator: an engine thread, a watchdog thread, one for signals if asked for.
    ///
    /// In a tokio runtime (feature `tokio`) it remembers that runtime for tasks and hooks that are
    /// registered from outside.
    ///
    /// # Errors
    ///
    /// The budget is zero; there are no phases, or one twice; the reserves don't fit; a signal
    /// can't be listened to; a thread can't be started.
    pub fn start(self) -> Result<Coordinator, BuildError> {
        let mut plan = Plan::new(&self.phases, self.budget)?;
        plan.set_platform_limit(self.platform_limit.transpose()?);
        platform::check(&plan);
        #[cfg(feature = "systemd")]
        let systemd = match &self.notify {
            Some(address) => Systemd::start(address).map_err(BuildError::Thread)?,
            None => None,
        };
        let leave = match self.owns_process {
            true => budget::leave(plan.budget()),
            false => Duration::ZERO,
        };
        let inbox = Arc::new(Inbox::new(plan.budget()));
        let rooms = plan.phases().iter().enumerate();
        let core = Arc::new(Core {
            rooms: rooms
                .map(|(index, row)| Arc::new(Room::new(row, index, Arc::clone(&inbox))))
                .collect(),
            engine: Engine::new(),
            machine: Mutex::new(Machine::new(plan.clone()).leaving(leave)),
            plan,
            inbox: Arc::clone(&inbox),
            finish: Finish::default(),
            changes: Changes::default(),
            whole: None,
            parts: Parts::default(),
            timer: self.stop_after.map(|time| Instant::now() + time),
            exit_code: self.exit_code,
            owns_process: self.owns_process,
            process: self.process,
            signals: Mutex::new(Signals::None),
            #[cfg(feature = "systemd")]
            systemd,
            #[cfg(feature = "tokio")]
            runtime: tokio::runtime::Handle::try_current().ok(),
            #[cfg(feature = "tokio")]
            root: crate::interop::Root::default(),
        });
        inbox.set_driver(&core);
        let watched = Arc::clone(&core);
        let watchdog = thread::Builder::new()
            .name("linger-watchdog".to_owned())
            .spawn(move || watchdog::run(&watched))
            .map_err(BuildError::Thread)?;
        inbox.set_watchdog(watchdog.thread().clone());
        // Dropped on an error below, it triggers, and the threads end.
        let coordinator = Coordinator::new(Arc::clone(&core));
        let driven = Arc::clone(&core);
        thread::Builder::new()
            .name("linger-engine".to_owned())
            .spawn(move || engine::run(&driven))
            .map_err(BuildError::Thread)?;
        if !self.signals.is_empty() {
            let listener = Listener::start(&self.signals, inbox, self.owns_process)?;
            core.signals.lock().keep(listener);
        }
        Ok(coordinator)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("phases", &self.phases)
            .field("budget", &self.budget)
            .field("signals", &self.signals)
            .field("owns_process", &self.owns_process)
            .finish()
    }
}
