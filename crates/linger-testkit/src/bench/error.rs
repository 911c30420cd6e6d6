//! What keeps a benchmark from being one.

use linger::linger_ack as ack;
use linger::linger_coordinator::{BuildError, RegisterError};
use linger::linger_registry::{BindError, ConnectError, OpenError};
use linger::zmq;

/// A benchmark could not be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BenchError {
    /// A socket could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A socket could not be bound.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// A socket could not be connected.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A publisher could not be opened.
    #[error(transparent)]
    Publisher(#[from] ack::OpenError),
    /// A subscriber could not be opened.
    #[error(transparent)]
    Subscriber(#[from] ack::ConnectError),
    /// A member did not come.
    #[error(transparent)]
    Wait(#[from] ack::WaitError),
    /// A message was not accepted.
    #[error(transparent)]
    Publish(#[from] ack::PublishError),
    /// What was published was not acknowledged.
    #[error(transparent)]
    Flush(#[from] ack::FlushError),
    /// A delivery did not come.
    #[error(transparent)]
    Delivery(#[from] ack::DeliveryError),
    /// libzmq refused something else.
    #[error(transparent)]
    Zmq(#[from] zmq::Error),
    /// A coordinator could not be started.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// A member was refused.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The operating system refused something.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// Bare PUB dropped what is beyond its high-water mark, as it does.
    #[error("bare PUB lost messages: {0}")]
    Lost(String),
    /// What was measured did not do what it was to do: a time without that is none.
    #[error("{0}")]
    Wrong(String),
}
