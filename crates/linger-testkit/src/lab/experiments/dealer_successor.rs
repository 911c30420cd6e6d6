//! What a DEALER queued for one publisher is delivered to the next at the same address.

use std::time::{Duration, Instant};

use linger::linger_ack::Delivery;
use linger::zmq::{self, SocketEvent};
use linger::{Publisher, Quorum, Subscriber};

use crate::child::Signal;
use crate::lab::acked;
use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::role::{Role, say};
use crate::lab::wire::{self, SOON, Watch};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "dealer_successor",
    claim: "A DEALER delivers what it queued for a publisher that is gone to its successor",
    folklore: "what was sent to a peer that is gone is gone with it",
    run,
};

pub(crate) const ROLE: Role = Role {
    name: "dealer_successor",
    run: predecessor,
};

const FRAMES: u64 = 3;

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let delivered = delivered_to_successor()?;
    let cured = acknowledge_late(lab)?;
    Ok(Finding::new(
        delivered == FRAMES && cured.is_sound(),
        format!("{delivered} of {FRAMES} frames for the first ROUTER were read by the second"),
        format!(
            "{FRAMES} acknowledgements for a publisher that was killed, same topic, same \
             sequences: its successor refused {} stale frames, had {} of {FRAMES} messages \
             outstanding, and {} after they were acknowledged to it",
            cured.stale, cured.outstanding_before, cured.outstanding_after,
        ),
        [
            ("delivered_to_successor_frames", delivered as f64),
            ("refused_stale_frames", cured.stale as f64),
            (
                "outstanding_before_messages",
                cured.outstanding_before as f64,
            ),
            ("outstanding_after_messages", cured.outstanding_after as f64),
        ],
    ))
}

fn delivered_to_successor() -> Result<u64, LabError> {
    let context = zmq::Context::new();
    let dealer = wire::open(&context, zmq::DEALER, 0)?;
    dealer.set_reconnect_ivl(10)?;
    let gone = Watch::on(&context, &dealer, "gone", &[SocketEvent::DISCONNECTED])?;
    let endpoint = {
        let theirs = zmq::Context::new();
        let first = wire::open(&theirs, zmq::ROUTER, 0)?;
        let endpoint = wire::bind(&first)?;
        dealer.connect(&endpoint)?;
        dealer.send("hello", 0)?;
        if wire::count(&first, 1, SOON)? == 0 {
            return Err(LabError::unready("the first ROUTER heard nothing"));
        }
        endpoint
    };
    gone.must_hear("the end of the first ROUTER")?;
    for _ in 0..FRAMES {
        dealer.send("for the first", 0)?;
    }
    let second = wire::open(&context, zmq::ROUTER, 0)?;
    second.bind(&endpoint)?;
    wire::count(&second, FRAMES, SOON / 5)
}

struct Cured {
    stale: u64,
    outstanding_before: u64,
    outstanding_after: u64,
    is_drained: bool,
}

impl Cured {
    const fn is_sound(&self) -> bool {
        let is_kept_apart = self.stale > 0 && self.outstanding_before == FRAMES;
        is_kept_apart && self.outstanding_after == 0 && self.is_drained
    }
}

fn acknowledge_late(lab: &Lab) -> Result<Cured, LabError> {
    let first = lab.spawn(ROLE.name, &[])?;
    let line = first.wait_for_line(Instant::now() + SOON, |line| line.contains(' '))?;
    let (data, control) = line.split_once(' ').unwrap_or_default();
    let subscriber = Subscriber::builder("member")
        .subscribe("")
        .connect(data, control)?;
    let old = take(&subscriber)?;
    first.signal(Signal::Kill)?;
    first.wait_for_exit(Instant::now() + SOON)?;
    // Nobody is there: the DEALER queues them.
    old.into_iter().for_each(Delivery::ack);

    let second = Publisher::builder("ticks").bind(data, control)?;
    second.wait_for_members(1, Instant::now() + SOON)?;
    publish(&second)?;
    let new = take(&subscriber)?;
    let outstanding_before = second.outstanding().messages;
    new.into_iter().for_each(Delivery::ack);
    let report = second.close_by(Instant::now() + SOON, Quorum::All);
    let outstanding_after = report.members.iter().map(|member| member.unacked()).sum();
    let _ = subscriber.close_by(Instant::now() + Duration::from_secs(1));
    Ok(Cured {
        stale: report.counters.stale,
        outstanding_before,
        outstanding_after,
        is_drained: report.is_drained(),
    })
}

fn publish(publisher: &Publisher) -> Result<(), LabError> {
    for number in 0..FRAMES {
        publisher.publish("T", number.to_be_bytes().to_vec())?;
    }
    Ok(())
}

fn take(subscriber: &Subscriber) -> Result<Vec<Delivery>, LabError> {
    let deadline = Instant::now() + SOON;
    let mut taken = Vec::new();
    for _ in 0..FRAMES {
        let delivery = subscriber.next_by(deadline)?;
        taken.push(delivery.ok_or_else(|| LabError::unready("a message did not come"))?);
    }
    Ok(taken)
}

/// Publishes to its first member, and waits to be killed.
fn predecessor(_: &[String]) -> Result<(), LabError> {
    let publisher = acked::publisher()?;
    say(&format!(
        "{} {}",
        publisher.data_endpoint(),
        publisher.control_endpoint()
    ))?;
    publisher.wait_for_members(1, Instant::now() + SOON)?;
    publish(&publisher)?;
    std::io::stdin().read_line(&mut String::new())?;
    Ok(())
}
