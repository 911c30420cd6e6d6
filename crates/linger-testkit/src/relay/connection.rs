//! A client joined to the upstream.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::net::sockopt::set_socket_linger;

use super::flow::Flow;
use super::shape::{Shape, Way};

/// How long the upstream may take to answer; on loopback it answers at once, or is stopped with
/// its backlog full.
const CONNECT_LIMIT: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Connection {
    client: TcpStream,
    upstream: TcpStream,
    up: Flow,
    down: Flow,
}

/// Bytes that went each way.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Passed {
    pub(super) up: u64,
    pub(super) down: u64,
}

impl Connection {
    /// Joins a client to the upstream; a client that can't be is reset.
    pub(super) fn join(client: TcpStream, upstream: SocketAddr) -> io::Result<Self> {
        let joined = TcpStream::connect_timeout(&upstream, CONNECT_LIMIT).and_then(|upstream| {
            for stream in [&client, &upstream] {
                stream.set_nonblocking(true)?;
                // What is small is not to wait for more: the relay adds no delay of its own.
                stream.set_nodelay(true)?;
            }
            Ok(upstream)
        });
        match joined {
            Ok(upstream) => Ok(Self {
                client,
                upstream,
                up: Flow::new(),
                down: Flow::new(),
            }),
            Err(error) => {
                reset(client);
                Err(error)
            }
        }
    }

    /// Adds what is waited for; says when it wants to be pumped by itself.
    ///
    /// A side that nothing is wanted of is left out: poll would report its hang-up again and again.
    pub(super) fn watch<'a>(
        &'a self,
        now: Instant,
        shape: &Shape,
        fds: &mut Vec<PollFd<'a>>,
    ) -> Option<Instant> {
        let mut wakes: Option<Instant> = None;
        let mut is_writable = |flow: &Flow, way| {
            let later = match flow.due()? {
                due if due > now => due,
                _ if shape.allows(way) == 0 => shape.next(way),
                _ => return Some(()),
            };
            wakes = Some(wakes.map_or(later, |at| at.min(later)));
            None
        };
        let to_client = is_writable(&self.down, Way::Down).is_some();
        let to_upstream = is_writable(&self.up, Way::Up).is_some();
        let sides = [
            (&self.client, &self.up, to_client),
            (&self.upstream, &self.down, to_upstream),
        ];
        for (stream, from_it, to_it) in sides {
            let mut flags = PollFlags::empty();
            flags.set(PollFlags::IN, from_it.wants_to_read(shape.delay));
            flags.set(PollFlags::OUT, to_it);
            if !flags.is_empty() {
                fds.push(PollFd::new(stream, flags));
            }
        }
        wakes
    }

    /// Moves what can be moved, at most `limit` bytes towards the client.
    pub(super) fn pump(
        &mut self,
        now: Instant,
        shape: &mut Shape,
        limit: u64,
    ) -> io::Result<Passed> {
        let when = (now, shape.delay);
        let most = shape.allows(Way::Up);
        let up = self.up.pump(&self.client, &self.upstream, when, most)?;
        shape.used(Way::Up, up);
        let most = shape.allows(Way::Down).min(limit);
        let down = self.down.pump(&self.upstream, &self.client, when, most)?;
        shape.used(Way::Down, down);
        Ok(Passed { up, down })
    }

    pub(super) fn has_ended(&self) -> bool {
        self.up.has_ended() && self.down.has_ended()
    }

    /// Ends both sides by a reset: what the kernel still holds is thrown away.
    pub(super) fn cut(self) {
        reset(self.client);
        reset(self.upstream);
    }

    /// Resets the upstream; the client gets what was passed on, and then the end.
    pub(super) fn cut_softly(self) {
        reset(self.upstream);
    }
}

/// Closes with a linger of zero, which makes the kernel send RST instead of FIN.
pub(super) fn reset(stream: TcpStream) {
    // Where it fails the peer has gone already.
    let _ = set_socket_linger(&stream, Some(Duration::ZERO));
}
