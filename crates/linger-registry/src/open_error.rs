//! Why a socket was not opened.

use std::io;
use std::panic::Location;

use thiserror::Error;

use crate::context::NoContext;
use crate::failure::Failure;
use crate::registry::RegistryState;

/// Why [`SocketBuilder::open`](crate::SocketBuilder::open) failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// [`close_by`](crate::Registry::close_by) was called: no socket is opened any more.
    #[error("socket `{socket}` refused: the registry is {state}")]
    Closing {
        /// The name of the socket that was refused.
        socket: String,
        /// How far the registry is.
        state: RegistryState,
    },
    /// The registry was made in another process, of which this one is a fork.
    ///
    /// It has the sockets of that process and none of its threads: make a registry after the fork.
    #[error(
        "socket `{socket}` refused: the registry is of process {made_in}, this is a fork of it"
    )]
    Forked {
        /// The name of the socket that was refused.
        socket: String,
        /// The id of the process that made the registry.
        made_in: u32,
    },
    /// An open socket has this name.
    #[error(
        "socket name `{socket}` is taken by the one opened at {}:{}",
        .taken_at.file(), .taken_at.line()
    )]
    NameTaken {
        /// The name that was asked for twice.
        socket: String,
        /// Where the open socket of that name was asked for.
        taken_at: &'static Location<'static>,
    },
    /// The context, or the process, has no room for another socket.
    ///
    /// A context holds 1,023 sockets, those that still linger and the registry's monitors (two
    /// each, while they watch an end) among them.
    #[error("socket `{socket}`: no room for another beside {open} open sockets")]
    TooMany {
        /// The name of the socket that was refused.
        socket: String,
        /// How many sockets of this registry are open.
        open: usize,
        /// What libzmq said.
        source: zmq::Error,
    },
    /// The registry's closer thread could not be started; asked for by the first socket.
    #[error("socket `{socket}`: the closer thread could not be started")]
    Thread {
        /// The name of the socket that was refused.
        socket: String,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused something: most often, it is out of file descriptors.
    #[error("socket `{socket}` could not be opened")]
    System {
        /// The name of the socket that was refused.
        socket: String,
        /// What the system said.
        source: io::Error,
    },
    /// Something else that libzmq said.
    #[error("socket `{socket}` could not be opened")]
    Other {
        /// The name of the socket that was refused.
        socket: String,
        /// What libzmq said.
        source: zmq::Error,
    },
}

impl OpenError {
    pub(crate) fn from_no_context(socket: String, fault: NoContext) -> Self {
        match fault {
            NoContext::System(source) => Self::System { socket, source },
            NoContext::Thread(source) => Self::Thread { socket, source },
        }
    }

    pub(crate) fn from_failure(socket: String, open: usize, failure: Failure) -> Self {
        match failure {
            Failure::Zmq(source @ zmq::Error::EMFILE) => Self::TooMany {
                socket,
                open,
                source,
            },
            Failure::Zmq(source) => Self::Other { socket, source },
            Failure::System(source) => Self::System { socket, source },
        }
    }
}
