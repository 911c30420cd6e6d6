//! Free loopback ports.

use std::io;
use std::net::{Ipv4Addr, TcpListener};

/// A loopback port that was free a moment ago.
///
/// It is free again when this returns, so another process can take it first: where the listener
/// can choose, let it bind port 0.
///
/// # Errors
///
/// What the operating system says where no port can be bound.
pub fn free_port() -> io::Result<u16> {
    let [port] = free_ports()?;
    Ok(port)
}

/// As many different loopback ports, all free a moment ago.
///
/// # Errors
///
/// What the operating system says where no port can be bound.
///
/// # Examples
///
/// ```
/// let [data, control] = linger_testkit::port::free_ports()?;
/// assert_ne!(data, control);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn free_ports<const N: usize>() -> io::Result<[u16; N]> {
    // All are held until the last is known: one after the other could be the same port twice.
    let mut held = Vec::with_capacity(N);
    let mut ports = [0; N];
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    Ok(ports)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_differ_and_can_be_bound() {
        let ports: [u16; 8] = free_ports().unwrap();
        for (at, port) in ports.iter().enumerate() {
            assert!(!ports[..at].contains(port), "{port} twice in {ports:?}");
            TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).unwrap();
        }
    }
}
