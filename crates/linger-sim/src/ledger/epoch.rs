//! One life of a publisher.

use super::Ledger;
use super::Membership;
use bytes::Bytes;
use linger_ack_proto::wire::TopicEntry;
use linger_ack_proto::{Epoch, Target};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Of each topic of the plan, how many messages were accepted by some moment.
pub(crate) type Lens = Rc<Vec<u64>>;

#[derive(Debug)]
pub(crate) struct EpochLedger {
    pub(crate) id: Epoch,
    /// Of each topic of the plan, how many messages were accepted.
    pub(crate) lens: Vec<u64>,
    /// Which topic of the plan a number stands for.
    pub(crate) numbers: BTreeMap<u32, usize>,
    /// All sessions that ever joined, in the order of their joining, and names that are expected.
    pub(crate) members: Vec<usize>,
    /// Who is a member now, or absent, by name.
    pub(crate) present: BTreeMap<String, usize>,
    /// A flush that is awaited: the target, and what was accepted by then.
    pub(crate) flush: Option<(Target, Lens)>,
    /// What a quorum of all was said to hold for.
    pub(crate) flushed: Vec<(Target, Lens)>,
    pub(crate) accepted: u64,
}

impl EpochLedger {
    pub(crate) fn new(id: Epoch, topics: usize) -> Self {
        Self {
            id,
            lens: vec![0; topics],
            numbers: BTreeMap::new(),
            members: Vec::new(),
            present: BTreeMap::new(),
            flush: None,
            flushed: Vec::new(),
            accepted: 0,
        }
    }

    pub(crate) fn lens_now(&self) -> Lens {
        Rc::new(self.lens.clone())
    }

    /// Learns numbers that were said: the first to name one fixes it.
    pub(crate) fn learn(&mut self, topics: &[Bytes], entries: &[TopicEntry]) -> Result<(), String> {
        for entry in entries {
            let known = match self.numbers.get(&entry.number) {
                Some(&topic) => topic,
                None => {
                    let topic = topics.iter().position(|name| *name == entry.topic);
                    let topic = topic.ok_or_else(|| format!("{entry:?} is of no topic"))?;
                    self.numbers.insert(entry.number, topic);
                    topic
                }
            };
            if topics[known] != entry.topic {
                return Err(format!("{entry:?} has the number of another topic"));
            }
        }
        Ok(())
    }

    /// How many messages were accepted on that topic.
    pub(crate) fn len(&self, topic: usize) -> u64 {
        self.lens.get(topic).copied().unwrap_or(0)
    }
}

impl Ledger {
    /// The ranges that a member was owed of a topic, in order; some may be empty.
    pub(crate) fn owed<'a>(
        &'a self,
        membership: &'a Membership,
        topic: usize,
    ) -> impl Iterator<Item = (u64, u64)> + 'a {
        let len = self.epochs[membership.epoch].len(topic);
        let end = membership.until.as_ref();
        let end = end.and_then(|lens| lens.get(topic).copied()).unwrap_or(len);
        let periods = membership.periods.of(topic).iter();
        periods.map(move |period| (period.base, period.last.unwrap_or(end)))
    }
}
