//! Linger ends when the kernel has the messages: no peer is asked.

use std::time::{Duration, Instant};

use linger::zmq;
use linger::{Publisher, Quorum, Subscriber};

use crate::child::{Child, Signal};
use crate::lab::acked::{ANY, process};
use crate::lab::bounded::Call;
use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::role::{Role, say};
use crate::lab::wire::{self, SOON, bind, millis};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "no_receipt",
    claim: "Linger ends when the kernel has taken the messages; no peer acknowledges anything",
    folklore: "linger waits until the messages are acknowledged",
    run,
};

pub(crate) const ROLE: Role = Role {
    name: "no_receipt",
    run: read,
};

pub(super) const MESSAGES: u64 = 100;

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let raw = raw(lab)?;
    let publisher = Publisher::builder("receipts").bind(ANY, ANY)?;
    let endpoints = [publisher.data_endpoint(), publisher.control_endpoint()];
    let child = lab.spawn(ROLE.name, &endpoints)?;
    publisher.wait_for_members(1, Instant::now() + SOON)?;
    child.signal(Signal::Stop)?;
    for _ in 0..MESSAGES {
        publisher.publish("t", "m")?;
    }
    let limit = lab.size(Duration::from_secs(1), Duration::from_millis(300));
    let is_flushed = publisher
        .flush_by(Instant::now() + limit, Quorum::All)
        .is_ok();
    let unacked = publisher.outstanding().messages;
    child.signal(Signal::Continue)?;
    let report = publisher.close_by(Instant::now() + SOON, Quorum::All);
    let processed = last_word(&child)?;

    // A linger that waited for the reader would have lasted until it was killed.
    let is_so = raw.term < SOON && raw.read == 0;
    let is_cured = !is_flushed && report.is_drained() && processed == MESSAGES;
    Ok(Finding::new(
        is_so && is_cured,
        format!(
            "LINGER -1, {MESSAGES} messages to a reader that is frozen: `term` returned after \
             {:.1} ms; the reader, killed then, had read {}",
            millis(raw.term),
            raw.read,
        ),
        format!(
            "while it was frozen, `flush_by` in {} ms {} with {unacked} unacknowledged; when it \
             went on, {processed} were processed: {}",
            limit.as_millis(),
            if is_flushed { "succeeded" } else { "failed" },
            report.summary(),
        ),
        [
            ("term_ms", millis(raw.term)),
            ("read_messages", raw.read as f64),
            ("unacked_messages", unacked as f64),
            ("processed_messages", processed as f64),
        ],
    ))
}

struct Raw {
    term: Duration,
    read: u64,
}

/// How long `term` takes with a reader that stands still, which then is killed.
fn raw(lab: &Lab) -> Result<Raw, LabError> {
    let context = zmq::Context::new();
    let sender = wire::open(&context, zmq::PUSH, -1)?;
    let child = lab.spawn(ROLE.name, &[&bind(&sender)?])?;
    // Sends when the reader is there, and not before.
    sender.send("first", 0)?;
    child.wait_for_line(Instant::now() + SOON, |line| line == "first")?;
    child.signal(Signal::Stop)?;
    for _ in 0..MESSAGES {
        sender.send("m", 0)?;
    }
    drop(sender);
    let term = Call::start("term", move || drop(context))?;
    let ended = term.within(SOON)?;
    child.signal(Signal::Kill)?;
    let read = last_word(&child).unwrap_or(0);
    let (_, term) = ended.ok_or(LabError::Endless(SOON))?;
    Ok(Raw { term, read })
}

/// The number that it said last.
fn last_word(child: &Child) -> Result<u64, LabError> {
    child.wait_for_exit(Instant::now() + SOON)?;
    let said = child.wait_for_last_lines(Instant::now() + SOON)?;
    let number = said.lines().rev().find_map(|line| line.parse().ok());
    number.ok_or_else(|| LabError::unready(format!("the reader said {said:?}")))
}

/// Reads from a plain PUSH, or from a publisher with two endpoints, and says how much.
fn read(args: &[String]) -> Result<(), LabError> {
    match args {
        [endpoint] => {
            let context = zmq::Context::new();
            let receiver = wire::open(&context, zmq::PULL, 0)?;
            receiver.connect(endpoint)?;
            receiver.recv_bytes(0)?;
            say("first")?;
            for count in 1.. {
                receiver.recv_bytes(0)?;
                say(&count.to_string())?;
            }
        }
        [data, control] => {
            let subscriber = Subscriber::builder("reader").subscribe("");
            let subscriber = subscriber.connect(data, control)?;
            say(&process(&subscriber)?.to_string())?;
        }
        _ => return Err(LabError::unready("one endpoint or two")),
    }
    Ok(())
}
