//! Why a service could not start, or take something in.

use linger_coordinator::{BuildError, RegisterError};
use thiserror::Error;

/// Why a service could not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The coordinator could not start: a budget of zero, reserves that can't fit, and the like.
    #[error("service {service}: {source}")]
    Coordinator {
        /// The service's name.
        service: String,
        /// What the coordinator says.
        source: BuildError,
    },
    /// The service's own hooks could not be registered: a phase that they need is not in the list.
    #[error("service {service}: {source}")]
    Hook {
        /// The service's name.
        service: String,
        /// What the coordinator says.
        source: RegisterError,
    },
}

/// Why a service could not take in a socket, a publisher or a subscriber.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// The coordinator refuses it: its phase has begun or is unknown, or its name is taken.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// Sockets stop in other phases: intake, work, acks, sockets.
    #[error("socket {name} can't stop in the phase {phase}: only in intake, work, acks or sockets")]
    PhaseWithoutSockets {
        /// The socket's name, or its type if it has none.
        name: String,
        /// The phase.
        phase: linger_coordinator::Phase,
    },
    /// The socket could not be opened.
    #[error(transparent)]
    Open(#[from] linger_registry::OpenError),
    /// The publisher could not be opened or bound.
    #[cfg(feature = "ack")]
    #[error(transparent)]
    Publisher(#[from] linger_ack::OpenError),
    /// The subscriber could not be opened or connected.
    #[cfg(feature = "ack")]
    #[error(transparent)]
    Subscriber(#[from] linger_ack::ConnectError),
}
