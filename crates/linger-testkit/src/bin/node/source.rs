//! The publisher of a chaos run: it streams until it is told to stop, and writes down what it did.
//!
//! Its journal says what it means to publish before it does, and what was accepted after; see
//! [`linger_testkit::chaos`].

use crate::settings::Settings;
use crate::{Ended, tell};
use linger::linger_ack::PublishError;
use linger::linger_ack::proto::PublisherConfig;
use linger::{Member, Phase, Publisher, Quorum, Service};
use linger_testkit::chaos::journal::{Entry, Journal, Message};
use linger_testkit::chaos::{payload, topic_name};
use linger_testkit::random::Random;
use serde_json::json;
use std::error::Error;
use std::process::Termination as _;
use std::thread;
use std::time::{Duration, Instant};

/// How many messages are meant to be published with one write to the journal.
const BATCH: u64 = 64;

/// How often it writes down what it knows to be acknowledged.
const CLAIM_EVERY: Duration = Duration::from_millis(50);

/// How long a message waits for room before it is looked whether to stop, at least.
const WAIT: Duration = Duration::from_millis(20);

pub(crate) fn run(settings: &Settings) -> Ended {
    let name = settings.text("name", "source");
    let service = Service::builder(&*name)
        .budget(settings.millis("budget_ms", 3_000)?)
        .start()?;
    let quorum = match (settings.number("at_least", 0)?, settings.all("named")) {
        (0, []) => Quorum::All,
        (0, names) => Quorum::Named(names.to_vec()),
        (least, _) => Quorum::AtLeast(least),
    };
    let mut config = PublisherConfig::default();
    config.window_messages = settings.number("window", config.window_messages)?;
    config.window_bytes = settings.number("window_bytes", config.window_bytes)?;
    config.max_payload = config.max_payload.min(config.window_bytes);
    config.expiry = settings.millis("expiry_ms", 1_000)?;
    config.durable = settings.all("durable").to_vec();
    config.durable_for = settings.millis("durable_ms", 2_000)?;
    let send_buffer = settings.number("send_buffer", 0)?;
    let evict_after = settings.millis("evict_ms", 0)?;
    let publisher = service
        .publisher(&*name)
        .quorum(quorum)
        .adjust(|builder| {
            let builder = match send_buffer {
                0 => builder.config(config),
                bytes => builder.config(config).send_buffer(bytes),
            };
            match evict_after {
                Duration::ZERO => builder,
                limit => builder.evict_after(limit),
            }
        })
        .bind(
            &settings.text("data", "tcp://127.0.0.1:*"),
            &settings.text("control", "tcp://127.0.0.1:*"),
        )?;
    let life = settings.number("life", 1)?;
    let mut stream = Stream {
        publisher: publisher.clone(),
        journal: settings.journal()?,
        life,
        topics: settings.number("topics", 12)?,
        payload: settings.number("payload", 64)?,
        shortest: settings.number("shortest", 0)?,
        rate: settings.number("rate", 10_000)?,
        claims: settings.all("durable").is_empty(),
        patience: WAIT.max(2 * evict_after),
        accepted: 0,
        intended: 0,
    };
    let (wait, patience) = (
        settings.number("wait", 0)?,
        settings.millis("wait_ms", 5_000)?,
    );
    tell(&json!({
        "event": "bound",
        "data": publisher.data_endpoint(),
        "control": publisher.control_endpoint(),
    }));
    service.spawn_blocking("stream", Phase::INTAKE, move |member| {
        // Whoever is not there in time joins in mid-stream.
        let waited = stream
            .publisher
            .wait_for_members(wait, Instant::now() + patience);
        tell(&json!({ "event": "streaming", "waited": waited.is_ok() }));
        stream.run(&member)
    })?;
    service_ends_with_stdin(&service)?;
    let report = service.run_blocking();
    let acks = report.publisher(&name);
    tell(&json!({ "event": "stopped", "report": acks, "text": report.to_string() }));
    Ok(report.report())
}

/// Who started this process has gone if its stdin ends: then nobody is left to stop it.
pub(crate) fn service_ends_with_stdin(service: &Service) -> std::io::Result<()> {
    let service = service.clone();
    let stdin = thread::Builder::new().name("stdin".into());
    stdin.spawn(move || {
        // Whatever comes is of no interest, and an error is an end as well.
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        service.shutdown();
    })?;
    Ok(())
}

struct Stream {
    publisher: Publisher,
    journal: Journal,
    life: u16,
    topics: u64,
    /// The longest payload, and the shortest.
    payload: u64,
    shortest: u64,
    /// Messages a second; 0 is as fast as they are accepted.
    rate: u32,
    /// What it knows to be acknowledged is written down.
    claims: bool,
    /// How long a message waits for room before it is looked whether to stop.
    patience: Duration,
    accepted: u64,
    intended: u64,
}

impl Stream {
    fn run(&mut self, member: &Member) -> Result<(), Box<dyn Error + Send + Sync>> {
        let begun = Instant::now();
        let mut claim_at = begun + CLAIM_EVERY;
        while !member.is_triggered() {
            if self.is_early(begun, member)? {
                continue;
            }
            if Instant::now() >= claim_at {
                self.claim()?;
                claim_at = Instant::now() + CLAIM_EVERY;
            }
            if self.accepted == self.intended {
                self.intended += BATCH;
                self.journal.note(Entry::Intended {
                    life: self.life,
                    below: self.intended,
                })?;
                self.journal.write()?;
                tell(&json!({ "event": "accepted", "count": self.accepted }));
            }
            self.publish()?;
        }
        self.journal.write()?;
        tell(&json!({ "event": "accepted", "count": self.accepted }));
        Ok(())
    }

    /// Whether it is ahead of its rate; it waits then, a little or until the stop.
    fn is_early(
        &mut self,
        begun: Instant,
        member: &Member,
    ) -> Result<bool, std::num::TryFromIntError> {
        if self.rate == 0 {
            return Ok(false);
        }
        let seconds = self.accepted / u64::from(self.rate);
        let rest = u32::try_from(self.accepted % u64::from(self.rate))?;
        let due = begun + Duration::from_secs(seconds) + Duration::from_secs(1) * rest / self.rate;
        // In bursts: no clock counts the microseconds between two messages.
        let is_early = due > Instant::now() + Duration::from_millis(2);
        if is_early {
            let _ = member.wait_until(due);
        }
        Ok(is_early)
    }

    fn publish(&mut self) -> Result<(), Box<dyn Error + Send + Sync>> {
        let number = self.accepted;
        let topic = u16::try_from(number % self.topics)?;
        let len = usize::try_from(Random::new(number).between(self.shortest, self.payload))?;
        let payload = payload::make(self.life, number, len);
        let name = topic_name(topic);
        let sequence = match self.publisher.try_publish(&name, payload) {
            Ok(sequence) => sequence,
            Err(PublishError::WindowFull(full)) => {
                // It may take long, and the process may not live to its end.
                self.journal.write()?;
                let waited = self
                    .publisher
                    .publish_within(&name, full.payload, self.patience);
                match waited {
                    Ok(sequence) => sequence,
                    Err(PublishError::WindowFull(_)) => return Ok(()),
                    Err(error) => return Err(error.into()),
                }
            }
            Err(error) => return Err(error.into()),
        };
        self.accepted += 1;
        self.journal.note(Entry::Accepted(Message {
            life: self.life,
            topic,
            sequence,
            number,
        }))?;
        Ok(())
    }

    fn claim(&mut self) -> std::io::Result<()> {
        if !self.claims {
            return Ok(());
        }
        for member in self.publisher.progress().members {
            let number = member.name.rsplit('-').next();
            let Some(number) = number.and_then(|number| number.parse().ok()) else {
                continue;
            };
            self.journal.note(Entry::Claimed {
                life: self.life,
                member: number,
                acked: member.acked,
            })?;
        }
        self.journal.write()
    }
}
