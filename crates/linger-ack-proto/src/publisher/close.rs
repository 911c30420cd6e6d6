//! Flush and close: what was accepted is judged, message by message.

use super::Publisher;
use super::report::{MemberOutcome, Outcome, PublisherReport};
use super::topics::{Owed, Topic};
use crate::wire::ToSubscriber;
use std::time::Instant;

/// Who must have acknowledged what, for a close to be complete. Judged per message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Quorum {
    /// Nobody who was ever owed a message left it unacknowledged.
    ///
    /// Leaving with everything acknowledged is fine; expiring or being superseded with something
    /// unacknowledged is not, nor is a message that was GONE.
    #[default]
    All,
    /// Each message that was owed to anyone has at least this many acknowledgements.
    AtLeast(usize),
}

/// Everything that was accepted up to a moment; see [`Publisher::target`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Of each topic, by number, the sequence after its last.
    next: Vec<u64>,
}

/// Whether a quorum holds for a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It holds, and will go on holding.
    Met,
    /// Not yet.
    Pending,
    /// It can't hold any more: who should have acknowledged is gone, or the message is.
    Impossible,
}

/// Marks that the publisher takes no more messages and no more members.
#[derive(Debug)]
pub(super) struct Closing;

impl Publisher {
    /// Everything that was accepted so far.
    #[must_use]
    pub fn target(&self) -> Target {
        Target {
            next: self.topics.iter().map(|(_, topic)| topic.next).collect(),
        }
    }

    /// Whether the quorum holds for every message of the target that was owed to anyone.
    #[must_use]
    pub fn verdict(&self, target: &Target, quorum: Quorum) -> Verdict {
        match quorum {
            Quorum::All => self.verdict_all(target),
            Quorum::AtLeast(least) => self.verdict_at_least(target, least),
        }
    }

    /// Whether nobody who is here has anything left to acknowledge of the target.
    ///
    /// Then waiting longer changes nothing, whatever the verdict.
    #[must_use]
    pub fn is_settled(&self, target: &Target) -> bool {
        self.retained_below(target).all(|(topic, next)| {
            let mut present = topic.owed.iter().filter(|owed| owed.is_present());
            present.all(|owed| owed.acked() + 1 >= next)
        })
    }

    /// No more messages, no more members; END goes to everyone. Again: no effect.
    ///
    /// Whoever has not said JOINED by now was never a member.
    pub fn begin_close(&mut self, now: Instant) {
        if self.closing.is_some() {
            return;
        }
        self.freeze();
        self.begin_end(now);
    }

    /// Whoever is a candidate will not be a member; what was kept for it was owed to nobody.
    fn freeze(&mut self) {
        self.closing = Some(Closing);
        for key in self.members.keys(false) {
            self.reply_to(key, &ToSubscriber::Closing);
            self.depart(key, MemberOutcome::Left);
        }
    }

    /// What became of everything; FIN goes to whoever is here.
    ///
    /// Call it once, after [`begin_close`](Self::begin_close) (otherwise it closes at once).
    pub fn finish(&mut self, quorum: Quorum) -> PublisherReport {
        self.freeze();
        for key in self.members.keys(true) {
            let acked = !self.is_behind(key, Owed::acked);
            self.reply_to(key, &ToSubscriber::Fin { acked });
        }
        let target = self.target();
        let outcome = if !self.members.ever_joined {
            Outcome::NoMembers
        } else if self.counters.accepted == self.counters.unowed {
            Outcome::NothingOwed
        } else if self.verdict(&target, quorum) == Verdict::Met {
            Outcome::Drained
        } else {
            Outcome::Behind
        };
        self.report(quorum, outcome)
    }

    fn verdict_all(&self, target: &Target) -> Verdict {
        if self.departed.lack_any_below(&target.next) {
            return Verdict::Impossible;
        }
        if self.members.iter().any(|(_, member)| member.has_gone) {
            return Verdict::Impossible;
        }
        match self.is_settled(target) {
            true => Verdict::Met,
            false => Verdict::Pending,
        }
    }

    fn verdict_at_least(&self, target: &Target, least: usize) -> Verdict {
        if self.fewest_acks.is_some_and(|fewest| fewest < least) {
            let mut topics = self.topics.iter().zip(&target.next);
            if topics.any(|((_, topic), &next)| topic.fell_below(least, next)) {
                return Verdict::Impossible;
            }
        }
        let met = self
            .retained_below(target)
            .all(|(topic, next)| fewest_acks(topic, next) >= least);
        if met { Verdict::Met } else { Verdict::Pending }
    }

    /// The topics of the target that anything is retained of. Whatever someone who is here has not
    /// acknowledged is retained.
    fn retained_below(&self, target: &Target) -> impl Iterator<Item = (&Topic, u64)> {
        self.topics.active().filter_map(|(number, topic)| {
            let at = (number as usize).checked_sub(1)?;
            Some((topic, *target.next.get(at)?))
        })
    }
}

/// The fewest acknowledgements that any retained message below `next` has.
///
/// The number changes only where someone's base or mark stands, so it is enough to look there.
fn fewest_acks(topic: &Topic, next: u64) -> usize {
    let range = topic.first_retained()..next;
    if range.is_empty() {
        return usize::MAX;
    }
    let bases = topic.owed.iter().map(|owed| owed.base);
    let marks = topic.owed.iter().map(|owed| owed.acked() + 1);
    let gone = topic.owed.iter().flat_map(|owed| &owed.gone);
    let gone = gone.flat_map(|gone| [gone.first(), gone.last() + 1]);
    let points = bases.chain(marks).chain(gone).chain([range.start]);
    let counts = points
        .filter(|point| range.contains(point))
        .map(|point| topic.acks_of(point));
    counts.min().unwrap_or(0)
}
