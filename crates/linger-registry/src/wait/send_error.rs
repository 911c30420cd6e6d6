//! Why nothing was sent.

use thiserror::Error;

use super::until::Halt;

/// Why a send that waits, such as [`Socket::send_by`](crate::Socket::send_by), sent nothing.
///
/// The message was borrowed, so its owner has it still.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SendError {
    /// The socket's group has stopped, or its context is being ended.
    ///
    /// What still has to go out can, by a deadline, with
    /// [`Socket::send_past_stop_by`](crate::Socket::send_past_stop_by).
    #[error("socket `{socket}` has been stopped")]
    Stopped {
        /// The name of the socket.
        socket: String,
    },
    /// There was no room for it before the deadline.
    #[error("socket `{socket}` had no room for a message before the deadline")]
    TimedOut {
        /// The name of the socket.
        socket: String,
    },
    /// Something else that libzmq said.
    ///
    /// `ENOTSUP` on a socket that never sends, `EFSM` on a `REQ` that awaits an answer,
    /// `EHOSTUNREACH` on a mandatory `ROUTER` that has no such peer, and on a `REQ` that lost its
    /// peer in the middle of a request of several frames.
    #[error("socket `{socket}` can't send")]
    Zmq {
        /// The name of the socket.
        socket: String,
        /// What libzmq said.
        source: zmq::Error,
    },
}

impl SendError {
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
