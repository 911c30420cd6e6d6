//! What must always hold, one idea a file: each states its invariant, and judges it by the
//! ledger, which saw what each application really processed.

pub(crate) mod accounted;
pub(crate) mod acks;
pub(crate) mod again;
pub(crate) mod bases;
pub(crate) mod bounded;
pub(crate) mod deadlines;
pub(crate) mod drained;
pub(crate) mod end_of_stream;
pub(crate) mod forward;
pub(crate) mod healed;
pub(crate) mod in_order;
pub(crate) mod routes;
pub(crate) mod silence;
pub(crate) mod wake_ups;

use std::fmt;

/// What was violated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Invariant {
    /// Drained is true.
    Drained,
    /// Every message is accounted for.
    Accounted,
    /// Acknowledgements follow the truth.
    Acks,
    /// Nothing goes back.
    Forward,
    /// Every wait ends.
    Deadlines,
    /// Without faults, all heals.
    Healed,
    /// Doing it again changes nothing.
    Again,
    /// Memory is bounded.
    Bounded,
    /// In order, once, without a gap that is not named.
    InOrder,
    /// The end of stream is the end of the stream.
    EndOfStream,
    /// What is owed is fixed when it is asked for.
    Bases,
    /// A member is answered on its youngest connection.
    Routes,
    /// Whoever is heard in time never expires.
    Silence,
    /// Idle, nobody wakes but for a timer.
    WakeUps,
    /// A machine panicked.
    Panic,
}

impl Invariant {
    /// Its file's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Drained => "drained",
            Self::Accounted => "accounted",
            Self::Acks => "acks",
            Self::Forward => "forward",
            Self::Deadlines => "deadlines",
            Self::Healed => "healed",
            Self::Again => "again",
            Self::Bounded => "bounded",
            Self::InOrder => "in_order",
            Self::EndOfStream => "end_of_stream",
            Self::Bases => "bases",
            Self::Routes => "routes",
            Self::Silence => "silence",
            Self::WakeUps => "wake_ups",
            Self::Panic => "panic",
        }
    }
}

/// An invariant did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// Which one.
    pub invariant: Invariant,
    /// When, in microseconds of virtual time.
    pub at: u64,
    /// What was found.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (invariant, seconds) = (self.invariant.name(), self.at / 1_000_000);
        let micros = self.at % 1_000_000;
        write!(f, "{invariant}, at {seconds}.{micros:06} s: {}", self.what)
    }
}

/// `Err` with these words, unless it holds.
pub(crate) fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}
