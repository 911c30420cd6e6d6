//! Messages that were sent are lost when the process exits before its context has ended.

use std::mem;
use std::process;
use std::time::{Duration, Instant};

use linger::linger_registry::Registry;
use linger::zmq::{self, SocketEvent};

use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::role::{Role, number, say};
use crate::lab::wire::{self, SOON, Watch, count_until_gone};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "exit_before_term",
    claim: "What was sent is lost if the process exits before the context has ended, LINGER or not",
    folklore: "set LINGER and close, then exit",
    run,
};

pub(crate) const ROLE: Role = Role {
    name: "exit_before_term",
    run: publish,
};

/// Of so many bytes.
const MESSAGE: [u8; 200] = [b'm'; 200];

/// How often a loss that depends on the scheduler is looked for.
const TRIES: u32 = 3;

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let sent: u64 = lab.size(100_000, 50_000);
    let at_exit = lowest(lab, "exit", sent)?;
    let at_close = lowest(lab, "close", sent)?;
    let at_linger = lowest(lab, "linger", sent)?;
    let at_term = arrived(lab, "term", sent)?;
    let cured = arrived(lab, "registry", sent)?;
    let percent = |count: u64| count as f64 * 100.0 / sent as f64;
    let is_lost = [at_exit, at_close, at_linger]
        .iter()
        .all(|&count| count < sent);
    Ok(Finding::new(
        is_lost && at_term == sent && cured == sent,
        format!(
            "of {sent} messages of {} B to one subscriber arrived: exit {:.0} %, close and exit \
             {:.0} %, LINGER 1000, close and exit {:.0} %; close and `term` {:.0} %",
            MESSAGE.len(),
            percent(at_exit),
            percent(at_close),
            percent(at_linger),
            percent(at_term),
        ),
        format!(
            "`close_by` and exit: {:.0} %, {cured} of {sent}",
            percent(cured)
        ),
        [
            ("sent_messages", sent as f64),
            ("exit_messages", at_exit as f64),
            ("close_messages", at_close as f64),
            ("linger_messages", at_linger as f64),
            ("term_messages", at_term as f64),
            ("close_by_messages", cured as f64),
        ],
    ))
}

/// How many arrived of a publisher that ends this way; the fewest of a few tries.
fn lowest(lab: &Lab, way: &str, sent: u64) -> Result<u64, LabError> {
    let mut lowest = sent;
    for _ in 0..TRIES {
        lowest = lowest.min(arrived(lab, way, sent)?);
        if lowest < sent {
            break;
        }
    }
    Ok(lowest)
}

fn arrived(lab: &Lab, way: &str, sent: u64) -> Result<u64, LabError> {
    let child = lab.spawn(ROLE.name, &[way, &sent.to_string()])?;
    let deadline = Instant::now() + SOON;
    let endpoint = child.wait_for_line(deadline, |line| line.starts_with("tcp://"))?;
    let context = zmq::Context::new();
    let subscriber = wire::open(&context, zmq::SUB, 0)?;
    let gone = Watch::on(&context, &subscriber, "gone", &[SocketEvent::DISCONNECTED])?;
    subscriber.connect(&endpoint)?;
    subscriber.set_subscribe(b"")?;
    let count = count_until_gone(&subscriber, &gone)?;
    let exit = child.wait_for_exit(Instant::now() + SOON)?;
    if !exit.status.success() {
        return Err(LabError::unready(format!("{way}: {}", child.last_lines())));
    }
    Ok(count)
}

/// Sends everything to its first subscriber, and ends in the way that it is told.
fn publish(args: &[String]) -> Result<(), LabError> {
    let way = args.first().map(String::as_str).unwrap_or_default();
    let count = number(args, 1)?;
    if way == "registry" {
        let registry = Registry::new();
        let publisher = registry.socket(zmq::XPUB).linger(SOON).open()?;
        publisher.set_sndhwm(0)?;
        send_all(&publisher, count)?;
        drop(publisher);
        let report = registry.close_by(Instant::now() + SOON);
        say(&report.to_string())?;
        process::exit(i32::from(!report.is_clean()));
    }
    let context = zmq::Context::new();
    let publisher = wire::open(&context, zmq::XPUB, -1)?;
    send_all(&publisher, count)?;
    if way == "linger" {
        publisher
            .set_linger(i32::try_from(Duration::from_secs(1).as_millis()).unwrap_or(i32::MAX))?;
    }
    if way == "exit" {
        mem::forget(publisher);
    } else {
        drop(publisher);
    }
    if way == "term" {
        drop(context);
    } else {
        mem::forget(context);
    }
    process::exit(0)
}

/// Waits for a subscriber, which an XPUB is told of, and sends it everything.
fn send_all(publisher: &zmq::Socket, count: u64) -> Result<(), LabError> {
    say(&wire::bind(publisher)?)?;
    publisher.recv_bytes(0)?;
    for _ in 0..count {
        publisher.send(&MESSAGE[..], 0)?;
    }
    Ok(())
}
