//! Subscriptions arrive in the order of their bytes, whatever the order in which they were made.

use std::time::Instant;

use linger::zmq::{self, SocketEvent};
use linger::{Quorum, Subscriber};

use crate::lab::acked::{Member, publisher};
use crate::lab::conditions::Lab;
use crate::lab::detour::Detour;
use crate::lab::error::LabError;
use crate::lab::experiment::{Experiment, Finding};
use crate::lab::wire::{self, SOON, Watch};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    name: "private_topic_last",
    claim: "On a connect and on a reconnect, subscriptions arrive in ascending order of their \
            bytes: one that begins with 0xFF comes last",
    folklore: "subscriptions arrive in the order in which they were made",
    run,
};

fn run(lab: &Lab) -> Result<Finding, LabError> {
    let topics: usize = lab.size(500, 100);
    let raw = raw(topics)?;
    let messages: u64 = lab.size(100_000, 5_000);
    let cured = cut_in_mid_stream(messages)?;
    let is_ascending = raw.at_connect && raw.at_reconnect;
    Ok(Finding::new(
        is_ascending && raw.one_by_one && cured.heard == messages && cured.is_drained,
        format!(
            "{topics} subscriptions, made in another order: {} when it connected, {} when it \
             reconnected; made while connected, {} in the order they were made",
            order(raw.at_connect),
            order(raw.at_reconnect),
            if raw.one_by_one {
                "they came"
            } else {
                "they did not come"
            },
        ),
        format!(
            "a join rests on sequences, and not on that order: with {} data connections cut in \
             the middle, {} of {messages} messages were delivered in order, {} of them \
             repaired",
            cured.cuts, cured.heard, cured.repaired,
        ),
        [
            ("subscriptions", topics as f64),
            ("cut_connections", cured.cuts as f64),
            ("delivered_messages", cured.heard as f64),
            ("repaired_messages", cured.repaired as f64),
        ],
    ))
}

const fn order(is_ascending: bool) -> &'static str {
    if is_ascending {
        "ascending, 0xFF last"
    } else {
        "in some other order"
    }
}

struct Raw {
    at_connect: bool,
    at_reconnect: bool,
    /// Made while connected, they come as they are made.
    one_by_one: bool,
}

fn raw(topics: usize) -> Result<Raw, LabError> {
    let context = zmq::Context::new();
    let subscriber = wire::open(&context, zmq::SUB, 0)?;
    subscriber.set_reconnect_ivl(10)?;
    let gone = Watch::on(&context, &subscriber, "gone", &[SocketEvent::DISCONNECTED])?;
    let mut wanted = vec![b"\xFFprivate".to_vec()];
    // 7 and the number of topics have no common factor: each comes once.
    let scattered = (0..topics - 1).map(|at| (7 * at + 3) % (topics - 1));
    wanted.extend(scattered.map(|number| format!("topic-{number:04}").into_bytes()));
    for topic in &wanted {
        subscriber.set_subscribe(topic)?;
    }
    let theirs = zmq::Context::new();
    let first = wire::open(&theirs, zmq::XPUB, 0)?;
    let endpoint = wire::bind(&first)?;
    subscriber.connect(&endpoint)?;
    let at_connect = arrived(&subscriber, &first, topics)?;
    // One by one, while it is connected.
    let later = [&b"\xFFlater"[..], b"later-2", b"later-1"];
    for topic in later {
        subscriber.set_subscribe(topic)?;
    }
    let one_by_one = arrived(&subscriber, &first, later.len())? == later;
    for topic in later {
        subscriber.set_unsubscribe(topic)?;
    }
    drop((first, theirs));
    gone.must_hear("the end of the first XPUB")?;
    let second = wire::open(&context, zmq::XPUB, 0)?;
    second.bind(&endpoint)?;
    let at_reconnect = arrived(&subscriber, &second, topics)?;
    wanted.sort_unstable();
    Ok(Raw {
        at_connect: at_connect == wanted,
        at_reconnect: at_reconnect == wanted,
        one_by_one,
    })
}

/// The topics of so many subscriptions, as they come.
fn arrived(
    subscriber: &zmq::Socket,
    publisher: &zmq::Socket,
    count: usize,
) -> Result<Vec<Vec<u8>>, LabError> {
    let deadline = Instant::now() + SOON;
    let mut topics = Vec::new();
    while topics.len() < count {
        match publisher.recv_bytes(zmq::DONTWAIT) {
            Ok(mut subscription) if subscription.first() == Some(&1) => {
                topics.push(subscription.split_off(1));
            }
            Ok(_) | Err(zmq::Error::EINTR) => {}
            Err(zmq::Error::EAGAIN) if Instant::now() < deadline => {
                // After a reconnect they are said when the SUB is next used, not before.
                subscriber.get_events()?;
                publisher.poll(zmq::POLLIN, 10)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(topics)
}

struct Cured {
    heard: u64,
    repaired: u64,
    cuts: u64,
    is_drained: bool,
}

fn cut_in_mid_stream(messages: u64) -> Result<Cured, LabError> {
    const CUTS: u64 = 3;
    let publisher = publisher()?;
    let data = Detour::to(publisher.data_endpoint())?;
    let builder = Subscriber::builder("member").subscribe("");
    let member = Member::take(builder.connect(&data.endpoint, publisher.control_endpoint())?)?;
    publisher.wait_for_members(1, Instant::now() + SOON)?;
    let mut cuts = 0;
    for number in 0..messages {
        if number % (messages / (CUTS + 1)) == 0 && number > 0 {
            cuts = data.relay.cut().cut;
        }
        publisher.publish("T", number.to_be_bytes().to_vec())?;
    }
    let report = publisher.close_by(Instant::now() + SOON, Quorum::All);
    Ok(Cured {
        heard: member.processed()?,
        repaired: report.counters.repaired,
        cuts,
        is_drained: report.is_drained(),
    })
}
