//! What the last write could not take is lost, whatever the linger.

use linger::Publisher;
use linger::zmq::{self, SocketEvent};

use crate::lab::acked::Acked;
use crate::lab::bounded::Call;
use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::wire::{self, SOON, Watch, bind, count_until_gone};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "tail_loss",
    claim: "LINGER -1 still loses the last 8 KiB or less when the final write to the kernel is a \
            partial one",
    folklore: "LINGER -1 loses nothing",
    run,
};

/// The kernel's send buffer is as small as that: then a partial write is likely.
const BUFFER: i32 = 4_096;

const MESSAGES: u64 = 200;

/// The batch that libzmq hands to the kernel; more than that is not lost of one that reads.
const BATCH: u64 = 8_192;

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let runs: u64 = lab.size(72, 24);
    let (mut lossy, mut most) = (0, 0);
    for run in 0..runs {
        let lost = MESSAGES - raw(size(run))?;
        lossy += u64::from(lost > 0);
        most = most.max(lost * size(run) as u64);
    }
    let cured_runs: u64 = lab.size(24, 4);
    let mut whole = 0;
    for run in 0..cured_runs {
        let builder = Publisher::builder("tail").send_buffer(BUFFER.unsigned_abs());
        let came = Acked::start(builder)?.send(MESSAGES, &vec![b'm'; size(run)])?;
        whole += u64::from(came.is_drained && came.processed == MESSAGES);
    }
    Ok(Finding::new(
        lossy > 0 && most <= BATCH + size(runs) as u64 && whole == cured_runs,
        format!(
            "SNDBUF {BUFFER}, LINGER -1, close and `term`: {lossy} of {runs} runs lost their tail, \
             {most} bytes at most",
        ),
        format!("{whole} of {cured_runs} runs were whole, and reported as drained"),
        [
            ("runs", runs as f64),
            ("lossy_runs", lossy as f64),
            ("most_lost_bytes", most as f64),
            ("cured_runs", cured_runs as f64),
            ("whole_runs", whole as f64),
        ],
    ))
}

/// Messages of each run have a size of their own: the end falls on ever other places.
fn size(run: u64) -> usize {
    usize::try_from(1_000 + 37 * run).unwrap_or(1_000)
}

/// How many messages arrive at a peer that reads all the time.
fn raw(size: usize) -> Result<u64, LabError> {
    let (home, away) = (zmq::Context::new(), zmq::Context::new());
    let sender = wire::open(&home, zmq::PUSH, -1)?;
    sender.set_sndbuf(BUFFER)?;
    let receiver = wire::open(&away, zmq::PULL, 0)?;
    receiver.set_rcvbuf(BUFFER)?;
    let gone = Watch::on(&away, &receiver, "gone", &[SocketEvent::DISCONNECTED])?;
    receiver.connect(&bind(&sender)?)?;
    let message = vec![b'm'; size];
    for _ in 0..MESSAGES {
        sender.send(&message[..], 0)?;
    }
    drop(sender);
    let term = Call::start("term", move || drop(home))?;
    let arrived = count_until_gone(&receiver, &gone)?;
    term.must_return(SOON)?;
    Ok(arrived)
}
