//! Closing does not wait for the linger; ending the context does, for all lingers at once.

use std::time::{Duration, Instant};

use linger::linger_registry::{Outcome, Registry};
use linger::zmq;

use crate::lab::bounded::Call;
use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::wire::{self, SOON, millis, nobody};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "close_returns_at_once",
    claim: "`zmq_close` returns at once; `zmq_ctx_term` waits, honours every LINGER, and they run \
            in parallel",
    folklore: "`close` blocks for the linger time; `term` interrupts it",
    run,
};

const SOCKETS: u32 = 5;

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let linger = lab.size(Duration::from_millis(500), Duration::from_millis(250));
    let linger_ms = wire::option(linger);

    let context = zmq::Context::new();
    let (mut slowest, begun) = (Duration::ZERO, Instant::now());
    for _ in 0..SOCKETS {
        let socket = wire::open(&context, zmq::PUSH, linger_ms)?;
        socket.connect(&nobody()?)?;
        socket.send("to nobody", 0)?;
        slowest = slowest.max(drop_time(socket));
    }
    Call::start("term", move || drop(context))?.must_return(SOON)?;
    let term = begun.elapsed();

    let registry = Registry::new();
    let (mut slowest_drop, begun) = (Duration::ZERO, Instant::now());
    for _ in 0..SOCKETS {
        let socket = registry.socket(zmq::PUSH).linger(linger).open()?;
        socket.connect(&nobody()?)?;
        socket.send("to nobody", 0)?;
        slowest_drop = slowest_drop.max(drop_time(socket));
    }
    let report = registry.close_by(begun + SOON);
    let close = begun.elapsed();
    let is_expired = |outcome: &Outcome| matches!(outcome, Outcome::Expired { .. });
    let sockets = report.sockets().iter();
    let expired = sockets.filter(|it| is_expired(it.outcome())).count();

    // One that waited would take all of its linger; a busy machine takes some of it.
    let is_quick = slowest < linger / 2 && slowest_drop < linger / 2;
    // One after the other they would take five times the linger.
    let is_parallel = |took| took + Duration::from_millis(2) >= linger && took < 3 * linger;
    let is_named = expired == SOCKETS as usize;
    Ok(Finding::new(
        is_quick && is_parallel(term) && is_parallel(close) && is_named,
        format!(
            "{SOCKETS} sockets with LINGER {linger_ms} and a message to nobody: the slowest close \
             took {:.0} µs, all with `term` {:.0} ms",
            millis(slowest) * 1e3,
            millis(term),
        ),
        format!(
            "the slowest drop took {:.0} µs, all with `close_by` {:.0} ms, and {expired} of \
             {SOCKETS} are reported as expired",
            millis(slowest_drop) * 1e3,
            millis(close),
        ),
        [
            ("close_ms", millis(slowest)),
            ("term_ms", millis(term)),
            ("drop_ms", millis(slowest_drop)),
            ("close_by_ms", millis(close)),
        ],
    ))
}

fn drop_time<T>(socket: T) -> Duration {
    let begun = Instant::now();
    drop(socket);
    begun.elapsed()
}
