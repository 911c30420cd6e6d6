//! The list of phases, and what each may take.

use std::time::Duration;

use crate::phase::Phase;

/// The phases of a shutdown, and which begins after which.
///
/// [`service`](Self::service) and [`zmq_service`](Self::zmq_service) are ready-made;
/// [`new`](Self::new), [`then`](Self::then) and [`and`](Self::and) make a list, or a graph, of your
/// own. Nothing is checked here:
/// [`Builder::start`](crate::Builder::start) checks the whole against the budget.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use linger_coordinator::{Phase, Phases};
///
/// // A ready-made list, with five seconds for load balancers to look away.
/// let phases = Phases::service()
///     .adjust(Phase::READINESS, |phase| phase.propagation(Duration::from_secs(5)));
///
/// // A list of one's own.
/// let phases = Phases::new()
///     .then(Phase::INTAKE)
///     .then(Phase::new("ledger").cap(Duration::from_secs(8)).reserve(Duration::from_secs(2)));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Phases {
    pub(crate) list: Vec<PhaseSpec>,
    /// Phases that `adjust` did not find: an error when the coordinator starts.
    pub(crate) unknown: Vec<Phase>,
}

/// A phase with its limits, and what it begins after.
///
/// Made by [`Phase::cap`], [`Phase::reserve`], [`Phase::propagation`], [`Phase::patience`],
/// [`Phase::after`], or from a bare [`Phase`], which has no cap, no reserve and no delay.
#[derive(Clone, Debug)]
pub struct PhaseSpec {
    pub(crate) phase: Phase,
    pub(crate) cap: Option<Duration>,
    pub(crate) reserve: Reserve,
    pub(crate) propagation: Duration,
    pub(crate) patience: Duration,
    /// `None`: it was not said.
    pub(crate) after: Option<Vec<Phase>>,
}

/// What is kept for a phase, whatever those before it take.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reserve {
    Time(Duration),
    /// Per cent of the budget: lets a ready-made list fit any budget.
    Share(u32),
}

impl Reserve {
    pub(crate) fn of(self, budget: Duration) -> Duration {
        match self {
            Self::Time(time) => time,
            Self::Share(percent) => budget / 100 * percent,
        }
    }
}

impl Phases {
    /// Makes an empty list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Readiness, intake, work, telemetry: for any service.
    ///
    /// No phase has a cap. Telemetry has 10 % of the budget in reserve, so that work that hangs
    /// does not take the logs with it.
    #[must_use]
    pub fn service() -> Self {
        Self::new()
            .then(Phase::READINESS)
            .then(Phase::INTAKE)
            .then(Phase::WORK)
            .then(Phase::TELEMETRY.share(10))
    }

    /// Readiness, intake, work, acks, sockets, context, telemetry: for services on ZeroMQ.
    ///
    /// No phase has a cap. In reserve: 20 % of the budget for acks, 10 % for sockets, 5 % each for
    /// context and telemetry.
    #[must_use]
    pub fn zmq_service() -> Self {
        Self::new()
            .then(Phase::READINESS)
            .then(Phase::INTAKE)
            .then(Phase::WORK)
            .then(Phase::ACKS.share(20))
            .then(Phase::SOCKETS.share(10))
            .then(Phase::CONTEXT.share(5))
            .then(Phase::TELEMETRY.share(5))
    }

    /// Appends a phase, which begins when all that were listed before it have ended.
    ///
    /// Unless it says itself what it begins [`after`](PhaseSpec::after).
    #[must_use]
    pub fn then(mut self, phase: impl Into<PhaseSpec>) -> Self {
        let mut spec = phase.into();
        // All of them: what those wait for themselves may be adjusted later.
        let all = self.list.iter().map(|other| other.phase);
        spec.after.get_or_insert_with(|| all.collect());
        self.list.push(spec);
        self
    }

    /// Adds a phase that begins with the shutdown, or [`after`](PhaseSpec::after) what it says.
    ///
    /// # Examples
    ///
    /// ```
    /// use linger_coordinator::{Phase, Phases};
    ///
    /// const CACHE: Phase = Phase::new("cache");
    /// const LEDGER: Phase = Phase::new("ledger");
    ///
    /// // Cache and ledger stop side by side; telemetry begins when both have ended.
    /// let phases = Phases::new()
    ///     .then(Phase::INTAKE)
    ///     .and(CACHE.after([Phase::INTAKE]))
    ///     .and(LEDGER.after([Phase::INTAKE]))
    ///     .then(Phase::TELEMETRY);
    /// ```
    #[must_use]
    pub fn and(mut self, phase: impl Into<PhaseSpec>) -> Self {
        let mut spec = phase.into();
        spec.after.get_or_insert_default();
        self.list.push(spec);
        self
    }

    /// Changes the limits of a phase of this list.
    ///
    /// A phase that is not in the list is refused when the coordinator starts.
    #[must_use]
    pub fn adjust(mut self, phase: Phase, change: impl FnOnce(PhaseSpec) -> PhaseSpec) -> Self {
        match self.list.iter_mut().find(|spec| spec.phase == phase) {
            Some(spec) => *spec = change(spec.clone()),
            None => self.unknown.push(phase),
        }
        self
    }
}

impl PhaseSpec {
    /// Sets the most that the phase may take.
    ///
    /// Unset, it may take all that is left but for the reserves after it.
    #[must_use]
    pub fn cap(mut self, cap: Duration) -> Self {
        self.cap = Some(cap);
        self
    }

    /// Sets the least that is kept for the phase; 0 unless set.
    ///
    /// Phases before it end early enough to leave it that much. It counts up to the cap.
    #[must_use]
    pub fn reserve(mut self, reserve: Duration) -> Self {
        self.reserve = Reserve::Time(reserve);
        self
    }

    /// Sets how long the phase lasts even when nothing is left to do.
    ///
    /// Meant for readiness: the time that load balancers need to notice. 0 unless set; it ends
    /// with the phase at the latest, and a second signal cuts it short.
    #[must_use]
    pub fn propagation(mut self, delay: Duration) -> Self {
        self.propagation = delay;
        self
    }
}

impl PhaseSpec {
    /// Makes it begin when these have ended, and not wait for any others.
    ///
    /// A phase that is not in the list, and phases that wait for one another, are refused when the
    /// coordinator starts. Phases that don't wait for one another overlap.
    #[must_use]
    pub fn after(mut self, phases: impl IntoIterator<Item = Phase>) -> Self {
        self.after = Some(phases.into_iter().collect());
        self
    }

    /// Extends the phase while its members advance: it ends no earlier than this long after one of
    /// them last [noted](crate::Member::note) something.
    ///
    /// Beyond its cap, if need be; never into the reserves after it, nor past the budget. 0 unless
    /// set: notes change nothing.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}

impl From<Phase> for PhaseSpec {
    fn from(phase: Phase) -> Self {
        Self {
            phase,
            cap: None,
            reserve: Reserve::Time(Duration::ZERO),
            propagation: Duration::ZERO,
            patience: Duration::ZERO,
            after: None,
        }
    }
}

impl Phase {
    /// This phase with a cap: see [`PhaseSpec::cap`].
    #[must_use]
    pub fn cap(self, cap: Duration) -> PhaseSpec {
        PhaseSpec::from(self).cap(cap)
    }

    /// This phase with a reserve: see [`PhaseSpec::reserve`].
    #[must_use]
    pub fn reserve(self, reserve: Duration) -> PhaseSpec {
        PhaseSpec::from(self).reserve(reserve)
    }

    /// This phase after others: see [`PhaseSpec::after`].
    #[must_use]
    pub fn after(self, phases: impl IntoIterator<Item = Self>) -> PhaseSpec {
        PhaseSpec::from(self).after(phases)
    }

    /// This phase with patience: see [`PhaseSpec::patience`].
    #[must_use]
    pub fn patience(self, patience: Duration) -> PhaseSpec {
        PhaseSpec::from(self).patience(patience)
    }

    /// This phase with a propagation delay: see [`PhaseSpec::propagation`].
    #[must_use]
    pub fn propagation(self, delay: Duration) -> PhaseSpec {
        PhaseSpec::from(self).propagation(delay)
    }

    fn share(self, percent: u32) -> PhaseSpec {
        PhaseSpec {
            reserve: Reserve::Share(percent),
            ..PhaseSpec::from(self)
        }
    }
}
