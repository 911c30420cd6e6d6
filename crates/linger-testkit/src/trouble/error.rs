//! What keeps a run from being one.

use crate::child::{LineError, SayError, SignalError, SpawnError};
use std::io;

/// A run could not be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TroubleError {
    /// The process could not be started.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// It did not say what it had to.
    #[error(transparent)]
    Line(#[from] LineError),
    /// It took no word.
    #[error(transparent)]
    Say(#[from] SayError),
    /// It could not be sent a signal: it had ended.
    #[error(transparent)]
    Signal(#[from] SignalError),
    /// It said that it can't go on.
    #[error("the process can't go on: {0}")]
    Child(String),
    /// The system refused something.
    #[error(transparent)]
    Io(#[from] io::Error),
}
