//! The parts of one list, as they come.

use crate::id::Epoch;
use crate::planted::{Bug, planted};
use crate::wire::Part;
use std::collections::BTreeSet;

/// The parts of a WELCOME, a GRANTED, a RELEASED or an END that have come.
#[derive(Debug, Default)]
pub(super) struct Parts {
    number: u64,
    /// Another epoch's list is another list, whatever its number.
    epoch: Option<Epoch>,
    /// So is one that is cut in another way.
    count: u16,
    seen: BTreeSet<u16>,
}

impl Parts {
    /// Notes a part; says whether all parts of this number have now come.
    pub(super) fn note(&mut self, epoch: Epoch, number: u64, part: Part) -> bool {
        if self.is_new(epoch, number) || self.count != part.count {
            *self = Self {
                number,
                epoch: Some(epoch),
                count: part.count,
                seen: BTreeSet::new(),
            };
        }
        self.seen.insert(part.index);
        self.seen.len() >= usize::from(part.count) || planted(Bug::WelcomeInPart)
    }

    /// Whether nothing of this list has come yet.
    pub(super) fn is_new(&self, epoch: Epoch, number: u64) -> bool {
        self.epoch != Some(epoch) || self.number != number
    }
}
