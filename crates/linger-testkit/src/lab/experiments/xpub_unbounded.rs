//! Anyone can fill the memory of an XPUB that is not read.

use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use linger::zmq;

use crate::lab::acked;
use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::role::{Role, say};
use crate::lab::stranger::{Stranger, message};
use crate::lab::wire::{self, SOON};
use crate::scenario::memory::resident;

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "xpub_unbounded",
    claim: "An XPUB queues what subscribers say without a limit, until it is read; a PUB has no \
            such queue",
    folklore: "RCVHWM bounds what waits to be received",
    run,
};

pub(crate) const ROLE: Role = Role {
    name: "xpub_unbounded",
    run: publish,
};

const MIB: u64 = 1 << 20;

/// What is published all the time, and tells a stranger that all it said was taken.
const DONE: &[u8] = b"done";

/// Neither a subscription nor its end, which begin with 1 and 0: what an XSUB may say upstream.
const SAID: [u8; 1_000] = [b's'; 1_000];

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let flood = MIB * lab.size(128, 16);
    let xpub = grown(lab, "xpub", flood)?;
    let by_pub = grown(lab, "pub", flood)?;
    let publisher = grown(lab, "publisher", flood)?;
    let mib = |bytes: u64| bytes as f64 / MIB as f64;
    // What a process takes for other things meanwhile is much less than a quarter of the flood.
    let (most, least) = (flood / 4, flood / 2);
    Ok(Finding::new(
        xpub > least && by_pub < most && publisher < most,
        format!(
            "one connection says {:.0} MiB to a publisher that reads nothing, with an RCVHWM of 1000: \
             the XPUB's process grew by {:.0} MiB, a PUB's by {:.0} MiB",
            mib(flood),
            mib(xpub),
            mib(by_pub),
        ),
        format!(
            "the same said to the data port of a `Publisher`, which is a PUB: {:.0} MiB",
            mib(publisher)
        ),
        [
            ("flood_mib", mib(flood)),
            ("xpub_grown_mib", mib(xpub)),
            ("pub_grown_mib", mib(by_pub)),
            ("publisher_grown_mib", mib(publisher)),
        ],
    ))
}

/// By how many bytes a process grows that publishes with this, while a stranger says so much.
fn grown(lab: &Lab, kind: &str, flood: u64) -> Result<u64, LabError> {
    let child = lab.spawn(ROLE.name, &[kind])?;
    let deadline = Instant::now() + SOON;
    let endpoint = child.wait_for_line(deadline, |line| line.starts_with("tcp://"))?;
    let mut stranger = Stranger::greeted(&endpoint, "XSUB", b"")?;
    let before = resident(child.pid())?;
    let said = message(&SAID);
    for _ in 0..flood.div_ceil(said.len() as u64) {
        stranger.say(&said)?;
    }
    // In order: when it is published to us, everything before has been taken.
    stranger.say(&message(&[&[1], DONE].concat()))?;
    stranger.hear()?;
    Ok(resident(child.pid())?.saturating_sub(before))
}

/// Publishes until its stdin ends, and reads nothing.
fn publish(args: &[String]) -> Result<(), LabError> {
    let publish: Box<dyn Fn() -> Result<(), LabError>> = match args.first().map(String::as_str) {
        Some("publisher") => {
            let publisher = acked::publisher()?;
            say(publisher.data_endpoint())?;
            Box::new(move || Ok(publisher.publish(DONE, "").map(drop)?))
        }
        kind => {
            let kind = if kind == Some("pub") {
                zmq::PUB
            } else {
                zmq::XPUB
            };
            let socket = zmq::Context::new().socket(kind)?;
            socket.set_linger(0)?;
            say(&wire::bind(&socket)?)?;
            Box::new(move || Ok(socket.send(DONE, 0)?))
        }
    };
    let (left_alone, end) = mpsc::channel::<()>();
    thread::Builder::new().spawn(move || {
        let ended = io::stdin().read_line(&mut String::new());
        drop((left_alone, ended));
    })?;
    while end.recv_timeout(Duration::from_millis(2)) == Err(RecvTimeoutError::Timeout) {
        publish()?;
    }
    Ok(())
}
