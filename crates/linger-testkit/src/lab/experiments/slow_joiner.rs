//! What is sent before a subscription has arrived is gone.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use linger::linger_ack::PublishError;
use linger::{Publisher, Quorum, Subscriber, zmq};

use crate::lab::acked::publisher;
use crate::lab::conditions::Lab;
use crate::lab::detour::Detour;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::wire::{self, SOON};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "slow_joiner",
    claim: "What is sent before the subscription has reached the publisher is gone",
    folklore: "connect first, and nothing is missed; or sleep a little",
    run,
};

const SENT: u64 = 1_000;

/// Each way between the two. On bare loopback the subscription is at times the faster one.
const LATENCY: Duration = Duration::from_millis(50);

/// How many messages each takes that joins.
const TAKEN: u64 = 200;

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let arrived = at_once()?;
    let joins: u64 = lab.size(200, 10);
    let joined = join_under_flood(joins)?;
    Ok(Finding::new(
        arrived < SENT && joined.sound == joins && joined.published > TAKEN * joins,
        format!(
            "of {SENT} messages, sent as soon as the subscriber's connect had returned, with {} ms \
             each way between the two, {arrived} arrived",
            LATENCY.as_millis(),
        ),
        format!(
            "{joins} joined while {} messages were published: {} began exactly where the publisher \
             says, without a gap in their first {TAKEN}",
            joined.published, joined.sound,
        ),
        [
            ("sent_messages", SENT as f64),
            ("arrived_messages", arrived as f64),
            ("joins", joins as f64),
            ("sound_joins", joined.sound as f64),
            ("published_messages", joined.published as f64),
        ],
    ))
}

fn at_once() -> Result<u64, LabError> {
    let context = zmq::Context::new();
    let publisher = wire::open(&context, zmq::PUB, 0)?;
    let detour = Detour::to(&wire::bind(&publisher)?)?;
    detour.relay.delay(LATENCY);
    let subscriber = wire::open(&context, zmq::SUB, 0)?;
    subscriber.set_subscribe(b"")?;
    subscriber.connect(&detour.endpoint)?;
    for _ in 0..SENT {
        publisher.send("tick", 0)?;
    }
    // The handshake takes some ten times the latency.
    wire::count(&subscriber, SENT, 20 * LATENCY)
}

#[derive(Default)]
struct Joined {
    sound: u64,
    published: u64,
}

fn join_under_flood(joins: u64) -> Result<Joined, LabError> {
    let publisher = publisher()?;
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let flood = scope.spawn(|| flood(&publisher, &is_over));
        let first: Result<Vec<Option<u64>>, LabError> =
            (0..joins).map(|number| join(&publisher, number)).collect();
        is_over.store(true, Ordering::Release);
        let published = flood.join().map_err(|_| LabError::Panicked)??;
        let report = publisher.close_by(Instant::now() + SOON, Quorum::All);
        let base = |number| {
            let member = report.member(&name(number))?;
            Some(member.topics.first()?.base)
        };
        let is_sound =
            |(number, first): &(u64, Option<u64>)| first.is_some() && *first == base(*number);
        Ok(Joined {
            sound: (0..joins).zip(first?).filter(is_sound).count() as u64,
            published,
        })
    })
}

fn flood(publisher: &Publisher, is_over: &AtomicBool) -> Result<u64, PublishError> {
    let mut published = 0_u64;
    while !is_over.load(Ordering::Acquire) {
        publisher.publish("T", published.to_be_bytes().to_vec())?;
        published += 1;
    }
    Ok(published)
}

fn name(number: u64) -> String {
    format!("joiner-{number}")
}

/// The first sequence that it was given, if no other was left out.
fn join(publisher: &Publisher, number: u64) -> Result<Option<u64>, LabError> {
    let (data, control) = (publisher.data_endpoint(), publisher.control_endpoint());
    let subscriber = Subscriber::builder(name(number)).subscribe("");
    let subscriber = subscriber.connect(data, control)?;
    let deadline = Instant::now() + SOON;
    let mut first = None;
    for at in 0..TAKEN {
        let Some(delivery) = subscriber.next_by(deadline)? else {
            return Ok(None);
        };
        let sequence = delivery.sequence();
        delivery.ack();
        if *first.get_or_insert(sequence) + at != sequence {
            return Ok(None);
        }
    }
    // It leaves in the background.
    drop(subscriber);
    Ok(first)
}
