//! Closing sockets that have nothing left to send, up to the end of their context.

use super::{AMPLE, LINGER, is_clean};
use crate::bench::figure::Case;
use crate::bench::{Bar, BenchError, Figure, Rounds};
use linger::linger_registry::{Outcome, Registry, Report, Socket};
use linger::zmq;
use std::ops::Deref;
use std::time::{Duration, Instant};

/// How many contexts a block ends.
const CLOSED: u32 = 10;

/// A receiver outside, and senders to it that have sent all: their close has nothing to wait for.
struct Receiver {
    pull: zmq::Socket,
    endpoint: String,
    _context: zmq::Context,
}

impl Receiver {
    fn new() -> Result<Self, BenchError> {
        let context = zmq::Context::new();
        let pull = context.socket(zmq::PULL)?;
        pull.set_linger(0)?;
        let limit = i32::try_from(AMPLE.as_millis()).unwrap_or(i32::MAX);
        pull.set_rcvtimeo(limit)?;
        pull.bind("tcp://127.0.0.1:*")?;
        let endpoint = pull.get_last_endpoint()?.unwrap_or_default();
        Ok(Self {
            pull,
            endpoint,
            _context: context,
        })
    }

    /// Has each send a message, and receives it.
    fn hears<S: Deref<Target = zmq::Socket>>(&self, senders: &[S]) -> Result<(), BenchError> {
        for sender in senders {
            sender.send("sent", 0)?;
        }
        for _ in senders {
            self.pull.recv_bytes(0)?;
        }
        Ok(())
    }
}

/// A bare close that is waited for, by the end of its context, against one that is reported.
pub(super) fn observed(
    rounds: Rounds,
    name: &'static str,
    sockets: usize,
) -> Result<Figure, BenchError> {
    let receiver = Receiver::new()?;
    rounds.of_at_most(CLOSED).compare(
        Case::new(name, "close, terminate", Bar::AtMost(4.0)),
        |count| sum(count, || bare(&receiver, sockets)),
        |count| {
            sum(count, || {
                let (report, took) = ours(&receiver, sockets, true)?;
                is_clean(&report, sockets)?;
                Ok(took)
            })
        },
    )
}

/// The same without a look at the end: what the switch saves.
pub(super) fn unobserved(
    rounds: Rounds,
    name: &'static str,
    sockets: usize,
) -> Result<Figure, BenchError> {
    let receiver = Receiver::new()?;
    rounds.of_at_most(CLOSED).compare(
        Case::new(name, "close, terminate", Bar::None),
        |count| sum(count, || bare(&receiver, sockets)),
        |count| {
            sum(count, || {
                let (report, took) = ours(&receiver, sockets, false)?;
                let all = report.sockets().iter();
                match all
                    .filter(|it| *it.outcome() == Outcome::Unobserved)
                    .count()
                {
                    count if count == sockets => Ok(took),
                    _ => Err(BenchError::Wrong(format!("not unobserved\n{report}"))),
                }
            })
        },
    )
}

fn sum(
    count: u32,
    mut one: impl FnMut() -> Result<Duration, BenchError>,
) -> Result<Duration, BenchError> {
    (0..count).map(|_| one()).sum()
}

fn bare(receiver: &Receiver, sockets: usize) -> Result<Duration, BenchError> {
    let context = zmq::Context::new();
    let mut senders = Vec::new();
    for _ in 0..sockets {
        let sender = context.socket(zmq::PUSH)?;
        sender.set_linger(i32::try_from(LINGER.as_millis()).unwrap_or(i32::MAX))?;
        sender.connect(&receiver.endpoint)?;
        senders.push(sender);
    }
    receiver.hears(&senders.iter().collect::<Vec<_>>())?;
    let begun = Instant::now();
    drop(senders);
    // The last clone: this waits for the end of all of them.
    drop(context);
    Ok(begun.elapsed())
}

fn ours(
    receiver: &Receiver,
    sockets: usize,
    is_observed: bool,
) -> Result<(Report, Duration), BenchError> {
    let registry = Registry::new();
    let mut senders: Vec<Socket> = Vec::new();
    for _ in 0..sockets {
        let builder = registry.socket(zmq::PUSH).linger(LINGER);
        let sender = match is_observed {
            true => builder.open()?,
            false => builder.unobserved().open()?,
        };
        sender.connect(&receiver.endpoint)?;
        senders.push(sender);
    }
    receiver.hears(&senders)?;
    let begun = Instant::now();
    drop(senders);
    let report = registry.close_by(begun + AMPLE);
    Ok((report, begun.elapsed()))
}
