//! Why a member was refused.

use crate::phase::Phase;

/// Why a member was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// Its phase has begun, or is over: nothing would tell it to stop.
    #[error("'{name}' was refused: phase '{phase}' has begun")]
    PhaseBegun {
        /// The member's name.
        name: String,
        /// Its phase.
        phase: Phase,
    },
    /// The coordinator has no such phase.
    #[error("'{name}' was refused: there is no phase '{phase}'")]
    UnknownPhase {
        /// The member's name.
        name: String,
        /// The phase that was asked for.
        phase: Phase,
    },
    /// A task needs a tokio runtime, and neither caller nor coordinator was started in one.
    #[cfg(feature = "tokio")]
    #[error("'{name}' was refused: no tokio runtime here, nor where the coordinator was started")]
    NoRuntime {
        /// The member's name.
        name: String,
    },
    /// A thread for a blocking closure could not be started.
    #[error("no thread for '{name}'")]
    Thread {
        /// The member's name.
        name: String,
        /// What the operating system said.
        source: std::io::Error,
    },
}
