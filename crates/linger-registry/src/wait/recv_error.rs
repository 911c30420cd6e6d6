//! Why nothing was received.

use thiserror::Error;

use super::until::Halt;

/// Why a receive that waits, such as [`Socket::recv_by`](crate::Socket::recv_by), ended with nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RecvError {
    /// The socket's group has stopped, or its context is being ended.
    ///
    /// What is queued can be had from [`Socket::queued`](crate::Socket::queued).
    #[error("socket `{socket}` has been stopped")]
    Stopped {
        /// The name of the socket.
        socket: String,
    },
    /// Nothing came before the deadline.
    #[error("socket `{socket}` received nothing before the deadline")]
    TimedOut {
        /// The name of the socket.
        socket: String,
    },
    /// Something else that libzmq said.
    ///
    /// `ENOTSUP` on a socket that never receives, `EFSM` on a `REP` that owes an answer; `ETERM`
    /// if the context was ended in the middle of a message, which is lost.
    #[error("socket `{socket}` can't receive")]
    Zmq {
        /// The name of the socket.
        socket: String,
        /// What libzmq said.
        source: zmq::Error,
    },
}

impl RecvError {
    pub(super) fn new(socket: &str, halt: Halt) -> Self {
        let socket = socket.to_owned();
        match halt {
            Halt::Stopped => Self::Stopped { socket },
            Halt::TimedOut => Self::TimedOut { socket },
            Halt::Failed(source) => Self::Zmq { socket, source },
        }
    }

    /// Whether the group has stopped, or the context is being ended.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        matches!(self, Self::Stopped { .. })
    }

    /// Whether the deadline came first.
    #[must_use]
    pub fn is_timed_out(&self) -> bool {
        matches!(self, Self::TimedOut { .. })
    }
}
