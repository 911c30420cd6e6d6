//! A PUB drops what a subscriber has no room for, and whatever nobody listens to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use linger::{Quorum, zmq};

use crate::lab::acked::{Member, publisher};
use crate::lab::bounded::Call;
use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::wire::{self, SOON};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "pub_high_water",
    claim: "A PUB at its high-water mark, or without a peer, drops, and send returns Ok",
    folklore: "send returned Ok, so the message is on its way",
    run,
};

const MESSAGE: [u8; 64] = [b'm'; 64];

/// How often a loss that depends on the scheduler is looked for.
const TRIES: u32 = 3;

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let sent: u64 = lab.size(200_000, 50_000);
    let alone = accepted_alone(sent)?;
    let mut arrived = sent;
    for _ in 0..TRIES {
        arrived = arrived.min(to_a_reader(sent)?);
        if arrived < sent {
            break;
        }
    }

    let publisher = publisher()?;
    let member = Member::of(&publisher)?;
    for _ in 0..sent {
        publisher.publish("T", &MESSAGE[..])?;
    }
    let report = publisher.close_by(Instant::now() + SOON, Quorum::All);
    let heard = member.processed()?;
    Ok(Finding::new(
        alone == sent && arrived < sent && report.is_drained() && heard == sent,
        format!(
            "of {sent} sends of {} B to a subscriber that reads all the time, all Ok, {arrived} \
             arrived; without a subscriber {alone} were Ok as well",
            MESSAGE.len(),
        ),
        format!(
            "`publish` waits for room in its window: {heard} of {sent} delivered and acknowledged"
        ),
        [
            ("sent_messages", sent as f64),
            ("arrived_messages", arrived as f64),
            ("accepted_without_a_peer_messages", alone as f64),
            ("publisher_delivered_messages", heard as f64),
        ],
    ))
}

fn accepted_alone(sent: u64) -> Result<u64, LabError> {
    let context = zmq::Context::new();
    let publisher = context.socket(zmq::PUB)?;
    publisher.set_linger(0)?;
    wire::bind(&publisher)?;
    let accepted = (0..sent).filter(|_| publisher.send(&MESSAGE[..], 0).is_ok());
    Ok(accepted.count() as u64)
}

/// How many of a burst arrive with the default high-water marks.
fn to_a_reader(sent: u64) -> Result<u64, LabError> {
    let context = zmq::Context::new();
    let publisher = context.socket(zmq::XPUB)?;
    publisher.set_linger(0)?;
    publisher.set_rcvtimeo(wire::option(SOON))?;
    let endpoint = wire::bind(&publisher)?;
    let subscriber = context.socket(zmq::SUB)?;
    subscriber.set_subscribe(b"")?;
    subscriber.connect(&endpoint)?;
    publisher.recv_bytes(0)?;
    let is_over = Arc::new(AtomicBool::new(false));
    let ended = Arc::clone(&is_over);
    let reader = Call::start("subscriber", move || {
        subscriber.set_rcvtimeo(200)?;
        let mut message = zmq::Message::new();
        let mut count = 0_u64;
        loop {
            // Looked at first: what was sent before has had its time to arrive.
            let is_over = ended.load(Ordering::Acquire);
            match subscriber.recv(&mut message, 0) {
                Ok(()) => count += 1,
                Err(zmq::Error::EAGAIN) if is_over => return Ok(count),
                Err(zmq::Error::EAGAIN | zmq::Error::EINTR) => {}
                Err(error) => return Err(error),
            }
        }
    })?;
    let result = (0..sent).try_for_each(|_| publisher.send(&MESSAGE[..], 0));
    is_over.store(true, Ordering::Release);
    let arrived = reader.must_return(SOON)?.0?;
    result?;
    Ok(arrived)
}
