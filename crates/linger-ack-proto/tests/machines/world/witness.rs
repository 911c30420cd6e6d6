//! What an application really was given and really acknowledged, and what was said in its name.

use bytes::Bytes;
use linger_ack_proto::wire::{Mark, ToPublisher};
use linger_ack_proto::{DeliveryId, Epoch, Item, SessionId};
use std::collections::{BTreeMap, BTreeSet};

/// It stands beside one subscriber, in every test, and fails the test at the first frame that
/// claims more than is true.
#[derive(Default)]
pub struct Witness {
    /// Its sessions, by generation, and of each the epoch once it is known.
    pub sessions: Vec<(SessionId, Option<Epoch>)>,
    pub seen: Vec<Seen>,
    pub topics: BTreeMap<(u64, u32), Taken>,
    /// The prefixes that were asked for while a session lasted, each as often as it was.
    asked: Vec<(u64, Bytes)>,
}

pub enum Seen {
    Message {
        epoch: Epoch,
        id: DeliveryId,
        topic: Bytes,
        payload: Bytes,
    },
    Gone {
        epoch: Epoch,
        topic: Bytes,
        first: u64,
        last: u64,
    },
}

/// One topic of one session.
#[derive(Clone)]
pub struct Taken {
    pub topic: Bytes,
    /// The last that was handed out, or gone.
    pub handed_out: u64,
    /// Everything up to here was acknowledged, or gone.
    pub processed: u64,
    early: BTreeSet<u64>,
    /// How often it has gone on from another base.
    jumps: usize,
}

impl Taken {
    fn settle(&mut self, sequence: u64) {
        self.early.insert(sequence);
        while self.early.remove(&(self.processed + 1)) {
            self.processed += 1;
        }
    }
}

impl Witness {
    pub fn session(&mut self, session: SessionId) {
        self.sessions.push((session, None));
    }

    /// The generation of a session, if it is one of this node's.
    pub fn generation(&self, session: SessionId) -> Option<u64> {
        let at = self.sessions.iter().position(|&(id, _)| id == session)?;
        Some(at as u64)
    }

    fn epoch(&self, generation: usize) -> Epoch {
        self.sessions[generation]
            .1
            .expect("nothing is handed out before JOINED was said")
    }

    pub fn handed_out(&mut self, item: &Item) {
        match item {
            Item::Message(delivery) => {
                let id = delivery.id;
                let generation = usize::try_from(id.generation).expect("few sessions");
                let epoch = self.epoch(generation);
                let topic = delivery.topic.clone();
                let asked = self.asked(id.generation, &topic);
                let taken = self
                    .topics
                    .entry((id.generation, id.number))
                    .or_insert_with(|| Taken {
                        topic: topic.clone(),
                        handed_out: id.sequence - 1,
                        processed: id.sequence - 1,
                        early: BTreeSet::new(),
                        jumps: 0,
                    });
                assert_eq!(taken.topic, topic, "a number has one topic");
                if delivery.attempt > 1 {
                    assert!(id.sequence <= taken.handed_out, "again, but never before");
                    return;
                }
                if taken.jumps < asked && id.sequence > taken.handed_out + 1 {
                    taken.jumps += 1;
                    let skipped = taken.handed_out + 1..id.sequence;
                    skipped.for_each(|sequence| taken.settle(sequence));
                    taken.handed_out = id.sequence - 1;
                }
                assert_eq!(id.sequence, taken.handed_out + 1, "in order, once");
                taken.handed_out = id.sequence;
                self.seen.push(Seen::Message {
                    epoch,
                    id,
                    topic,
                    payload: delivery.payload.clone(),
                });
            }
            Item::Gone { topic, range } => {
                let epoch = self.epoch(self.sessions.len() - 1);
                let now = self.sessions.len() as u64 - 1;
                let taken = self.topics.iter_mut();
                let mut taken = taken.filter(|((g, _), t)| *g == now && t.topic == *topic);
                if let Some((_, taken)) = taken.next() {
                    assert_eq!(range.first(), taken.handed_out + 1, "gone out of place");
                    taken.handed_out = range.last();
                    (range.first()..=range.last()).for_each(|sequence| taken.settle(sequence));
                } else {
                    let sessions = self.sessions.iter().filter(|(_, of)| *of == Some(epoch));
                    assert!(sessions.count() > 1, "no session before could miss it");
                }
                self.seen.push(Seen::Gone {
                    epoch,
                    topic: topic.clone(),
                    first: range.first(),
                    last: range.last(),
                });
            }
            _ => {}
        }
    }

    /// A prefix is asked for: what it matches may be owed from another base from now on.
    pub fn asked_for(&mut self, prefix: &Bytes) {
        let now = self.sessions.len() as u64 - 1;
        self.asked.push((now, prefix.clone()));
    }

    fn asked(&self, generation: u64, topic: &[u8]) -> usize {
        let asked = self.asked.iter();
        asked
            .filter(|(g, prefix)| *g == generation && topic.starts_with(prefix))
            .count()
    }

    pub fn acknowledged(&mut self, id: DeliveryId) {
        let taken = self.topics.get_mut(&(id.generation, id.number));
        taken.expect("it was handed out").settle(id.sequence);
    }

    pub fn is_joined(frame: &Bytes) -> bool {
        let frame = ToPublisher::decode(frame);
        matches!(frame, Ok((_, _, ToPublisher::Joined { .. })))
    }

    /// A frame was just made: no mark is above what the application has said.
    pub fn said(&mut self, frame: &Bytes) {
        let (header, _, body) = ToPublisher::decode(frame).expect("a whole frame");
        if matches!(body, ToPublisher::Joined { .. }) {
            let at = self.generation(header.session).expect("its own session");
            self.sessions[usize::try_from(at).expect("few")].1 = Some(header.epoch);
        }
        self.each_mark(frame, |taken, mark| {
            assert!(
                mark.processed <= taken.processed,
                "{mark:?} was not acknowledged"
            );
        });
    }

    /// All that the library holds has been handed out: no mark is above it.
    pub fn received(&self, frame: &Bytes) {
        self.each_mark(frame, |taken, mark| {
            assert!(
                mark.received <= taken.handed_out,
                "{mark:?} was not received"
            );
        });
    }

    fn each_mark(&self, frame: &Bytes, check: impl Fn(&Taken, &Mark)) {
        let (header, _, body) = ToPublisher::decode(frame).expect("a whole frame");
        let (ToPublisher::Ack { marks, .. } | ToPublisher::Bye { marks }) = body else {
            return;
        };
        let generation = self.generation(header.session).expect("its own session");
        let (_, epoch) = self.sessions[usize::try_from(generation).expect("few")];
        assert_eq!(epoch, Some(header.epoch), "an ack crosses epochs");
        for mark in &marks {
            // What lies below a new base is not owed, and any mark may say so.
            let taken = self.topics.get(&(generation, mark.number));
            let may_jump = |taken: &Taken| taken.jumps < self.asked(generation, &taken.topic);
            if let Some(taken) = taken.filter(|taken| !may_jump(taken)) {
                check(taken, mark);
            }
        }
    }
}
