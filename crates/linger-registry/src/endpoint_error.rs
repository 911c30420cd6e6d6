//! Why a socket was not bound, or not connected.

use std::io;

use thiserror::Error;

use crate::failure::Failure;

/// Why [`Socket::bind`](crate::Socket::bind) failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BindError {
    /// Somebody listens there already.
    #[error("socket `{socket}`: `{endpoint}` is in use")]
    InUse {
        /// The name of the socket.
        socket: String,
        /// The endpoint that was asked for.
        endpoint: String,
        /// What libzmq said.
        source: zmq::Error,
    },
    /// No such endpoint can be bound by this type of socket on this machine.
    #[error("socket `{socket}`: `{}` can't be bound", .endpoint.escape_debug())]
    BadEndpoint {
        /// The name of the socket.
        socket: String,
        /// The endpoint that was asked for.
        endpoint: String,
        /// What is wrong with it.
        source: EndpointFault,
    },
    /// The context is ending.
    #[error("socket `{socket}`: `{endpoint}` not bound, the registry is closing")]
    Closing {
        /// The name of the socket.
        socket: String,
        /// The endpoint that was asked for.
        endpoint: String,
    },
    /// The socket is of another process, of which this one is a fork.
    #[error("socket `{socket}`: `{endpoint}` not bound, the socket is of process {opened_in}")]
    Forked {
        /// The name of the socket.
        socket: String,
        /// The endpoint that was asked for.
        endpoint: String,
        /// The id of the process that opened the socket.
        opened_in: u32,
    },
    /// The system refused, with an error that `zmq` has no name for.
    #[error("socket `{socket}`: `{endpoint}` not bound")]
    System {
        /// The name of the socket.
        socket: String,
        /// The endpoint that was asked for.
        endpoint: String,
        /// What the system said.
        source: io::Error,
    },
    /// Something else that libzmq said.
    #[error("socket `{socket}`: `{endpoint}` not bound")]
    Other {
        /// The name of the socket.
        socket: String,
        /// The endpoint that was asked for.
        endpoint: String,
        /// What libzmq said.
        source: zmq::Error,
    },
}

/// Why [`Socket::connect`](crate::Socket::connect) failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// No such endpoint can be connected by this type of socket.
    #[error("socket `{socket}`: `{}` can't be connected to", .endpoint.escape_debug())]
    BadEndpoint {
        /// The name of the socket.
        socket: String,
        /// The endpoint that was asked for.
        endpoint: String,
        /// What is wrong with it.
        source: EndpointFault,
    },
    /// The context is ending.
    #[error("socket `{socket}`: `{endpoint}` not connected, the registry is closing")]
    Closing {
        /// The name of the socket.
        socket: String,
        /// The endpoint that was asked for.
        endpoint: String,
    },
    /// The socket is of another process, of which this one is a fork.
    #[error("socket `{socket}`: `{endpoint}` not connected, the socket is of process {opened_in}")]
    Forked {
        /// The name of the socket.
        socket: String,
        /// The endpoint that was asked for.
        endpoint: String,
        /// The id of the process that opened the socket.
        opened_in: u32,
    },
    /// The system refused, with an error that `zmq` has no name for.
    #[error("socket `{socket}`: `{endpoint}` not connected")]
    System {
        /// The name of the socket.
        socket: String,
        /// The endpoint that was asked for.
        endpoint: String,
        /// What the system said.
        source: io::Error,
    },
    /// Something else that libzmq said.
    #[error("socket `{socket}`: `{endpoint}` not connected")]
    Other {
        /// The name of the socket.
        socket: String,
        /// The endpoint that was asked for.
        endpoint: String,
        /// What libzmq said.
        source: zmq::Error,
    },
}

/// What is wrong with an endpoint.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndpointFault {
    /// It holds a NUL byte, where a C string would end.
    #[error("it holds a NUL byte at offset {0}")]
    Nul(usize),
    /// Its TCP port is no number from 0 to 65535, and not `*`.
    ///
    /// libzmq would take the digits it finds, modulo 65536: 34463 for 99999.
    #[error("its port is neither `*` nor a number from 0 to 65535")]
    Port,
    /// libzmq refused it: malformed, an unknown transport, no such interface.
    #[error("{0}")]
    Refused(zmq::Error),
}

impl EndpointFault {
    /// The faults that neither `zmq` nor libzmq would tell: one panics, the other binds elsewhere.
    pub(crate) fn check(endpoint: &str) -> Result<(), Self> {
        if let Some(offset) = endpoint.find('\0') {
            return Err(Self::Nul(offset));
        }
        let address = endpoint.strip_prefix("tcp://");
        match address.and_then(|address| address.rsplit_once(':')) {
            Some((_, port)) if !is_port(port) => Err(Self::Port),
            _ => Ok(()),
        }
    }

    /// The errors that speak of the endpoint itself.
    fn of(error: zmq::Error) -> Option<Self> {
        matches!(
            error,
            zmq::Error::EINVAL
                | zmq::Error::EPROTONOSUPPORT
                | zmq::Error::ENOCOMPATPROTO
                | zmq::Error::ENODEV
                | zmq::Error::EADDRNOTAVAIL
                | zmq::Error::ENAMETOOLONG
        )
        .then_some(Self::Refused(error))
    }
}

fn is_port(port: &str) -> bool {
    port == "*" || (port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok())
}

impl BindError {
    pub(crate) fn from_failure(socket: &str, endpoint: &str, failure: Failure) -> Self {
        let (socket, endpoint) = (socket.to_owned(), endpoint.to_owned());
        match failure {
            Failure::System(source) => Self::System {
                socket,
                endpoint,
                source,
            },
            Failure::Zmq(source @ zmq::Error::EADDRINUSE) => Self::InUse {
                socket,
                endpoint,
                source,
            },
            Failure::Zmq(zmq::Error::ETERM) => Self::Closing { socket, endpoint },
            Failure::Zmq(error) => match EndpointFault::of(error) {
                Some(source) => Self::BadEndpoint {
                    socket,
                    endpoint,
                    source,
                },
                None => Self::Other {
                    socket,
                    endpoint,
                    source: error,
                },
            },
        }
    }
}

impl ConnectError {
    pub(crate) fn from_failure(socket: &str, endpoint: &str, failure: Failure) -> Self {
        let (socket, endpoint) = (socket.to_owned(), endpoint.to_owned());
        match failure {
            Failure::System(source) => Self::System {
                socket,
                endpoint,
                source,
            },
            Failure::Zmq(zmq::Error::ETERM) => Self::Closing { socket, endpoint },
            Failure::Zmq(error) => match EndpointFault::of(error) {
                Some(source) => Self::BadEndpoint {
                    socket,
                    endpoint,
                    source,
                },
                None => Self::Other {
                    socket,
                    endpoint,
                    source: error,
                },
            },
        }
    }
}
