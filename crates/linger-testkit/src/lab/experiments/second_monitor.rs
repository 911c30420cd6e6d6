//! A socket has one monitor: a second one ends the first.

use std::time::{Duration, Instant};

use linger::Registry;
use linger::linger_registry::Outcome;
use linger::zmq::{self, SocketEvent};

use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::wire::{self, SOON, Watch};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "second_monitor",
    claim: "A second monitor() on a socket ends the first",
    folklore: "every part of a program may monitor a socket",
    run,
};

fn run(_: &Lab) -> Result<Finding, LabError> {
    let raw = raw()?;

    let registry = Registry::new();
    let reader = registry.socket(zmq::PAIR).name("reader").open()?;
    let watched = registry.socket(zmq::PUSH).name("watched").open()?;
    let events = SocketEvent::LISTENING.to_raw() | SocketEvent::MONITOR_STOPPED.to_raw();
    watched.monitor("inproc://watched", events.into())?;
    reader.connect("inproc://watched")?;
    reader.set_rcvtimeo(wire::option(SOON))?;
    watched.bind("tcp://127.0.0.1:*")?;
    drop(watched);
    let heard = [
        event(&reader.recv_multipart(0)?),
        event(&reader.recv_multipart(0)?),
    ];
    drop(reader);
    let report = registry.close_by(Instant::now() + SOON);
    let outcome = report
        .socket("watched")
        .map(|socket| socket.outcome().clone());
    let is_left_alone = heard
        == [
            SocketEvent::LISTENING.to_raw(),
            SocketEvent::MONITOR_STOPPED.to_raw(),
        ];
    Ok(Finding::new(
        raw.is_ended && raw.hears_on && is_left_alone && outcome == Some(Outcome::Unobserved),
        format!(
            "when the second was attached, the first {}; of the socket's next event the second \
             heard, the first {}",
            if raw.is_ended {
                "was told that it had stopped"
            } else {
                "went on"
            },
            if raw.hears_on { "did not" } else { "did" },
        ),
        format!(
            "the registry attaches none where its owner has one: that one heard {} events to the \
             end, and the report says {}",
            heard.len(),
            outcome.map_or_else(|| "nothing".to_owned(), |outcome| outcome.to_string()),
        ),
        [
            ("first_ended_monitors", f64::from(u8::from(raw.is_ended))),
            (
                "registry_ended_monitors",
                f64::from(u8::from(!is_left_alone)),
            ),
        ],
    ))
}

struct Raw {
    /// The first was told that it had stopped, when the second came.
    is_ended: bool,
    /// The second hears what happens then, and the first does not.
    hears_on: bool,
}

fn raw() -> Result<Raw, LabError> {
    let context = zmq::Context::new();
    let socket = context.socket(zmq::PUSH)?;
    socket.set_linger(0)?;
    let events = [SocketEvent::LISTENING, SocketEvent::MONITOR_STOPPED];
    let first = Watch::on(&context, &socket, "first", &events)?;
    let second = Watch::on(&context, &socket, "second", &events)?;
    let is_ended = first.heard(Some(Instant::now() + SOON))?;
    socket.bind("tcp://127.0.0.1:*")?;
    let hears_on = second.heard(Some(Instant::now() + SOON))?;
    let first_hears_on = first.heard(Some(Instant::now() + Duration::from_millis(200)))?;
    Ok(Raw {
        is_ended,
        hears_on: hears_on && !first_hears_on,
    })
}

/// Which event it is: the first two bytes of the first frame.
fn event(frames: &[Vec<u8>]) -> u16 {
    match frames.first().map(Vec::as_slice) {
        Some([low, high, ..]) => u16::from_ne_bytes([*low, *high]),
        _ => 0,
    }
}
