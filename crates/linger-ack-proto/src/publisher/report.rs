//! What became of every accepted message.

use super::quorum::Quorum;
use super::{Counters, Publisher};
use crate::id::{Epoch, Level, SessionId};
use crate::marks::SequenceRange;
use bytes::Bytes;
use std::fmt;

/// What a closed publisher knows of its messages and members.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[must_use]
#[non_exhaustive]
pub struct PublisherReport {
    /// Whether the quorum held.
    pub outcome: Outcome,
    /// What it was judged by.
    pub quorum: Quorum,
    /// The publisher's epoch.
    pub epoch: Epoch,
    /// What was counted, from the beginning.
    pub counters: Counters,
    /// Everyone who was a member, the departed first; of departed ones the last 1,024.
    pub members: Vec<MemberReport>,
    /// How many departed members left something unacknowledged; also those not listed.
    pub departed_with_unacked: u64,
}

/// How a close ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Outcome {
    /// The quorum held for every accepted message that was owed to anyone.
    Drained,
    /// It did not, by the deadline; the members tell who lacks what. Unknown, not undelivered.
    Behind,
    /// Nobody ever joined, and nobody was owed anything.
    NoMembers,
    /// There were members, but nothing was published that any of them was owed.
    NothingOwed,
}

/// How a membership ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum MemberOutcome {
    /// Still here, and everything that it was owed is acknowledged.
    Acked,
    /// Still here, and something is not acknowledged.
    Behind,
    /// It said BYE, with its final marks.
    Left,
    /// It was silent for too long.
    Expired,
    /// A newer session of the same name took its place.
    Superseded,
    /// It held the window back, and the driver had it evicted.
    Evicted,
    /// A durable name without a session; what it is owed waited for it.
    Absent,
}

/// One member, and what it was owed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MemberReport {
    /// Its name.
    pub name: String,
    /// Its session; `None` if it was expected and never came.
    pub session: Option<SessionId>,
    /// What its acknowledgements assert.
    pub level: Level,
    /// How its membership ended.
    pub outcome: MemberOutcome,
    /// The topics of which it was owed at least one message.
    pub topics: Vec<TopicReport>,
}

/// One topic of one member.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct TopicReport {
    /// The topic.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::topic::as_text"))]
    pub topic: Bytes,
    /// Its number in the epoch.
    pub number: u32,
    /// The first sequence that was owed.
    pub base: u64,
    /// The last sequence that was owed; `base - 1` if none.
    pub last: u64,
    /// The received mark.
    pub received: u64,
    /// The processed mark.
    pub processed: u64,
    /// Which of the two marks counts.
    pub level: Level,
    /// What could not be had any more; below the base it is of an earlier period.
    pub gone: Vec<SequenceRange>,
    /// How many messages it was owed before the base, in periods between SUBSCRIBE and
    /// UNSUBSCRIBE that are over: all of them are acknowledged, except for what is gone.
    pub earlier: u64,
    /// Which those were: of many such periods the last 32.
    pub earlier_ranges: Vec<SequenceRange>,
}

impl PublisherReport {
    /// Whether the quorum held.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.outcome == Outcome::Drained
    }

    /// The first line of its `Display`: the outcome and the counts.
    #[must_use]
    pub fn summary(&self) -> String {
        let Counters {
            accepted, unowed, ..
        } = self.counters;
        let outcome = self.outcome;
        format!("{outcome}: {accepted} accepted, {unowed} owed to nobody")
    }

    /// The member of that name; the last one, if sessions followed one another.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&MemberReport> {
        self.members.iter().rev().find(|member| member.name == name)
    }
}

impl MemberReport {
    /// How many messages it was owed.
    #[must_use]
    pub fn owed(&self) -> u64 {
        self.topics.iter().map(TopicReport::owed).sum()
    }

    /// How many of them it did not acknowledge, those that were gone included.
    #[must_use]
    pub fn unacked(&self) -> u64 {
        self.topics
            .iter()
            .map(|topic| topic.owed() - topic.acked())
            .sum()
    }

    /// Whether something could not be had any more.
    #[must_use]
    pub fn has_gone(&self) -> bool {
        self.topics.iter().any(|topic| !topic.gone.is_empty())
    }
}

impl TopicReport {
    /// How many messages were owed, in all periods.
    #[must_use]
    pub fn owed(&self) -> u64 {
        (self.last + 1 - self.base).saturating_add(self.earlier)
    }

    /// How many of them were acknowledged.
    #[must_use]
    pub fn acked(&self) -> u64 {
        let mark = self.mark();
        let gone = self.gone.iter().filter(|range| range.first() <= mark);
        let gone: u64 = gone
            .map(|range| range.last().min(mark) - range.first() + 1)
            .sum();
        let marked = (mark + 1 - self.base).saturating_add(self.earlier);
        marked.saturating_sub(gone)
    }

    /// The sequences after the mark that counts; what is gone stands in `gone`.
    #[must_use]
    pub fn unacked(&self) -> Option<SequenceRange> {
        SequenceRange::new(self.mark() + 1, self.last)
    }

    fn mark(&self) -> u64 {
        match self.level {
            Level::Received => self.received,
            Level::Processed => self.processed,
        }
    }
}

impl Publisher {
    pub(super) fn report(&self, quorum: Quorum, outcome: Outcome) -> PublisherReport {
        let here = self.members.iter().filter(|(_, m)| !m.is_candidate());
        let here = here.map(|(key, member)| {
            let mut report = self.report_member(key, member, MemberOutcome::Absent);
            if member.is_joined() {
                report.outcome = match report.unacked() {
                    0 => MemberOutcome::Acked,
                    _ => MemberOutcome::Behind,
                };
            }
            report
        });
        PublisherReport {
            outcome,
            quorum,
            epoch: self.epoch,
            counters: self.counters,
            members: self.departed.reports().cloned().chain(here).collect(),
            departed_with_unacked: self.departed.with_unacked,
        }
    }
}

impl fmt::Display for PublisherReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary())?;
        for member in &self.members {
            let (owed, unacked) = (member.owed(), member.unacked());
            write!(
                f,
                "\n  {}: {}, {owed} owed, {unacked} not {}",
                member.name.escape_debug(),
                member.outcome,
                member.level
            )?;
            for topic in &member.topics {
                if let Some(range) = topic.unacked() {
                    write!(f, "\n    {}: {range}", topic.topic.escape_ascii())?;
                }
                for range in &topic.gone {
                    write!(f, "\n    {}: {range} gone", topic.topic.escape_ascii())?;
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Drained => "drained",
            Self::Behind => "behind",
            Self::NoMembers => "no members",
            Self::NothingOwed => "nothing owed",
        })
    }
}

impl fmt::Display for MemberOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Acked => "acked",
            Self::Behind => "behind",
            Self::Left => "left",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Evicted => "evicted",
            Self::Absent => "absent",
        })
    }
}
