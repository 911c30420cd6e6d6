//! The socket that the service manager listens at.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Sends datagrams, and never blocks.
pub(super) struct Socket {
    socket: UnixDatagram,
    address: SocketAddr,
}

/// What became of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    Taken,
    /// The other side does not read: it may be taken later.
    Full,
    /// There is no other side.
    Gone,
}

impl Socket {
    /// `None` if there can be no socket: the address is neither a path nor, with an `@` before it,
    /// an abstract name, or the process may open no more files.
    pub(super) fn to(address: &OsStr) -> Option<Self> {
        let address = parse(address)?;
        let socket = UnixDatagram::unbound().ok()?;
        socket.set_nonblocking(true).ok()?;
        Some(Self { socket, address })
    }

    pub(super) fn send(&self, datagram: &str) -> Sent {
        loop {
            match self.socket.send_to_addr(datagram.as_bytes(), &self.address) {
                Ok(_) => return Sent::Taken,
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => {}
                    ErrorKind::WouldBlock => return Sent::Full,
                    _ => return Sent::Gone,
                },
            }
        }
    }
}

fn parse(address: &OsStr) -> Option<SocketAddr> {
    match address.as_bytes() {
        [b'/', ..] => SocketAddr::from_pathname(address).ok(),
        #[cfg(target_os = "linux")]
        [b'@', name @ ..] => {
            use std::os::linux::net::SocketAddrExt;
            SocketAddr::from_abstract_name(name).ok()
        }
        // sd_notify(3) knows `vsock:` too, for virtual machines.
        _ => None,
    }
}
