//! The name of a phase.

use std::fmt;

/// A step of a shutdown, known by its name.
///
/// Two phases with one name are one phase. The constants are the names that the ready-made lists
/// in [`Phases`](crate::Phases) use; [`Phase::new`] makes your own.
///
/// # Examples
///
/// ```
/// use linger_coordinator::Phase;
///
/// const LEDGER: Phase = Phase::new("ledger");
/// assert_ne!(LEDGER, Phase::WORK);
/// assert_eq!(LEDGER.to_string(), "ledger");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Phase(&'static str);

impl Phase {
    /// Tell the outside to send nothing new; go on serving.
    pub const READINESS: Self = Self::new("readiness");
    /// Stop taking in anything new.
    pub const INTAKE: Self = Self::new("intake");
    /// Finish what was accepted.
    pub const WORK: Self = Self::new("work");
    /// Wait until subscribers have acknowledged what was published.
    pub const ACKS: Self = Self::new("acks");
    /// Close sockets, each with its linger.
    pub const SOCKETS: Self = Self::new("sockets");
    /// End the messaging context, after its last socket.
    pub const CONTEXT: Self = Self::new("context");
    /// Flush logs and metrics.
    pub const TELEMETRY: Self = Self::new("telemetry");

    /// Makes a phase of that name.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}
