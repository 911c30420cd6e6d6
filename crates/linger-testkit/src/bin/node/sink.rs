//! A subscriber of a chaos run: it writes down what it processed, and acknowledges it then.

use crate::settings::Settings;
use crate::source::service_ends_with_stdin;
use crate::{Ended, tell};
use linger::linger_ack::DeliveryError;
use linger::{Delivery, Member, Phase, Service, Subscriber};
use linger_testkit::chaos::journal::{Entry, Journal, Message};
use linger_testkit::chaos::{payload, topic_number};
use serde_json::json;
use std::error::Error;
use std::process::Termination as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) fn run(settings: &Settings) -> Ended {
    let name = settings.text("name", "member-0");
    let service = Service::builder(&*name)
        .budget(settings.millis("budget_ms", 2_000)?)
        .start()?;
    let queue = settings.number("queue", 1_024)?;
    let high_water_mark = settings.number("receive_high_water_mark", 1_000)?;
    let subscriber = service
        .subscriber(&*name)
        .subscribe(settings.text("prefix", ""))
        .adjust(|builder| {
            let builder = builder.queue(queue);
            builder.receive_high_water_mark(high_water_mark)
        })
        .connect(&settings.text("data", ""), &settings.text("control", ""))?;
    let mut consumer = Consumer {
        subscriber: Arc::clone(&subscriber),
        journal: settings.journal()?,
        batch: settings.number("batch", 32)?,
        work: Duration::from_micros(settings.number("work_us", 0)?),
        backwards: settings.number("backwards", 0)? > 0,
        forget: settings.number("forget", 0)?,
        taken: 0,
        processed: 0,
        noted: 0,
    };
    let stop = service.clone();
    service.spawn_blocking("consumer", Phase::WORK, move |member| {
        let consumed = consumer.run(&member);
        // The stream has ended, or can't be consumed: no reason to stay.
        stop.shutdown();
        consumed
    })?;
    tell(&json!({ "event": "connected" }));
    service_ends_with_stdin(&service)?;
    let report = service.run_blocking();
    let left = report.subscribers.first();
    tell(&json!({ "event": "done", "report": left, "text": report.to_string() }));
    Ok(report.report())
}

struct Consumer {
    subscriber: Arc<Subscriber>,
    journal: Journal,
    /// How many are written down, and then acknowledged, at once.
    batch: usize,
    /// How long the work on a message takes.
    work: Duration,
    /// Each batch is acknowledged from its end.
    backwards: bool,
    /// A planted bug: of so many messages one is not written down, and acknowledged. 0 is none.
    forget: u64,
    taken: u64,
    processed: u64,
    /// How many of them the journal says to be acknowledged.
    noted: u64,
}

impl Consumer {
    fn run(&mut self, member: &Member) -> Result<(), Box<dyn Error + Send + Sync>> {
        let subscriber = Arc::clone(&self.subscriber);
        let mut batch = Vec::with_capacity(self.batch);
        for first in subscriber.deliveries() {
            self.take(first, &mut batch)?;
            while batch.len() < self.batch {
                match subscriber.next_by(Instant::now()) {
                    Ok(Some(delivery)) => self.take(Ok(delivery), &mut batch)?,
                    Ok(None) => break,
                    Err(error) => self.take(Err(error), &mut batch)?,
                }
            }
            self.settle(&mut batch, member)?;
        }
        self.journal.write()?;
        Ok(())
    }

    fn take(
        &mut self,
        delivery: Result<Delivery, DeliveryError>,
        batch: &mut Vec<Delivery>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        match delivery {
            Ok(delivery) => {
                let topic = topic_number(delivery.topic()).ok_or("a topic that is none")?;
                let sequence = delivery.sequence();
                self.taken += 1;
                if self.forget > 0 && self.taken % self.forget == 0 {
                    batch.push(delivery);
                    return Ok(());
                }
                self.journal.note(match payload::read(delivery.payload()) {
                    Some((life, number)) => {
                        self.processed += 1;
                        Entry::Processed(Message {
                            life,
                            topic,
                            sequence,
                            number,
                        })
                    }
                    None => Entry::Corrupt { topic, sequence },
                })?;
                batch.push(delivery);
            }
            Err(DeliveryError::Gone {
                topic, from, to, ..
            }) => {
                let topic = topic_number(&topic).ok_or("a topic that is none")?;
                self.journal.note(Entry::Gone {
                    topic,
                    first: from,
                    last: to,
                })?;
            }
            Err(error) => tell(&json!({ "event": "notice", "text": error.to_string() })),
        }
        Ok(())
    }

    /// Works, writes down, and only then acknowledges.
    fn settle(&mut self, batch: &mut Vec<Delivery>, member: &Member) -> std::io::Result<()> {
        let work = self.work * u32::try_from(batch.len()).unwrap_or(u32::MAX);
        if !work.is_zero() {
            // Who is stopped hurries.
            let _ = member.wait_until(Instant::now() + work);
        }
        self.journal.write()?;
        if self.backwards {
            batch.reverse();
        }
        for delivery in batch.drain(..) {
            delivery.ack();
        }
        if self.noted < self.processed {
            self.noted = self.processed;
            let count = self.processed;
            // It goes with the next write: who is killed before that acknowledged more than it says.
            self.journal.note(Entry::Acked { count })?;
        }
        Ok(())
    }
}
