//! What can go wrong with a child process.

use std::io;
use std::process::ExitStatus;

use super::Signal;

/// A child process could not be started.
#[derive(Debug, thiserror::Error)]
#[error("cannot start {name}")]
pub struct SpawnError {
    pub(super) name: String,
    pub(super) source: io::Error,
}

/// A line that was waited for did not come.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// The deadline came first.
    #[error("{name} did not write the line that was waited for; its last lines:\n{tail}")]
    Deadline {
        /// The child.
        name: String,
        /// What it wrote last.
        tail: String,
    },
    /// The child closed the stream first.
    #[error(
        "{name} closed its output before the line that was waited for; its last lines:\n{tail}"
    )]
    Ended {
        /// The child.
        name: String,
        /// What it wrote last.
        tail: String,
    },
}

/// A line could not be written to a child.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to {name}")]
pub struct SayError {
    pub(super) name: String,
    pub(super) source: io::Error,
}

/// A signal could not be sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignalError {
    /// The child had ended; its pid may be someone else's by now.
    #[error("{name} has ended already, {status}")]
    Ended {
        /// The child.
        name: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// The operating system refused.
    #[error("cannot send {signal:?} to {name}")]
    Refused {
        /// The child.
        name: String,
        /// What was to be sent.
        signal: Signal,
        /// What the operating system said.
        source: io::Error,
    },
}

/// A child was still running at the deadline, or its end could not be seen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExitError {
    /// The deadline came first.
    #[error("{name} (pid {pid}) was still running at the deadline")]
    Deadline {
        /// The child.
        name: String,
        /// Its process id.
        pid: u32,
    },
    /// The operating system would not tell how it ended.
    #[error("the end of {name} could not be observed")]
    Unobserved {
        /// The child.
        name: String,
    },
}
