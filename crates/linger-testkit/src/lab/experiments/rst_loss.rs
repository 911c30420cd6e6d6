//! A peer that keeps sending makes the kernel reset the connection, and what is on its way is lost.

use std::time::Instant;

use linger::Publisher;
use linger::zmq::{self, SocketEvent};

use crate::lab::acked::Acked;
use crate::lab::bounded::Call;
use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::wire::{self, SOON, Watch, bind, count_until_gone};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "rst_loss",
    claim: "LINGER -1 still loses what is on its way if the peer keeps sending on the same \
            connection: the kernel resets it",
    folklore: "LINGER -1 loses nothing",
    run,
};

const MESSAGE: [u8; 100] = [b'm'; 100];

/// A loss that depends on the kernel's timing is looked for so often.
const TRIES: u32 = 3;

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let sent: u64 = lab.size(20_000, 20_000);
    let mut shared = sent;
    for _ in 0..TRIES {
        shared = shared.min(raw(sent, true)?);
        if shared < sent {
            break;
        }
    }
    let apart = raw(sent, false)?;
    let window = u32::try_from(sent).unwrap_or(u32::MAX);
    let builder = Publisher::builder("rst").window(window, 64 << 20);
    let cured = Acked::start(builder)?.send(sent, &MESSAGE)?;
    Ok(Finding::new(
        shared < sent && apart == sent && cured.is_drained && cured.processed == sent,
        format!(
            "LINGER -1, close and `term`: {} of {sent} lost while the peer sent back on the same \
             connection, {} with a connection of its own for that",
            sent - shared,
            sent - apart,
        ),
        format!(
            "acknowledgements on a connection of their own: {} of {sent} processed, {}",
            cured.processed,
            if cured.is_drained {
                "drained"
            } else {
                "not drained"
            },
        ),
        [
            ("sent_messages", sent as f64),
            ("lost_messages", (sent - shared) as f64),
            ("lost_apart_messages", (sent - apart) as f64),
            ("processed_messages", cured.processed as f64),
        ],
    ))
}

/// How many messages arrive from a socket that lingers for ever, while its peer sends and sends.
fn raw(sent: u64, is_shared: bool) -> Result<u64, LabError> {
    let (home, away) = (zmq::Context::new(), zmq::Context::new());
    let sender = wire::open(&home, zmq::DEALER, -1)?;
    // It takes little of what comes back: the rest is left to the kernel.
    sender.set_rcvhwm(10)?;
    let endpoint = bind(&sender)?;
    let receiver = wire::open(&away, zmq::DEALER, 0)?;
    receiver.set_sndhwm(1_000)?;
    receiver.set_rcvhwm(1_000)?;
    let gone = Watch::on(&away, &receiver, "gone", &[SocketEvent::DISCONNECTED])?;
    receiver.connect(&endpoint)?;

    let back = wire::open(&home, zmq::PULL, 0)?;
    back.set_rcvhwm(10)?;
    let way_back = wire::open(&away, zmq::PUSH, 0)?;
    way_back.set_sndhwm(1_000)?;
    way_back.connect(&bind(&back)?)?;
    flood(if is_shared { &receiver } else { &way_back })?;

    for _ in 0..sent {
        sender.send(&MESSAGE[..], 0)?;
    }
    drop((sender, back));
    let term = Call::start("term", move || drop(home))?;
    let arrived = count_until_gone(&receiver, &gone)?;
    term.must_return(SOON)?;
    Ok(arrived)
}

/// Sends until nothing more goes: until all buffers on the way are full.
fn flood(socket: &zmq::Socket) -> Result<(), LabError> {
    let deadline = Instant::now() + SOON;
    while socket.poll(zmq::POLLOUT, 100)? > 0 {
        match socket.send(&MESSAGE[..], zmq::DONTWAIT) {
            Ok(()) | Err(zmq::Error::EAGAIN) => {}
            Err(error) => return Err(error.into()),
        }
        if Instant::now() > deadline {
            return Err(LabError::unready("the buffers never fill"));
        }
    }
    Ok(())
}
