//! A publisher's application: it publishes, and waits or gives up when the window is full.

use super::{Life, World};
use crate::faults::Fault;
use crate::invariants::{Invariant, in_order};
use crate::network::Frame;
use crate::payload::Tag;
use crate::schedule::What;
use bytes::Bytes;
use linger_ack_proto::{Frames, PublishError, Quorum, Verdict};
use std::mem;

use crate::plan::WhenFull;

impl World {
    pub(super) fn produce(&mut self, at: usize) {
        let host = &self.publishers[at];
        if host.life == Life::Dead || host.closing.is_some() || !host.produces {
            return;
        }
        let every = self.plan.produce_every;
        let wait = every / 2 + self.rng.below(every);
        self.schedule.at(self.now + wait, What::Produce(at));
        if self.publishers[at].life == Life::Runs {
            self.trace.event(self.now, 5 << 8 | at as u64);
            self.publish_burst(at);
        }
    }

    pub(crate) fn publish_burst(&mut self, at: usize) {
        for _ in 0..self.rng.between(1, self.plan.burst) {
            if self.publishers[at].waiting.is_some() {
                break;
            }
            let topic = self.rng.index(self.plan.topics.len());
            let padding = self.rng.below(self.plan.padding + 1);
            let padding = usize::try_from(padding).unwrap_or(0);
            self.publish(at, topic, padding);
        }
        self.drain_publisher(at, None);
        self.schedule_publisher(at);
    }

    fn publish(&mut self, at: usize, topic: usize, padding: usize) {
        let now = self.instant();
        let host = &mut self.publishers[at];
        let epoch = &self.ledger.epochs[host.epoch];
        let tag = Tag {
            epoch: u32::try_from(host.epoch).unwrap_or(u32::MAX),
            topic: u32::try_from(topic).unwrap_or(u32::MAX),
            sequence: epoch.len(topic) + 1,
        };
        let (name, payload) = (self.plan.topics[topic].clone(), tag.encode(padding));
        let mut envelope = Vec::new();
        // A driver tries the batch that is open first.
        let result = match host.machine.append(&name, &payload) {
            Some(published) => Ok(published),
            None => host
                .machine
                .publish(now, &name, payload.clone(), &mut envelope),
        };
        match result {
            Ok(published) => {
                let epoch = &mut self.ledger.epochs[host.epoch];
                let result = in_order::numbered(epoch, topic, &tag, &published);
                epoch.lens[topic] += 1;
                epoch.accepted += 1;
                epoch.numbers.insert(published.number, topic);
                self.judge(Invariant::InOrder, result);
                let number = published.number;
                self.trace.line(self.now, || {
                    format!("p{at} publishes {} #{number}.{}", text(&name), tag.sequence)
                });
                self.send_ready(at);
                if !published.is_batched {
                    let (topic, payload) = (name, payload.to_vec());
                    self.send_frames(
                        at,
                        Frames {
                            topic,
                            envelope,
                            payload,
                        },
                    );
                }
                if published.settle {
                    self.settle(at);
                }
            }
            Err(PublishError::WindowFull(_)) => {
                self.send_ready(at);
                self.count(Fault::WindowFull);
                if self.plan.when_full == WhenFull::Evict && self.rng.percent(20) {
                    self.evict(at);
                }
                if self.plan.when_full == WhenFull::Wait {
                    self.publishers[at].waiting = Some((topic, padding));
                }
            }
            Err(_) => {}
        }
    }

    /// Batches that wait for nothing any more.
    fn send_ready(&mut self, at: usize) {
        let mut frames = Frames::default();
        while self.publishers[at].machine.take_frames(&mut frames) {
            self.send_frames(at, mem::take(&mut frames));
        }
    }

    /// A message, or some of one topic, in the form that the publisher is set to.
    pub(crate) fn send_frames(&mut self, at: usize, frames: Frames) {
        let Frames {
            topic,
            envelope,
            payload,
        } = frames;
        self.trace.mix_bytes(&envelope);
        let (first, trailer) = match self.plan.config.bare_topics {
            true => (topic, Some(Bytes::from(envelope))),
            false => (Bytes::from(envelope), None),
        };
        let frame = Frame {
            first,
            payload: Some(payload.into()),
            trailer,
        };
        self.send_data(at, &frame);
    }

    /// Whoever holds the oldest message back is ended.
    fn evict(&mut self, at: usize) {
        let now = self.instant();
        let evicted = self.publishers[at].machine.evict(now);
        self.trace
            .line(self.now, || format!("p{at} evicts {evicted}"));
        self.count(Fault::Evicted);
        self.drain_publisher(at, None);
    }

    /// There is room in the window: who waits tries again.
    pub(super) fn has_room(&mut self, at: usize) {
        if let Some((topic, padding)) = self.publishers[at].waiting.take() {
            self.publish(at, topic, padding);
        }
    }

    /// A flush begins: what was accepted by now is awaited.
    pub(crate) fn begin_flush(&mut self, at: usize) {
        let now = self.instant();
        let host = &mut self.publishers[at];
        if host.life != Life::Runs || host.closing.is_some() {
            return;
        }
        let epoch = &mut self.ledger.epochs[host.epoch];
        epoch.flush = Some((host.machine.target(), epoch.lens_now()));
        host.machine.sync_now(now);
        self.drain_publisher(at, None);
        self.schedule_publisher(at);
    }

    /// Whether the flush that is awaited is met; what was true at that moment is judged.
    pub(crate) fn look_at_flush(&mut self, at: usize) {
        let host = &self.publishers[at];
        let epoch = host.epoch;
        let Some((target, _)) = &self.ledger.epochs[epoch].flush else {
            return;
        };
        if host.machine.verdict(target, &Quorum::All) == Verdict::Met {
            self.watch_met(epoch);
        }
    }
}

/// A topic or prefix, to be read.
pub(crate) fn text(topic: &[u8]) -> String {
    topic.escape_ascii().to_string()
}
