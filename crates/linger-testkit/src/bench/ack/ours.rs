//! A publisher and its subscribers, each of whose applications acknowledges every delivery.

use super::load::{AMPLE, Load, PREFIX, TOPIC};
use crate::bench::BenchError;
use bytes::Bytes;
use linger::{Publisher, Quorum, Subscriber};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How an application takes what comes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Take {
    /// One delivery after the other.
    Single,
    /// What is ready, up to [`BATCH`] at once.
    Batches,
}

/// The most that an application takes at once.
const BATCH: usize = 256;

pub(super) struct Ours {
    load: Load,
    payload: Bytes,
    publisher: Publisher,
    readers: Vec<Reader>,
}

/// An application on a thread of its own.
struct Reader {
    go: Sender<()>,
    done: Receiver<Result<Instant, BenchError>>,
    thread: JoinHandle<()>,
}

impl Ours {
    pub(super) fn new(load: Load, take: Take) -> Result<Self, BenchError> {
        let [data, control] = load.transport.endpoints()?;
        let publisher = Publisher::builder("bench").bind(&data, &control)?;
        let open = |number| Reader::new(load, take, [&data, &control], number);
        let readers: Vec<_> = (0..load.subscribers).map(open).collect::<Result<_, _>>()?;
        publisher.wait_for_members(load.subscribers, Instant::now() + AMPLE)?;
        Ok(Self {
            load,
            payload: Bytes::from(vec![7; load.payload]),
            publisher,
            readers,
        })
    }

    /// From the first message published to the last that an application was given.
    pub(super) fn block(&mut self) -> Result<Duration, BenchError> {
        for reader in &self.readers {
            // One that is gone shows below.
            let _ = reader.go.send(());
        }
        let begun = Instant::now();
        for _ in 0..self.load.messages {
            self.publisher.publish(TOPIC, &self.payload)?;
        }
        let mut last = begun;
        for reader in &self.readers {
            let ended = reader.done.recv();
            let gone = || Err(BenchError::Wrong("an application is gone".to_owned()));
            last = last.max(ended.unwrap_or_else(|_| gone())?);
        }
        // All were processed, and the publisher knows.
        self.publisher
            .flush_by(Instant::now() + AMPLE, Quorum::All)?;
        Ok(last - begun)
    }

    /// Closes it: everything that was ever published must have been acknowledged.
    pub(super) fn end(self) -> Result<(), BenchError> {
        let report = self.publisher.close_by(Instant::now() + AMPLE, Quorum::All);
        if !report.is_drained() {
            return Err(BenchError::Wrong(format!("not drained\n{report}")));
        }
        for Reader { go, thread, .. } in self.readers {
            drop(go);
            // It has nothing to say any more.
            let _ = thread.join();
        }
        Ok(())
    }
}

impl Reader {
    fn new(
        load: Load,
        take: Take,
        [data, control]: [&str; 2],
        number: usize,
    ) -> Result<Self, BenchError> {
        let (go, told) = mpsc::channel();
        let (done, is_done) = mpsc::channel();
        let subscriber = Subscriber::builder(format!("reader {number}"))
            .subscribe(PREFIX)
            .connect(data, control)?;
        let thread = thread::Builder::new()
            .name("bench ours".to_owned())
            .spawn(move || {
                while told.recv().is_ok() {
                    if done.send(receive(&subscriber, load, take)).is_err() {
                        break;
                    }
                }
            })?;
        Ok(Self {
            go,
            done: is_done,
            thread,
        })
    }
}

fn receive(subscriber: &Subscriber, load: Load, take: Take) -> Result<Instant, BenchError> {
    let (mut messages, mut bytes) = (0, 0);
    while messages < load.messages {
        let wanted = (load.messages - messages) as usize;
        match take {
            Take::Single => {
                let Some(delivery) = subscriber.deliveries().next().transpose()? else {
                    break;
                };
                messages += 1;
                bytes += delivery.payload().len() as u64;
                delivery.ack();
            }
            Take::Batches => {
                let next = subscriber.batches(wanted.min(BATCH)).next().transpose()?;
                let Some(batch) = next else { break };
                for delivery in batch.iter() {
                    messages += 1;
                    bytes += delivery.payload().len() as u64;
                }
                batch.ack();
            }
        }
    }
    let ended = Instant::now();
    load.is_whole(messages, bytes)?;
    Ok(ended)
}
