//! One message after the other, through a pair of sockets in one process.

use super::{AMPLE, is_clean};
use crate::bench::figure::Case;
use crate::bench::{Bar, BenchError, Figure, Rounds};
use linger::linger_registry::{Registry, Socket};
use linger::zmq;
use std::ops::Deref;
use std::time::{Duration, Instant};

/// A `PUSH` and a `PULL` in one process, without bounds: so a call does nothing but its work.
struct Bare {
    push: zmq::Socket,
    pull: zmq::Socket,
    // After its sockets: it would wait for them.
    _context: zmq::Context,
}

struct Ours {
    registry: Registry,
    push: Socket,
    pull: Socket,
}

impl Bare {
    fn new() -> Result<Self, BenchError> {
        let context = zmq::Context::new();
        let (push, pull) = (context.socket(zmq::PUSH)?, context.socket(zmq::PULL)?);
        unbounded(&push, &pull)?;
        pull.bind("inproc://bench")?;
        push.connect("inproc://bench")?;
        Ok(Self {
            push,
            pull,
            _context: context,
        })
    }
}

impl Ours {
    fn new() -> Result<Self, BenchError> {
        let registry = Registry::new();
        let push = registry.socket(zmq::PUSH).name("push").open()?;
        let pull = registry.socket(zmq::PULL).name("pull").open()?;
        unbounded(&push, &pull)?;
        pull.bind("inproc://bench")?;
        push.connect("inproc://bench")?;
        Ok(Self {
            registry,
            push,
            pull,
        })
    }

    /// Ends it; whatever was measured before is worth nothing otherwise.
    fn end(self) -> Result<(), BenchError> {
        drop((self.push, self.pull));
        is_clean(&self.registry.close_by(Instant::now() + AMPLE), 2)
    }
}

fn unbounded(push: &zmq::Socket, pull: &zmq::Socket) -> Result<(), BenchError> {
    push.set_sndhwm(0)?;
    pull.set_rcvhwm(0)?;
    Ok(())
}

/// Sends 64 bytes at a time. `S` is the socket or its wrapper: each call goes the way of its users'.
fn sends<S: Deref<Target = zmq::Socket>>(push: &S, count: u32) -> Result<Duration, BenchError> {
    let payload = [7_u8; 64];
    let begun = Instant::now();
    for _ in 0..count {
        push.send(&payload[..], 0)?;
    }
    Ok(begun.elapsed())
}

/// Receives them; the last must be the last.
fn receives<S: Deref<Target = zmq::Socket>>(pull: &S, count: u32) -> Result<Duration, BenchError> {
    let mut message = zmq::Message::new();
    let begun = Instant::now();
    for _ in 0..count {
        pull.recv(&mut message, zmq::DONTWAIT)?;
    }
    let took = begun.elapsed();
    let is_whole = message.len() == 64 || count == 0;
    match pull.recv(&mut message, zmq::DONTWAIT) {
        Err(zmq::Error::EAGAIN) if is_whole => Ok(took),
        _ => Err(BenchError::Wrong(
            "a message too many, or a short one".to_owned(),
        )),
    }
}

pub(super) fn send(rounds: Rounds, name: &'static str) -> Result<Figure, BenchError> {
    let (bare, ours) = (Bare::new()?, Ours::new()?);
    let figure = rounds.compare(
        Case::new(name, "zmq::Socket::send", Bar::AtLeast(0.98)),
        |count| {
            let took = sends(&&bare.push, count)?;
            receives(&&bare.pull, count)?;
            Ok(took)
        },
        |count| {
            let took = sends(&ours.push, count)?;
            receives(&ours.pull, count)?;
            Ok(took)
        },
    )?;
    ours.end()?;
    Ok(figure)
}

pub(super) fn recv(rounds: Rounds, name: &'static str) -> Result<Figure, BenchError> {
    let (bare, ours) = (Bare::new()?, Ours::new()?);
    let figure = rounds.compare(
        Case::new(name, "zmq::Socket::recv", Bar::AtLeast(0.98)),
        |count| {
            sends(&&bare.push, count)?;
            receives(&&bare.pull, count)
        },
        |count| {
            sends(&ours.push, count)?;
            receives(&ours.pull, count)
        },
    )?;
    ours.end()?;
    Ok(figure)
}
