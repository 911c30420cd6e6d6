//! Once a context ends, an in-process receiver can't read what is queued for it.

use std::mem;
use std::time::Instant;

use linger::linger_registry::Registry;
use linger::zmq;

use crate::lab::bounded::Call;
use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::wire::{self, SOON};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "inproc_at_term",
    claim: "Once `zmq_ctx_term` has begun, an in-process receiver gets ETERM after at most 99 messages, \
            whatever is queued",
    folklore: "`term` waits until what was sent has been received",
    run,
};

const ENDPOINT: &str = "inproc://queue";

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let sent: u64 = lab.size(10_000, 10_000);
    let raw = raw(sent)?;

    let registry = Registry::new();
    let receiver = registry.socket(zmq::PULL).name("receiver").open()?;
    receiver.set_rcvhwm(0)?;
    receiver.bind(ENDPOINT)?;
    let sender = registry.socket(zmq::PUSH).name("sender").open()?;
    sender.set_sndhwm(0)?;
    sender.connect(ENDPOINT)?;
    for _ in 0..sent {
        sender.send("in process", 0)?;
    }
    drop(sender);
    let closing = registry.clone();
    let close = Call::start("close", move || closing.close_by(Instant::now() + SOON))?;
    // They end when the close begins; what is queued is still there to be read.
    let mut cured = 0;
    for message in receiver.messages() {
        message?;
        cured += 1;
    }
    for message in receiver.queued() {
        message?;
        cured += 1;
    }
    drop(receiver);
    let (report, _) = close.must_return(2 * SOON)?;

    // libzmq looks for news at every hundredth message that it finds waiting.
    let is_lost = raw < 100;
    Ok(Finding::new(
        is_lost && cured == sent && report.is_clean(),
        format!("{raw} of {sent} queued messages could be read after `term` had begun"),
        format!("{cured} of {sent} were read after the close had begun, before the context ended"),
        [
            ("sent_messages", sent as f64),
            ("read_messages", raw as f64),
            ("cured_messages", cured as f64),
        ],
    ))
}

/// How many messages can be read once the context has begun to end.
fn raw(sent: u64) -> Result<u64, LabError> {
    let context = zmq::Context::new();
    let receiver = wire::open(&context, zmq::PULL, 0)?;
    receiver.bind(ENDPOINT)?;
    let sender = wire::open(&context, zmq::PUSH, -1)?;
    sender.connect(ENDPOINT)?;
    for _ in 0..sent {
        sender.send("in process", 0)?;
    }
    drop(sender);
    // One that is reading already.
    receiver.recv_bytes(0)?;
    let witness = wire::open(&context, zmq::PULL, 0)?;
    let mut ending = context.clone();
    // `destroy` frees the context: the last clone must never be dropped.
    mem::forget(context);
    let term = Call::start("term", move || {
        while ending.destroy() == Err(zmq::Error::EINTR) {}
        mem::forget(ending);
    })?;
    // Sockets are told in the order of their making: with the last, the first knows, too.
    let told = witness.recv_bytes(0);
    if told != Err(zmq::Error::ETERM) {
        return Err(LabError::unready("the context does not end"));
    }
    drop(witness);
    let mut read = 0;
    while receiver.recv_bytes(zmq::DONTWAIT).is_ok() {
        read += 1;
    }
    drop(receiver);
    term.must_return(SOON)?;
    Ok(read)
}
