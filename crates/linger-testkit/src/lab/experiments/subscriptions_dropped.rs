//! Subscriptions are messages, too, and are dropped at the high-water mark.

use std::time::{Duration, Instant};

use linger::{Quorum, Subscriber, zmq};

use crate::lab::acked::{Member, publisher};
use crate::lab::conditions::Lab;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::wire::{self, SOON};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "subscriptions_dropped",
    claim: "A SUB has an SNDHWM of 1000, beyond which the subscriptions that it has when it \
            connects vanish",
    folklore: "a SUB never sends, so its SNDHWM does not matter",
    run,
};

/// How long no further subscription comes before it never will.
const QUIET: Duration = Duration::from_millis(500);

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let topics: u64 = lab.size(3_001, 1_501);
    let by_default = arrived(topics, None)?;
    let unlimited = arrived(topics, Some(0))?;

    let publisher = publisher()?;
    let builder = (0..topics).fold(Subscriber::builder("member"), |builder, number| {
        builder.subscribe(topic(number))
    });
    let (data, control) = (publisher.data_endpoint(), publisher.control_endpoint());
    let subscriber = builder.connect(data, control)?;
    for number in 0..topics {
        subscriber.wait_until_subscribed(topic(number), Instant::now() + SOON)?;
    }
    let member = Member::take(subscriber)?;
    for number in 0..topics {
        publisher.publish(topic(number), "first")?;
    }
    let report = publisher.close_by(Instant::now() + SOON, Quorum::All);
    let heard = member.processed()?;
    Ok(Finding::new(
        by_default < topics && unlimited == topics && report.is_drained() && heard == topics,
        format!(
            "of {topics} subscriptions {by_default} arrived, with SNDHWM 0 {unlimited}: of the \
             other topics nothing would come, and nobody is told"
        ),
        format!(
            "`Subscriber` with {topics} prefixes: a message on each of {topics} topics, {heard} \
             delivered and acknowledged"
        ),
        [
            ("subscriptions", topics as f64),
            ("default_arrived_subscriptions", by_default as f64),
            ("unlimited_arrived_subscriptions", unlimited as f64),
            ("subscriber_delivered_messages", heard as f64),
        ],
    ))
}

/// No topic is a prefix of another.
fn topic(number: u64) -> String {
    format!("topic-{number:05}")
}

fn arrived(topics: u64, high_water_mark: Option<i32>) -> Result<u64, LabError> {
    let context = zmq::Context::new();
    let publisher = wire::open(&context, zmq::XPUB, 0)?;
    let endpoint = wire::bind(&publisher)?;
    let subscriber = context.socket(zmq::SUB)?;
    if let Some(messages) = high_water_mark {
        subscriber.set_sndhwm(messages)?;
    }
    for number in 0..topics {
        subscriber.set_subscribe(topic(number).as_bytes())?;
    }
    subscriber.connect(&endpoint)?;
    wire::count(&publisher, 1, SOON)?;
    Ok(1 + wire::count(&publisher, topics - 1, QUIET)?)
}
