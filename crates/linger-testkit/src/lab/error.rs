//! What keeps an experiment from being carried out.

use std::io;
use std::time::Duration;

use linger::{linger_ack, linger_coordinator, linger_registry, zmq};

use crate::child::{ExitError, LineError, SayError, SignalError, SpawnError};

/// An experiment could not be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabError {
    /// libzmq refused something that it does not refuse.
    #[error("libzmq: {0}")]
    Zmq(#[from] zmq::Error),
    /// The registry opened no socket.
    #[error(transparent)]
    Open(#[from] linger_registry::OpenError),
    /// A socket of the registry could not be bound.
    #[error(transparent)]
    Bind(#[from] linger_registry::BindError),
    /// A socket of the registry could not be connected.
    #[error(transparent)]
    Connect(#[from] linger_registry::ConnectError),
    /// A publisher could not be opened.
    #[error(transparent)]
    Publisher(#[from] linger_ack::OpenError),
    /// A subscriber could not be opened.
    #[error(transparent)]
    Subscriber(#[from] linger_ack::ConnectError),
    /// A message was not accepted.
    #[error(transparent)]
    Publish(#[from] linger_ack::PublishError),
    /// The members did not come.
    #[error(transparent)]
    Members(#[from] linger_ack::WaitError),
    /// A prefix was not granted.
    #[error(transparent)]
    Subscribe(#[from] linger_ack::SubscribeError),
    /// A message was not delivered.
    #[error(transparent)]
    Delivery(#[from] linger_ack::DeliveryError),
    /// A coordinator could not be started.
    #[error(transparent)]
    Build(#[from] linger_coordinator::BuildError),
    /// A member of a coordinator could not be registered.
    #[error(transparent)]
    Register(#[from] linger_coordinator::RegisterError),
    /// A process could not be started.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// A process did not say what it should.
    #[error(transparent)]
    Line(#[from] LineError),
    /// A process could not be told something.
    #[error(transparent)]
    Say(#[from] SayError),
    /// A signal could not be sent.
    #[error(transparent)]
    Signal(#[from] SignalError),
    /// A process did not end.
    #[error(transparent)]
    Exit(#[from] ExitError),
    /// The operating system refused something.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// No role has that name.
    #[error("no role is named {0:?}")]
    NoRole(String),
    /// A thread panicked.
    #[error("a thread of the experiment panicked")]
    Panicked,
    /// The experiment did not end.
    #[error("it did not end within {0:?}")]
    Endless(Duration),
    /// Something that comes before the measurement did not happen.
    #[error("{0}")]
    Unready(String),
}

impl LabError {
    /// Something that comes before the measurement did not happen.
    pub(crate) fn unready(what: impl Into<String>) -> Self {
        Self::Unready(what.into())
    }
}
