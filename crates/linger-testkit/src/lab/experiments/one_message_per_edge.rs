//! Whoever receives one message each time the descriptor is readable comes to a halt.

use std::time::{Duration, Instant};

use linger::linger_registry::Registry;
use linger::zmq;

use crate::lab::bounded::Call;
use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::wire::{self, SOON, bind};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "one_message_per_edge",
    claim: "ZMQ_FD tells of a change once: whoever then receives one message waits for ever for the next",
    folklore: "wait for the descriptor, receive one message, wait again",
    run,
};

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let sent: u64 = lab.size(10_000, 2_000);
    let silence = lab.size(Duration::from_secs(1), Duration::from_millis(300));
    let raw = raw(sent, silence)?;

    let registry = Registry::new();
    let jobs = registry.socket(zmq::PULL).name("jobs").open()?;
    jobs.set_rcvhwm(0)?;
    jobs.bind("tcp://127.0.0.1:*")?;
    let context = zmq::Context::new();
    let sender = wire::open(&context, zmq::PUSH, -1)?;
    sender.connect(&jobs.last_endpoint().unwrap_or_default())?;
    send(&sender, sent)?;
    let limit = usize::try_from(sent).unwrap_or(usize::MAX);
    let reading = Call::start("jobs", move || {
        jobs.messages().take(limit).filter(Result::is_ok).count() as u64
    })?;
    let (cured, _) = reading.must_return(SOON)?;
    let report = registry.close_by(Instant::now() + SOON);

    let is_stuck = raw.read < sent && raw.waiting;
    Ok(Finding::new(
        is_stuck && cured == sent && report.is_clean(),
        format!(
            "after {} of {sent} messages, received one for each time that the descriptor was \
             readable, it was silent for {} ms; EVENTS said {}",
            raw.read,
            silence.as_millis(),
            if raw.waiting { "readable" } else { "nothing" },
        ),
        format!("`messages()` gave {cured} of {sent}"),
        [
            ("sent_messages", sent as f64),
            ("read_messages", raw.read as f64),
            ("cured_messages", cured as f64),
        ],
    ))
}

struct Raw {
    read: u64,
    /// Whether the socket had messages when its descriptor was silent.
    waiting: bool,
}

/// How far a loop comes that receives a message each time the descriptor is readable.
fn raw(sent: u64, silence: Duration) -> Result<Raw, LabError> {
    let context = zmq::Context::new();
    let receiver = wire::open(&context, zmq::PULL, 0)?;
    let sender = wire::open(&context, zmq::PUSH, 0)?;
    sender.connect(&bind(&receiver)?)?;
    send(&sender, sent)?;
    let descriptor = receiver.get_fd()?;
    let limit = wire::left(Some(Instant::now() + silence));
    let mut read = 0;
    while read < sent {
        let mut item = [zmq::PollItem::from_fd(descriptor, zmq::POLLIN)];
        match zmq::poll(&mut item, limit) {
            Ok(0) => break,
            Ok(_) | Err(zmq::Error::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        match receiver.recv_bytes(zmq::DONTWAIT) {
            Ok(_) => read += 1,
            Err(zmq::Error::EAGAIN | zmq::Error::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let waiting = receiver.get_events()?.contains(zmq::POLLIN);
    Ok(Raw { read, waiting })
}

fn send(sender: &zmq::Socket, count: u64) -> zmq::Result<()> {
    (0..count).try_for_each(|_| sender.send("a message", 0))
}
