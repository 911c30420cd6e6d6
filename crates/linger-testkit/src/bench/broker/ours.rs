//! The same without a broker.

use super::{AMPLE, PAYLOAD};
use crate::bench::BenchError;
use crate::port::free_ports;
use bytes::Bytes;
use linger::{Publisher, Quorum, Subscriber};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const TOPIC: &str = "ticks";

/// A publisher, and a subscriber whose application is a thread of its own.
pub(super) struct Ours {
    publisher: Publisher,
    payload: Bytes,
    /// Tells the application how many come.
    expect: Sender<u32>,
    /// How it came out.
    got: Receiver<Result<(), BenchError>>,
    application: JoinHandle<()>,
}

impl Ours {
    pub(super) fn new() -> Result<Self, BenchError> {
        let [data, control] = free_ports()?.map(|port: u16| format!("tcp://127.0.0.1:{port}"));
        let publisher = Publisher::builder("bench").bind(&data, &control)?;
        let subscriber = Subscriber::builder("consumer")
            .subscribe(TOPIC)
            .connect(&data, &control)?;
        publisher.wait_for_members(1, Instant::now() + AMPLE)?;
        let (expect, expected) = mpsc::channel();
        let (say, got) = mpsc::channel();
        let application =
            thread::Builder::new()
                .name("bench ours".to_owned())
                .spawn(move || {
                    while let Ok(count) = expected.recv() {
                        if say.send(consume(&subscriber, count)).is_err() {
                            break;
                        }
                    }
                })?;
        Ok(Self {
            publisher,
            payload: Bytes::from(vec![7; PAYLOAD]),
            expect,
            got,
            application,
        })
    }

    /// From the first message published until the publisher knows that all were processed.
    pub(super) fn block(&mut self, count: u32) -> Result<Duration, BenchError> {
        // An application that is gone shows below.
        let _ = self.expect.send(count);
        let begun = Instant::now();
        for _ in 0..count {
            self.publisher.publish(TOPIC, &self.payload)?;
        }
        self.publisher.flush_by(begun + AMPLE, Quorum::All)?;
        let took = begun.elapsed();
        let gone = |_| Err(BenchError::Wrong("the application is gone".to_owned()));
        self.got.recv_timeout(AMPLE).unwrap_or_else(gone)?;
        Ok(took)
    }

    /// Closes it: everything that was ever published must have been acknowledged.
    pub(super) fn end(self) -> Result<(), BenchError> {
        let report = self.publisher.close_by(Instant::now() + AMPLE, Quorum::All);
        drop(self.expect);
        // It has said all that it had to say.
        let _ = self.application.join();
        match report.is_drained() {
            true => Ok(()),
            false => Err(BenchError::Wrong(format!("not drained\n{report}"))),
        }
    }
}

/// Takes so many, and acknowledges each.
fn consume(subscriber: &Subscriber, count: u32) -> Result<(), BenchError> {
    let (mut messages, mut bytes, mut last) = (0, 0, None);
    for delivery in subscriber.deliveries().take(count as usize) {
        let delivery = delivery?;
        let sequence = delivery.sequence();
        if last.is_some_and(|last| sequence != last + 1) {
            let how = format!("message {sequence} after {last:?}");
            return Err(BenchError::Wrong(how));
        }
        last = Some(sequence);
        messages += 1;
        bytes += delivery.payload().len();
        delivery.ack();
    }
    match (messages, bytes) == (count, count as usize * PAYLOAD) {
        true => Ok(()),
        false => Err(BenchError::Wrong(format!(
            "{messages} of {count} messages, {bytes} bytes"
        ))),
    }
}
