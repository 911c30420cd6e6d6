//! What the application was given and what it acknowledged: no frame may claim more.

use bytes::Bytes;
use linger_ack_proto::wire::Mark;
use linger_ack_proto::{DeliveryId, Item};
use std::collections::{BTreeMap, BTreeSet};

/// One topic of one session.
struct Taken {
    name: Bytes,
    handed_out: u64,
    /// Everything up to here was acknowledged, or is gone.
    processed: u64,
}

type Ranges = Vec<(u64, u64)>;

/// A topic that was released, and is owed anew.
#[derive(Default)]
struct Renewed {
    /// Where a period may begin: at a base that was told, or where the one before it ended.
    begins: BTreeSet<u64>,
    /// What lies between two periods, and what came of it before the end of the first was told.
    between: Ranges,
}

#[derive(Default)]
pub struct Witness {
    topics: BTreeMap<(u64, u32), Taken>,
    /// What was said to be gone, by the topic's name.
    gone: BTreeMap<Bytes, Ranges>,
    /// The bases that were told in-band, by the topic's number.
    pub bases: BTreeMap<u32, BTreeSet<u64>>,
    /// The end that was told, by session and topic's number; the lowest if there were several.
    ended: BTreeMap<(u64, u32), u64>,
    renewed: BTreeMap<(u64, u32), Renewed>,
    /// What the application acknowledged, by session, topic's number and sequence.
    acknowledged: BTreeSet<(u64, u32, u64)>,
    /// What is to be handed out again.
    given_back: BTreeSet<DeliveryId>,
    /// The marks that were last said, by session and topic.
    marks: BTreeMap<(u64, u32), Mark>,
}

/// The first from `next` on that is not gone.
fn after_gone(gone: &[(u64, u64)], mut next: u64) -> u64 {
    while let Some(&(_, last)) = gone.iter().find(|g| g.0 <= next && next <= g.1) {
        next = last + 1;
    }
    next
}

/// Whether each from `next` on, and below this one, is gone.
fn are_gone(gone: &[(u64, u64)], mut next: u64, sequence: u64) -> bool {
    while next < sequence {
        // Two numbers may have one name here: a range that reaches further is the other's.
        let ends_below = |g: &&(u64, u64)| g.0 <= next && (next..sequence).contains(&g.1);
        let Some(&(_, last)) = gone.iter().find(ends_below) else {
            return false;
        };
        next = last + 1;
    }
    next == sequence
}

impl Witness {
    /// RELEASED or END names a topic.
    pub fn ended(&mut self, generation: u64, number: u32, end: u64) {
        let known = self.ended.entry((generation, number)).or_insert(end);
        *known = end.min(*known);
    }

    /// GRANTED names a topic, while so many items wait for the application.
    pub fn granted(&mut self, generation: u64, number: u32, base: u64, pending: usize) {
        self.bases.entry(number).or_default().insert(base);
        let key = (generation, number);
        let Some(&end) = self.ended.get(&key) else {
            return;
        };
        let handed_out = self.topics.get(&key).map_or(end - 1, |t| t.handed_out);
        let known = handed_out.saturating_add(pending as u64);
        let renewed = self.renewed.entry(key).or_default();
        renewed.begins.extend([base, end]);
        renewed.between.push((end, known.max(base - 1)));
    }

    /// In order, once, from a base on that was told.
    pub fn handed_out(&mut self, item: &Item) {
        match item {
            Item::Message(delivery) => {
                let id = delivery.id;
                assert_eq!(id.len, delivery.payload.len());
                if delivery.attempt > 1 {
                    assert!(self.given_back.remove(&id), "it was not given back: {id:?}");
                    return;
                }
                let gone = self.gone.get(&delivery.topic).map_or(&[][..], |g| g);
                let Some(taken) = self.topics.get_mut(&(id.generation, id.number)) else {
                    let follows = |&(_, last): &(u64, u64)| last + 1 == id.sequence;
                    let is_base = id.sequence == 1
                        || gone.iter().any(follows)
                        || self
                            .bases
                            .get(&id.number)
                            .is_some_and(|b| b.contains(&id.sequence));
                    assert!(is_base, "it begins at no base: {id:?}");
                    let taken = Taken {
                        name: delivery.topic.clone(),
                        handed_out: id.sequence,
                        processed: id.sequence - 1,
                    };
                    self.topics.insert((id.generation, id.number), taken);
                    return;
                };
                assert_eq!(taken.name, delivery.topic, "a number has one topic");
                let next = taken.handed_out + 1;
                let renewed = self.renewed.get(&(id.generation, id.number));
                let begins = renewed.into_iter().flat_map(|r| r.begins.range(next..));
                let in_place = std::iter::once(&next)
                    .chain(begins)
                    .any(|&begin| are_gone(gone, begin, id.sequence));
                assert!(in_place, "in order, once: {id:?}");
                taken.handed_out = id.sequence;
            }
            Item::Gone { topic, range } => {
                let gone = self.gone.entry(topic.clone()).or_default();
                gone.push((range.first(), range.last()));
            }
            other => panic!("nobody has said what {other:?} means"),
        }
    }

    /// The application has not acknowledged it, and will be given it again.
    pub fn given_back(&mut self, id: DeliveryId) {
        assert!(self.given_back.insert(id), "twice at once: {id:?}");
    }

    /// The application acknowledges something, perhaps what it was not given yet, or never is.
    pub fn acknowledged(&mut self, id: DeliveryId) {
        let id = (id.generation, id.number, id.sequence);
        self.acknowledged.insert(id);
    }

    /// An ACK or a BYE says this, at a moment when everything was taken or `pending` was not.
    pub fn check_mark(&mut self, generation: u64, mark: Mark, pending: usize) {
        assert!(mark.processed <= mark.received);
        let last = self.marks.insert((generation, mark.number), mark);
        let (received, processed) = last.map_or((0, 0), |last| (last.received, last.processed));
        assert!(received <= mark.received, "a mark went back");
        assert!(processed <= mark.processed, "a mark went back");
        let Some(taken) = self.topics.get_mut(&(generation, mark.number)) else {
            return;
        };
        let mut gone = self.gone.get(&taken.name).cloned().unwrap_or_default();
        if let Some(renewed) = self.renewed.get(&(generation, mark.number)) {
            gone.extend(&renewed.between);
        }
        loop {
            taken.processed = after_gone(&gone, taken.processed + 1) - 1;
            let next = (generation, mark.number, taken.processed + 1);
            if !self.acknowledged.remove(&next) {
                break;
            }
            taken.processed += 1;
        }
        if pending == 0 {
            assert!(
                mark.processed <= taken.processed,
                "{mark:?} was not acknowledged"
            );
            let reach = after_gone(&gone, taken.handed_out + 1) - 1;
            assert!(mark.received <= reach, "{mark:?} was not received");
        }
    }
}
