//! A socket's descriptor tells of a change, and not that there is something to read.

use std::time::{Duration, Instant};

use linger::{Registry, zmq};

use crate::lab::bounded::Call;
use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::wire::{self, SOON};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "descriptor_edge",
    claim: "A send uses up what ZMQ_FD had to tell: a message waits, and the descriptor is not \
            readable",
    folklore: "poll the descriptor: it is readable while there is a message",
    run,
};

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let messages: u64 = lab.size(20_000, 2_000);
    let quiet = lab.size(Duration::from_secs(1), Duration::from_millis(200));
    let raw = raw(quiet)?;

    let registry = Registry::new();
    let theirs = registry.socket(zmq::DEALER).name("theirs").open()?;
    theirs.bind("tcp://127.0.0.1:*")?;
    let ours = registry
        .socket(zmq::DEALER)
        .name("ours")
        .group("ours")
        .open()?;
    ours.connect(&theirs.last_endpoint().unwrap_or_default())?;
    // It sends between any two that it receives.
    let echo = Call::start("echo", move || {
        let mut echoed = 0_u64;
        for message in ours.messages() {
            ours.send(message?, 0)?;
            echoed += 1;
        }
        zmq::Result::Ok(echoed)
    })?;
    let mut answered = 0;
    for _ in 0..messages / BURST {
        for _ in 0..BURST {
            theirs.send("ping", 0)?;
        }
        answered += wire::count(&theirs, BURST, SOON / 4)?;
    }
    registry.stop("ours");
    let echoed = echo.must_return(SOON)?.0?;
    drop(theirs);
    let report = registry.close_by(Instant::now() + SOON);
    Ok(Finding::new(
        raw.is_missed
            && raw.is_there
            && answered == messages
            && echoed == messages
            && report.is_clean(),
        format!(
            "a message came while another thing was sent: the descriptor {} readable for {} ms, \
             and the message {}",
            if raw.is_missed { "was not" } else { "was" },
            quiet.as_millis(),
            if raw.is_there {
                "was there"
            } else {
                "was not there"
            },
        ),
        format!(
            "`messages` reads first and waits then, sends between any two: {answered} of \
             {messages} were answered"
        ),
        [
            ("waited_ms", wire::millis(quiet)),
            ("sent_messages", messages as f64),
            ("answered_messages", answered as f64),
        ],
    ))
}

const BURST: u64 = 10;

struct Raw {
    /// The descriptor was not readable.
    is_missed: bool,
    /// But there was a message.
    is_there: bool,
}

fn raw(quiet: Duration) -> Result<Raw, LabError> {
    let context = zmq::Context::new();
    let theirs = wire::open(&context, zmq::DEALER, 0)?;
    let ours = wire::open(&context, zmq::DEALER, 0)?;
    ours.connect(&wire::bind(&theirs)?)?;
    ours.send("hello", 0)?;
    if wire::count(&theirs, 1, SOON)? == 0 {
        return Err(LabError::unready("nothing arrived"));
    }
    // Whatever the connection has changed so far is taken note of.
    ours.get_events()?;
    theirs.send("a message", 0)?;
    if !is_readable(&ours, SOON)? {
        return Err(LabError::unready(
            "the descriptor never told of the message",
        ));
    }
    // As an owner does that has something to say first: it may look about every millisecond.
    let deadline = Instant::now() + SOON;
    while is_readable(&ours, Duration::ZERO)? && Instant::now() < deadline {
        ours.send("something", 0)?;
    }
    let is_missed = !is_readable(&ours, quiet)?;
    let is_there = ours.recv_bytes(zmq::DONTWAIT) == Ok(b"a message".to_vec());
    Ok(Raw {
        is_missed,
        is_there,
    })
}

/// Whether the socket's descriptor, and not the socket, is readable within this.
fn is_readable(socket: &zmq::Socket, limit: Duration) -> zmq::Result<bool> {
    let descriptor = zmq::PollItem::from_fd(socket.get_fd()?, zmq::POLLIN);
    let mut items = [descriptor];
    zmq::poll(&mut items, wire::left(Some(Instant::now() + limit)))?;
    Ok(items[0].is_readable())
}
