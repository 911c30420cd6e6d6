//! Why a proxy ended before its time.

use thiserror::Error;

use crate::socket::Socket;

/// Why a [`Proxy`](crate::Proxy) ended other than by the stop.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// Not all that was queued could be passed on by the deadline.
    #[error(
        "the proxy of `{frontend}` and `{backend}` had not passed on everything by the deadline, {in_hand} messages in hand"
    )]
    TimedOut {
        /// The name of the frontend.
        frontend: String,
        /// The name of the backend.
        backend: String,
        /// How many messages it had taken from one socket and the other had no room for: at most
        /// one in each direction.
        in_hand: usize,
    },
    /// libzmq failed to give a message.
    #[error("the proxy can't receive from `{socket}`")]
    Receive {
        /// The name of the socket.
        socket: String,
        /// What libzmq said.
        source: zmq::Error,
    },
    /// libzmq refused a message for good: `EHOSTUNREACH` if a mandatory `ROUTER` has no such peer.
    ///
    /// The message is dropped; the proxy can be run again.
    #[error("the proxy can't send on `{socket}`")]
    Send {
        /// The name of the socket.
        socket: String,
        /// What libzmq said.
        source: zmq::Error,
    },
}

impl ProxyError {
    pub(super) fn receive(socket: &Socket, source: zmq::Error) -> Self {
        Self::Receive {
            socket: socket.name().to_owned(),
            source,
        }
    }

    pub(super) fn send(socket: &Socket, source: zmq::Error) -> Self {
        Self::Send {
            socket: socket.name().to_owned(),
            source,
        }
    }
}
