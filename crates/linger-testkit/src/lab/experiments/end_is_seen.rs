//! A monitor tells when a closed socket has ended: when its queue was empty, or its linger over.

use std::time::{Duration, Instant};

use linger::linger_registry::{Outcome, Registry};
use linger::zmq::{self, SocketEvent};

use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::wire::{self, SOON, Watch, bind, count, millis, nobody};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "end_is_seen",
    claim: "The monitor's MONITOR_STOPPED comes when a closed socket ends: its queue empty or its \
            linger over",
    folklore: "nothing tells when a linger ends, but the end of `zmq_ctx_term`",
    run,
};

/// A timer of libzmq may be this much early: it counts whole milliseconds of its own clock.
const EARLY: Duration = Duration::from_millis(2);

/// Threads run late on a busy machine.
const LATE: Duration = Duration::from_millis(300);

/// How many messages the peer that reads is sent.
const MESSAGES: u64 = 1_000;

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let linger = lab.size(Duration::from_secs(1), Duration::from_millis(400));
    let linger_ms = wire::option(linger);
    let to_nobody = unread(linger_ms)?;
    let discarded = unread(0)?;
    let (to_reader, read) = drained(linger_ms)?;

    let registry = Registry::new();
    let lonely = registry
        .socket(zmq::PUSH)
        .name("lonely")
        .linger(linger)
        .open()?;
    lonely.connect(&nobody()?)?;
    lonely.send("to nobody", 0)?;
    let heard = registry
        .socket(zmq::PUSH)
        .name("heard")
        .linger(linger)
        .open()?;
    let context = zmq::Context::new();
    let reader = wire::open(&context, zmq::PULL, 0)?;
    heard.connect(&bind(&reader)?)?;
    for _ in 0..MESSAGES {
        heard.send("to a reader", 0)?;
    }
    count(&reader, MESSAGES, SOON)?;
    drop((lonely, heard));
    let report = registry.close_by(Instant::now() + SOON);
    let said = |name| {
        let outcome = report.socket(name).map(|socket| socket.outcome().clone());
        let text = outcome
            .as_ref()
            .map_or_else(String::new, ToString::to_string);
        (outcome, text)
    };
    let (lonely, lonely_text) = said("lonely");
    let (heard, heard_text) = said("heard");

    let is_at_linger = to_nobody + EARLY >= linger && to_nobody < linger + LATE;
    let is_seen = is_at_linger && to_reader + EARLY < linger && discarded + EARLY < linger;
    let is_told = matches!(lonely, Some(Outcome::Expired { .. }))
        && matches!(heard, Some(Outcome::Emptied { .. }));
    Ok(Finding::new(
        is_seen && read == MESSAGES && is_told,
        format!(
            "LINGER {linger_ms}: stopped after {:.1} ms with nobody listening, {:.1} ms with a \
             peer that has read all {read}; LINGER 0: {:.1} ms",
            millis(to_nobody),
            millis(to_reader),
            millis(discarded),
        ),
        format!("the report: {lonely_text}; {heard_text}"),
        [
            ("to_nobody_ms", millis(to_nobody)),
            ("to_reader_ms", millis(to_reader)),
            ("discarded_ms", millis(discarded)),
        ],
    ))
}

/// How long after its close a socket ended that had a message for nobody.
fn unread(linger: i32) -> Result<Duration, LabError> {
    let context = zmq::Context::new();
    let socket = wire::open(&context, zmq::PUSH, linger)?;
    socket.connect(&nobody()?)?;
    socket.send("to nobody", 0)?;
    ended(&context, socket)
}

/// How long after its close a socket ended whose peer had read all; and how much that was.
fn drained(linger: i32) -> Result<(Duration, u64), LabError> {
    let context = zmq::Context::new();
    let reader = wire::open(&context, zmq::PULL, 0)?;
    let socket = wire::open(&context, zmq::PUSH, linger)?;
    socket.connect(&bind(&reader)?)?;
    for _ in 0..MESSAGES {
        socket.send("to a reader", 0)?;
    }
    let read = count(&reader, MESSAGES, SOON)?;
    Ok((ended(&context, socket)?, read))
}

fn ended(context: &zmq::Context, socket: zmq::Socket) -> Result<Duration, LabError> {
    let stopped = Watch::on(context, &socket, "stopped", &[SocketEvent::MONITOR_STOPPED])?;
    let closed = Instant::now();
    drop(socket);
    stopped.must_hear("the end of a socket")?;
    Ok(closed.elapsed())
}
