//! Whether a quorum holds: judged message by message (SPEC C2).

use super::Publisher;
use super::members::Member;
use super::topics::Topic;
use crate::planted::{Bug, planted};

/// Who must have acknowledged what, for a close to be complete. Judged per message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Quorum {
    /// Nobody who was ever owed a message left it unacknowledged.
    ///
    /// Leaving with everything acknowledged is fine; expiring, being superseded or being evicted
    /// with something unacknowledged is not, nor is a message that was GONE. Nor is a durable name
    /// that is absent and owed something; but it may come back for it.
    #[default]
    All,
    /// Each message that was owed to anyone has acknowledgements of at least this many names.
    AtLeast(usize),
    /// Each of these names has joined, and no session of it left anything unacknowledged.
    Named(Vec<String>),
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
    pub fn verdict(&self, target: &Target, quorum: &Quorum) -> Verdict {
        match quorum {
            Quorum::All => self.verdict_all(target),
            Quorum::AtLeast(least) => self.verdict_at_least(target, *least),
            Quorum::Named(names) => self.verdict_named(target, names),
        }
    }

    /// Whether nobody has anything left to acknowledge of the target, who is absent included.
    ///
    /// Then waiting longer changes nothing, unless somebody is expected to join.
    #[must_use]
    pub fn is_settled(&self, target: &Target) -> bool {
        let mut topics = self.retained_below(target);
        !topics.any(|(topic, next)| topic.owed.iter().any(|owed| owed.holds_below(next)))
    }

    fn verdict_all(&self, target: &Target) -> Verdict {
        let mut members = self.members.iter();
        if self.departed.lack_any_below(&target.next, None)
            || members.any(|(key, member)| self.lacks_gone(key, member, target))
        {
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
        if planted(Bug::AtLeastByMembers) {
            return match self.members.joined() >= least {
                true => Verdict::Met,
                false => Verdict::Pending,
            };
        }
        let met = self
            .retained_below(target)
            .all(|(topic, next)| fewest_acks(topic, next) >= least);
        if met { Verdict::Met } else { Verdict::Pending }
    }

    fn verdict_named(&self, target: &Target, names: &[String]) -> Verdict {
        let verdicts = names.iter().map(|name| self.verdict_of(target, name));
        verdicts.fold(Verdict::Met, |all, one| match (all, one) {
            (Verdict::Impossible, _) | (_, Verdict::Impossible) => Verdict::Impossible,
            (Verdict::Pending, _) | (_, Verdict::Pending) => Verdict::Pending,
            (Verdict::Met, Verdict::Met) => Verdict::Met,
        })
    }

    fn verdict_of(&self, target: &Target, name: &str) -> Verdict {
        if self.departed.lack_any_below(&target.next, Some(name)) {
            return Verdict::Impossible;
        }
        let mut holds = false;
        let mut has_joined = self.names.holds(name);
        let mut is_expected = self.closing.is_none();
        for (key, member) in self.members.named(name) {
            if self.lacks_gone(key, member, target) {
                return Verdict::Impossible;
            }
            has_joined |= member.is_joined();
            // SPEC C5: it may come back.
            is_expected |= member.is_absent();
            holds |= self.retained_below(target).any(|(topic, next)| {
                let mut periods = topic.owed.iter().filter(|owed| owed.member == key);
                periods.any(|owed| owed.holds_below(next))
            });
        }
        match (has_joined, holds) {
            (false, _) if !is_expected => Verdict::Impossible,
            (true, false) => Verdict::Met,
            _ => Verdict::Pending,
        }
    }

    /// Whether somebody who is owed messages of the target can't have all of them.
    fn lacks_gone(&self, key: u64, member: &Member, target: &Target) -> bool {
        if planted(Bug::GoneDoesNotBar) {
            return false;
        }
        let mut topics = member.topics.iter().filter(|_| member.has_gone);
        topics.any(|&number| {
            let owed = self.topics.get(number).and_then(|topic| topic.owed(key));
            let next = target.below(number);
            owed.is_some_and(|owed| next.is_some_and(|next| owed.has_gone_below(next)))
        })
    }

    /// The topics of the target that anything is retained of. Whatever someone who is here has not
    /// acknowledged is retained.
    fn retained_below(&self, target: &Target) -> impl Iterator<Item = (&Topic, u64)> {
        self.topics
            .active()
            .filter_map(|(number, topic)| Some((topic, target.below(number)?)))
    }
}

impl Target {
    /// The sequence after the last one of a topic; `None` if the topic is younger.
    fn below(&self, number: u32) -> Option<u64> {
        let at = (number as usize).checked_sub(1)?;
        self.next.get(at).copied()
    }
}

/// The fewest acknowledgements that any retained message below `next` has.
///
/// The number falls only behind somebody's mark and where something is gone, so it is enough to look
/// there, and at the first.
fn fewest_acks(topic: &Topic, next: u64) -> usize {
    let owed = &topic.owed;
    let marks = owed.iter().map(|owed| owed.acked() + 1);
    let gone = owed.iter().flat_map(|owed| &owed.gone);
    let points = marks.chain(gone.map(|gone| gone.first())).chain([0]);
    let counts = points.filter_map(|point| {
        let (sequence, _) = topic.retained.from(point).next()?;
        (sequence < next).then(|| topic.acks_of(sequence))
    });
    counts.min().unwrap_or(usize::MAX)
}
