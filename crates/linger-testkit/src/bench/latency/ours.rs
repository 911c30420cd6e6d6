//! A publisher and subscribers whose applications acknowledge each delivery.

use super::block::{Reader, Receive, block};
use crate::bench::BenchError;
use crate::bench::ack::load::{AMPLE, Load, PREFIX, TOPIC};
use linger::{Publisher, Quorum, Subscriber};
use std::time::{Duration, Instant};

pub(super) struct Ours {
    load: Load,
    publisher: Publisher,
    readers: Vec<Reader>,
}

impl Ours {
    pub(super) fn new(load: Load) -> Result<Self, BenchError> {
        let [data, control] = load.transport.endpoints()?;
        let publisher = Publisher::builder("bench").bind(&data, &control)?;
        let open = |number| {
            let subscriber = Subscriber::builder(format!("reader {number}"));
            Reader::new(load, subscriber.subscribe(PREFIX).connect(&data, &control)?)
        };
        let readers: Vec<_> = (0..load.subscribers).map(open).collect::<Result<_, _>>()?;
        publisher.wait_for_members(load.subscribers, Instant::now() + AMPLE)?;
        Ok(Self {
            load,
            publisher,
            readers,
        })
    }

    pub(super) fn block(&mut self) -> Result<[Duration; 3], BenchError> {
        let times = block(self.load, &self.readers, |payload| {
            self.publisher.publish(TOPIC, payload)?;
            Ok(())
        })?;
        self.publisher
            .flush_by(Instant::now() + AMPLE, Quorum::All)?;
        Ok(times)
    }

    /// Closes it: everything that was ever published must have been acknowledged.
    pub(super) fn end(self) -> Result<(), BenchError> {
        let report = self.publisher.close_by(Instant::now() + AMPLE, Quorum::All);
        match report.is_drained() {
            true => Ok(()),
            false => Err(BenchError::Wrong(format!("not drained\n{report}"))),
        }
    }
}

impl Receive for Subscriber {
    fn next(
        &mut self,
        see: impl FnOnce(&[u8]) -> Result<u64, BenchError>,
    ) -> Result<u64, BenchError> {
        let next = self.deliveries().next().transpose()?;
        let delivery = next.ok_or_else(|| BenchError::Wrong("a delivery is missing".to_owned()))?;
        let age = see(delivery.payload());
        delivery.ack();
        age
    }
}
