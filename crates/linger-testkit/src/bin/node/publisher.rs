//! A service that publishes numbered messages when it is told to.
//!
//! Orders, first those of the settings `order=…` and then those on stdin: `wait N` for members,
//! `publish N` messages, `stream RATE` until the stop, `members`, `stop`.

use crate::settings::Settings;
use crate::{Ended, tell};
use linger::linger_ack::PublishError;
use linger::linger_ack::proto::PublisherConfig;
use linger::{Member, Outcome, Phase, Publisher, Quorum, Report, Service};
use serde_json::{Value, json};
use std::error::Error;
use std::io::{self, BufRead as _};
use std::process::Termination as _;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

const TOPICS: [&str; 4] = ["alpha", "beta", "gamma", "delta"];

pub(crate) fn run(settings: &Settings) -> Ended {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()?;
    let _entered = runtime.enter();
    let name = settings.text("name", "ticks");
    let service = Service::builder(&*name)
        .budget(settings.millis("budget_ms", 5_000)?)
        .start()?;
    let quorum = match settings.number("at_least", 0)? {
        0 => Quorum::All,
        least => Quorum::AtLeast(least),
    };
    let evict_after = settings.millis("evict_ms", 0)?;
    let bare = settings.number("bare", 0)? != 0;
    let mut config = PublisherConfig::default();
    config.window_messages = settings.number("window", config.window_messages)?;
    config.window_bytes = settings.number("window_bytes", config.window_bytes)?;
    config.max_payload = config.max_payload.min(config.window_bytes);
    config.expiry = settings.millis("expiry_ms", 5_000)?;
    config.durable = settings.all("durable").to_vec();
    let publisher = service
        .publisher(&*name)
        .quorum(quorum)
        .adjust(|builder| builder.config(config).bare_topics(bare))
        .adjust(|builder| match evict_after {
            Duration::ZERO => builder,
            limit => builder.evict_after(limit),
        })
        .publish_limit(Duration::from_millis(100))
        .bind(
            &settings.text("data", "tcp://127.0.0.1:*"),
            &settings.text("control", "tcp://127.0.0.1:*"),
        )?;
    let (blocked, workers) = mpsc::channel();
    for worker in 0..settings.number("block_workers", 0)? {
        let blocked = blocked.clone();
        service.spawn(
            format!("blocker-{worker}"),
            Phase::WORK,
            |_member| async move {
                let _ = blocked.send(());
                block();
            },
        )?;
        // One after the other: each has a worker of its own before anything is said.
        workers.recv()?;
    }
    let member = service
        .coordinator()
        .register("orders")
        .phase(Phase::INTAKE)?;
    let orders = Orders {
        publisher: publisher.clone(),
        member: Arc::new(member),
        published: 0,
        digits: settings.number("digits", 1)?,
    };
    tell(&json!({
        "event": "bound",
        "data": publisher.data_endpoint(),
        "control": publisher.control_endpoint(),
    }));
    orders.listen(settings.all("order"), service.clone())?;
    let report = runtime.block_on(service.run());
    tell(&stopped(&report));
    // The runtime is left to end after `main`, as in any service: that is where it may hang.
    drop(_entered);
    drop(runtime);
    Ok(report.report())
}

/// A member that does this never ends and never yields: its worker is lost to the runtime.
fn block() {
    let for_ever = Some(());
    while for_ever.is_some() {
        thread::park();
    }
}

struct Orders {
    publisher: Publisher,
    member: Arc<Member>,
    published: u64,
    /// How long a payload is: a number has so many, with zeros before it.
    digits: usize,
}

impl Orders {
    /// Obeys on a thread of its own until the stop. Nobody waits for the thread that reads stdin.
    fn listen(mut self, first: &[String], service: Service) -> io::Result<()> {
        let (given, orders) = mpsc::channel::<Option<String>>();
        for order in first {
            // The receiver is at hand.
            let _ = given.send(Some(order.clone()));
        }
        let (stopped, member) = (given.clone(), Arc::clone(&self.member));
        thread::Builder::new().name("watch".into()).spawn(move || {
            member.wait();
            drop(member);
            tell(&json!({ "event": "triggered" }));
            stopped.send(None)
        })?;
        thread::Builder::new().name("stdin".into()).spawn(move || {
            for line in io::stdin().lock().lines().map_while(Result::ok) {
                if line == "stop" {
                    service.shutdown();
                } else if given.send(Some(line)).is_err() {
                    break;
                }
            }
        })?;
        thread::Builder::new()
            .name("orders".into())
            .spawn(move || {
                while let Ok(Some(order)) = orders.recv() {
                    if let Err(error) = self.obey(&order) {
                        tell(&json!({ "event": "error", "text": error.to_string() }));
                    }
                }
            })?;
        Ok(())
    }

    fn obey(&mut self, order: &str) -> Result<(), Box<dyn Error>> {
        let (verb, number) = order.split_once(' ').unwrap_or((order, "0"));
        let number: u64 = number.parse()?;
        match verb {
            "wait" => {
                let deadline = Instant::now() + Duration::from_secs(30);
                self.publisher
                    .wait_for_members(usize::try_from(number)?, deadline)?;
            }
            "publish" => {
                for _ in 0..number {
                    self.publish()?;
                }
            }
            "stream" => {
                let (begun, first) = (Instant::now(), self.published);
                while !self.member.is_triggered() {
                    let sent = self.published - first;
                    let due = begun + Duration::from_secs(sent) / u32::try_from(number)?;
                    // In bursts: no clock counts the microseconds between two messages.
                    if due > Instant::now() + Duration::from_millis(2)
                        && self.member.wait_until(due)
                    {
                        break;
                    }
                    self.publish()?;
                    if sent % 1_000 == 0 {
                        self.say("published");
                    }
                }
            }
            "members" => {}
            _ => return Err(format!("no order is {verb:?}").into()),
        }
        self.say(verb);
        Ok(())
    }

    /// Publishes the next number; waits for room unless the stop has begun.
    fn publish(&mut self) -> Result<(), PublishError> {
        let topic = TOPICS[usize::try_from(self.published).unwrap_or(0) % TOPICS.len()];
        loop {
            let payload = format!("{:0>1$}", self.published, self.digits);
            match self.publisher.publish(topic, payload) {
                Ok(_) => {
                    self.published += 1;
                    return Ok(());
                }
                Err(PublishError::WindowFull(_)) if !self.member.is_triggered() => {}
                // Not accepted, and so not owed to anyone.
                Err(PublishError::WindowFull(_)) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    fn say(&self, event: &str) {
        let members = self.publisher.member_count();
        tell(&json!({ "event": event, "published": self.published, "members": members }));
    }
}

fn stopped(report: &Report) -> Value {
    let acks = report.publishers.first().map(|(_, acks)| acks);
    let members = acks.iter().flat_map(|acks| &acks.members).map(|member| {
        let behind = member.topics.iter().filter_map(|topic| {
            let range = topic.unacked()?;
            Some(json!({ "first": range.first(), "last": range.last() }))
        });
        json!({
            "name": member.name,
            "outcome": member.outcome.to_string(),
            "owed": member.owed(),
            "unacked": member.unacked(),
            "behind": behind.collect::<Vec<_>>(),
        })
    });
    let named = report.shutdown.members().map(|member| {
        json!({
            "name": member.name(),
            "outcome": member.outcome().to_string(),
            "file": member.origin().file(),
            "line": member.origin().line(),
        })
    });
    json!({
        "event": "stopped",
        "clean": report.is_clean(),
        "outcome": acks.map(|acks| acks.outcome.to_string()),
        "drained": acks.is_some_and(|acks| acks.outcome == Outcome::Drained),
        "accepted": acks.map(|acks| acks.counters.accepted),
        "repaired": acks.map(|acks| acks.counters.repaired),
        "broken": acks.map(|acks| acks.counters.broken),
        "counters": acks.map(|acks| acks.counters),
        "members": members.collect::<Vec<_>>(),
        "named": named.collect::<Vec<_>>(),
        "text": report.to_string(),
    })
}
