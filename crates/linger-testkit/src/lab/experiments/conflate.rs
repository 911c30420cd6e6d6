//! A socket that keeps the last message alone loses that one when it is closed.

use std::time::{Duration, Instant};

use linger::Quorum;
use linger::linger_registry::Trap;
use linger::zmq::{self, SocketEvent};

use crate::lab::acked::{Member, publisher};
use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::trap;
use crate::lab::wire::{self, SOON, Watch, nobody};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "conflate",
    claim: "CONFLATE loses its last message at the close, whatever the linger",
    folklore: "CONFLATE keeps the last message",
    run,
};

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let tries: u64 = lab.size(20, 5);
    let (mut conflated, mut plain) = (0, 0);
    for _ in 0..tries {
        conflated += last_message(true)?;
        plain += last_message(false)?;
    }

    let traps = trap::named(|socket| socket.set_conflate(true))?;
    let publisher = publisher()?;
    let member = Member::of(&publisher)?;
    for number in 1..=tries {
        publisher.publish("T", number.to_be_bytes().to_vec())?;
    }
    let report = publisher.close_by(Instant::now() + SOON, Quorum::All);
    let heard = member.processed()?;
    Ok(Finding::new(
        conflated == 0
            && plain == tries
            && traps == [Trap::Conflate]
            && report.is_drained()
            && heard == tries,
        format!(
            "one message, closed with LINGER {} s, and its reader came then: {conflated} of \
             {tries} arrived with CONFLATE, {plain} of {tries} without",
            LINGER.as_secs(),
        ),
        format!(
            "the registry {}; `Publisher` never conflates: closed right after its last message, \
             {heard} of {tries} were delivered and acknowledged, the last among them",
            trap::said(&traps),
        ),
        [
            ("tries", tries as f64),
            ("conflated_arrived_messages", conflated as f64),
            ("plain_arrived_messages", plain as f64),
            ("publisher_delivered_messages", heard as f64),
        ],
    ))
}

const LINGER: Duration = Duration::from_secs(5);

/// How many of one message arrive, whose sender has closed before its reader is there.
fn last_message(conflate: bool) -> Result<u64, LabError> {
    let endpoint = nobody()?;
    let context = zmq::Context::new();
    let sender = context.socket(zmq::PUSH)?;
    sender.set_linger(wire::option(LINGER))?;
    sender.set_conflate(conflate)?;
    sender.set_reconnect_ivl(5)?;
    sender.connect(&endpoint)?;
    sender.send("the last", 0)?;
    let ended = Watch::on(&context, &sender, "ended", &[SocketEvent::MONITOR_STOPPED])?;
    drop(sender);
    // Without CONFLATE it does not end before its reader comes.
    ended.heard(Some(Instant::now() + Duration::from_millis(50)))?;
    let theirs = zmq::Context::new();
    let reader = wire::open(&theirs, zmq::PULL, 0)?;
    reader.bind(&endpoint)?;
    wire::count(&reader, 1, Duration::from_millis(300))
}
