//! The crates of this workspace: the publisher waits until its subscribers have acknowledged.

use std::error::Error;
use std::time::{Duration, Instant};

use linger::linger_ack::{DeliveryError, MemberReport, PublishError};
use linger::{Member, Phase, Publisher, Quorum, Report, Service, Subscriber};
use serde_json::json;

use super::WINDOW;
use crate::roles::publisher::{Message, Stream};
use crate::roles::subscriber::Worker;
use crate::roles::{Halting, RoleError};
use crate::wire::Known;

/// By when the publisher is to have stopped.
const BUDGET: Duration = Duration::from_secs(10);

/// How long one attempt to publish waits for room, before it is asked whether to go on.
const ROOM: Duration = Duration::from_millis(100);

/// How long a subscriber may take to become a member, and to leave.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long nothing may come from a publisher whose process has ended.
const QUIET: Duration = Duration::from_secs(1);

/// How often a subscriber looks up from an empty queue.
const LOOK_UP: Duration = Duration::from_millis(100);

impl Halting for Member {
    fn wait_until(&self, instant: Instant) -> bool {
        Self::wait_until(self, instant)
    }
}

pub(super) fn publish(stream: &mut Stream) -> Result<(), RoleError> {
    let service = Service::builder("graceful_pubsub").budget(BUDGET).start();
    let service = service.map_err(doing("start the service"))?;
    let quotes = service
        .publisher("quotes")
        .quorum(Quorum::All)
        .window(WINDOW.unsigned_abs(), 32 << 20)
        .publish_limit(ROOM)
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
        .map_err(doing("bind the publisher"))?;
    let member = service
        .coordinator()
        .register("stream")
        .phase(Phase::INTAKE);
    let member = member.map_err(doing("register the stream"))?;
    stream.bound(vec![
        quotes.data_endpoint().to_owned(),
        quotes.control_endpoint().to_owned(),
    ]);
    while !stream.wait_for_start(PATIENCE) {}
    while let Some(message) = stream.next(&member)? {
        if !accept(&quotes, &message, &member)? {
            break;
        }
        stream.accepted();
    }
    drop(member);
    let report = service.run_blocking();
    stream.stopped(known(&report));
    Ok(())
}

/// Publishes a message; false if the stop came while there was no room for it.
fn accept(quotes: &Publisher, message: &Message, member: &Member) -> Result<bool, RoleError> {
    loop {
        match quotes.publish(message.topic(), message.payload()) {
            Ok(_) => return Ok(true),
            Err(PublishError::WindowFull(_)) if member.is_triggered() => return Ok(false),
            Err(PublishError::WindowFull(_)) => {}
            Err(error) => return Err(doing("publish")(error)),
        }
    }
}

pub(super) fn subscribe(worker: &mut Worker, endpoints: &[String]) -> Result<(), RoleError> {
    let [data, control] = endpoints else {
        let error = format!("{} endpoints instead of two", endpoints.len());
        return Err(doing("connect")(error));
    };
    let subscriber = Subscriber::builder(worker.name())
        .subscribe("")
        .connect(data, control);
    let subscriber = subscriber.map_err(doing("connect"))?;
    if !subscriber.wait_until_member(Instant::now() + PATIENCE) {
        return Err(doing("join")("the publisher did not answer"));
    }
    worker.ready();
    let mut last = Instant::now();
    loop {
        match subscriber.next_by(Instant::now() + LOOK_UP) {
            Ok(Some(delivery)) => {
                worker.process(delivery.payload())?;
                delivery.ack();
                last = Instant::now();
            }
            Ok(None) => {
                let gone = worker.publisher_gone();
                let forsaken = gone.is_some_and(|gone| gone.max(last).elapsed() >= QUIET);
                if subscriber.is_at_end() || forsaken {
                    break;
                }
            }
            // The publisher's own report names who lacks what.
            Err(DeliveryError::Incomplete { .. }) => break,
            Err(error) => return Err(doing("receive")(error)),
        }
    }
    // Whether the publisher has the last acknowledgements, its own report says.
    let _ = subscriber.close_by(Instant::now() + PATIENCE);
    Ok(())
}

fn known(report: &Report) -> Known {
    let Some(acks) = report.publisher("quotes") else {
        return Known::nothing();
    };
    let acked = acks
        .members
        .iter()
        .filter(|member| member.unacked() == 0)
        .count();
    let members = acks.members.iter().map(|member| {
        json!({
            "name": member.name,
            "outcome": member.outcome.to_string(),
            "owed": member.owed(),
            "acked": member.owed() - member.unacked(),
            "unacked": member.unacked(),
        })
    });
    let mut known = Known {
        knew: format!("{}: {acked}/{} acked all", acks.outcome, acks.members.len()),
        ..Known::default()
    };
    for member in &acks.members {
        known
            .subscribers
            .insert(member.name.clone(), said_of(member));
    }
    for (key, value) in [
        ("outcome", json!(acks.outcome.to_string())),
        ("clean", json!(report.is_clean())),
        ("exit_code", json!(report.exit_code())),
        ("accepted", json!(acks.counters.accepted)),
        ("unowed", json!(acks.counters.unowed)),
        ("repaired", json!(acks.counters.repaired)),
        ("members", json!(members.collect::<Vec<_>>())),
    ] {
        known.more.insert(key.to_owned(), value);
    }
    known
}

fn said_of(member: &MemberReport) -> String {
    let (owed, unacked) = (member.owed(), member.unacked());
    match unacked {
        0 => "acked all".to_owned(),
        _ => format!("{}: acked {} of {owed}", member.outcome, owed - unacked),
    }
}

fn doing<E: Into<Box<dyn Error + Send + Sync>>>(
    doing: &'static str,
) -> impl FnOnce(E) -> RoleError {
    move |source| RoleError::Service {
        doing,
        source: source.into(),
    }
}
