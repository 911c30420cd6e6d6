//! The list of phases, and what each may take.

use std::time::Duration;

use crate::phase::Phase;

/// The phases of a shutdown, in their order.
///
/// [`service`](Self::service) and [`zmq_service`](Self::zmq_service) are ready-made;
/// [`new`](Self::new) and [`then`](Self::then) make a list of your own. Nothing is checked here:
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

/// A phase with its limits: cap, reserve, propagation delay.
///
/// Made by [`Phase::cap`], [`Phase::reserve`], [`Phase::propagation`], or from a bare [`Phase`],
/// which has no cap, no reserve and no delay.
#[derive(Clone, Copy, Debug)]
pub struct PhaseSpec {
    pub(crate) phase: Phase,
    pub(crate) cap: Option<Duration>,
    pub(crate) reserve: Reserve,
    pub(crate) propagation: Duration,
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

    /// Appends a phase, which begins when the one before it has ended.
    #[must_use]
    pub fn then(mut self, phase: impl Into<PhaseSpec>) -> Self {
        self.list.push(phase.into());
        self
    }

    /// Changes the limits of a phase of this list.
    ///
    /// A phase that is not in the list is refused when the coordinator starts.
    #[must_use]
    pub fn adjust(mut self, phase: Phase, change: impl FnOnce(PhaseSpec) -> PhaseSpec) -> Self {
        match self.list.iter_mut().find(|spec| spec.phase == phase) {
            Some(spec) => *spec = change(*spec),
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

impl From<Phase> for PhaseSpec {
    fn from(phase: Phase) -> Self {
        Self {
            phase,
            cap: None,
            reserve: Reserve::Time(Duration::ZERO),
            propagation: Duration::ZERO,
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
