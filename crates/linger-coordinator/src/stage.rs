//! How far a shutdown has escalated.

use std::fmt;

/// How far a shutdown has escalated; it never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum Stage {
    /// The service runs.
    Running,
    /// Phases run, each within its time.
    Draining,
    /// A second signal came, or a phase had to be forced at its deadline.
    Forced,
    /// A third signal came: the rest was given up at once.
    Exit,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Running => "running",
            Self::Draining => "draining",
            Self::Forced => "forced",
            Self::Exit => "exit",
        })
    }
}
