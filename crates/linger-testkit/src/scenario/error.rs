//! What keeps a scenario from being one.

use crate::child::{ExitError, SignalError, SpawnError};
use std::io;

/// A scenario could not be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// A process could not be started.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// A signal could not be sent.
    #[error(transparent)]
    Signal(#[from] SignalError),
    /// A process did not end.
    #[error(transparent)]
    Exit(#[from] ExitError),
    /// A subscriber could not be opened.
    #[error(transparent)]
    Connect(#[from] linger::linger_ack::ConnectError),
    /// The operating system refused something.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The publisher did not do what it was started for.
    #[error("the publisher {what}: {said}")]
    Publisher {
        /// What it did not do.
        what: &'static str,
        /// What it said.
        said: String,
    },
    /// A thread panicked.
    #[error("a thread of the scenario panicked")]
    Panicked,
}
