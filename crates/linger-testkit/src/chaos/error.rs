//! What keeps a run from being one.

use super::hosts::NotAllowed;
use crate::child::{ExitError, SignalError, SpawnError};
use std::io;

/// A cycle could not be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChaosError {
    /// A process could not be started.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// A signal could not be sent.
    #[error(transparent)]
    Signal(#[from] SignalError),
    /// A process did not end.
    #[error(transparent)]
    Exit(#[from] ExitError),
    /// A file or a relay could not be had.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A link could not be changed.
    #[error(transparent)]
    Link(#[from] NotAllowed),
    /// The publisher did not come up.
    #[error("the publisher did not begin: {said}")]
    NotBegun {
        /// What it said instead.
        said: String,
    },
}
