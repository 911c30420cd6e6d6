//! What keeps a storm from being one.

use linger::linger_registry::{BindError, ConnectError, OpenError};
use linger::zmq;
use std::io;

/// A storm could not be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StormError {
    /// A socket could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A socket could not be bound.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// A socket could not be connected.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// libzmq refused something else.
    #[error(transparent)]
    Zmq(#[from] zmq::Error),
    /// The system refused something.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Something was not there in time, or a thread could not go on.
    #[error("the storm did not come up: {0}")]
    NotUp(String),
}
