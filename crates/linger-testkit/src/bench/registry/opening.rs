//! Opening sockets.

use super::{AMPLE, LINGER};
use crate::bench::figure::Case;
use crate::bench::{Bar, BenchError, Figure, Rounds};
use linger::linger_registry::Registry;
use linger::zmq;
use std::time::Instant;

/// How many sockets a block opens: a context holds them, and those that are on their way out.
const OPENED: u32 = 100;

/// To open a socket and to give it a linger: the bare side does so too.
pub(super) fn open(rounds: Rounds, name: &'static str) -> Result<Figure, BenchError> {
    let millis = i32::try_from(LINGER.as_millis()).unwrap_or(i32::MAX);
    rounds.of_at_most(OPENED).compare(
        Case::new(name, "Context::socket", Bar::AtMost(1.1)),
        |count| {
            let context = zmq::Context::new();
            // The first one starts libzmq's threads.
            let first = context.socket(zmq::PUSH)?;
            let mut sockets = room(count);
            let begun = Instant::now();
            for _ in 0..count {
                let socket = context.socket(zmq::PUSH)?;
                socket.set_linger(millis)?;
                sockets.push(socket);
            }
            let took = begun.elapsed();
            drop((sockets, first));
            Ok(took)
        },
        |count| {
            let registry = Registry::new();
            let first = registry.socket(zmq::PUSH).open()?;
            let mut sockets = room(count);
            let begun = Instant::now();
            for _ in 0..count {
                sockets.push(registry.socket(zmq::PUSH).linger(LINGER).open()?);
            }
            let took = begun.elapsed();
            drop((sockets, first));
            let opened = usize::try_from(count).unwrap_or(0) + 1;
            let report = registry.close_by(Instant::now() + AMPLE);
            match report.sockets().len() == opened {
                true => Ok(took),
                false => Err(BenchError::Wrong(format!("{opened} were opened\n{report}"))),
            }
        },
    )
}

/// So that neither side is timed at making it.
fn room<S>(count: u32) -> Vec<S> {
    Vec::with_capacity(usize::try_from(count).unwrap_or(0))
}
