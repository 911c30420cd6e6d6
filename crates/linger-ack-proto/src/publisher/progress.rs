//! How far a drain has come: which member, how far, at what rate.

use super::Publisher;
use super::owed::Standing;
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

/// How far everyone who is owed something has come, at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[must_use]
#[non_exhaustive]
pub struct Progress {
    /// When it was looked.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub at: Instant,
    /// How many messages are retained: somebody has not acknowledged them.
    pub outstanding: u64,
    /// Members and absent names, in the order in which they came.
    pub members: Vec<MemberProgress>,
}

/// How far one member has come.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MemberProgress {
    /// Its name.
    pub name: String,
    /// Whether it is here.
    pub presence: Presence,
    /// How many messages its session was owed.
    pub owed: u64,
    /// How many of them it acknowledged, or can't have.
    pub acked: u64,
    /// How many it has yet to acknowledge.
    pub outstanding: u64,
    /// Tells sessions of one name apart.
    #[cfg_attr(feature = "serde", serde(skip))]
    key: u64,
}

/// Whether a name has a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Presence {
    /// It is a member.
    Present,
    /// It is a durable name without a session.
    Absent,
}

/// How fast acknowledgements came between two looks.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[must_use]
#[non_exhaustive]
pub struct Rate {
    /// Messages a second, of all members together: what two acknowledged counts twice.
    pub per_second: f64,
    /// Of each member that was there at both looks, by its place in [`Progress::members`].
    pub members: Vec<Option<f64>>,
    /// How long the slowest takes at its rate; `None` if somebody stands still.
    pub left: Option<Duration>,
}

impl Publisher {
    /// How far everyone has come; cheap enough for a line every second.
    pub fn progress(&self, now: Instant) -> Progress {
        // By key: how far it is from its last, and how far from what it could have.
        let mut lags = BTreeMap::<u64, (u64, u64)>::new();
        for (_, topic) in self.topics.active() {
            for owed in &topic.owed {
                let (lag, left) = lags.entry(owed.member).or_default();
                *lag += owed.lag(topic.next);
                *left += owed.left(topic.next);
            }
        }
        let members = self.members.iter().filter_map(|(key, member)| {
            let presence = match member.standing {
                Standing::Member => Presence::Present,
                Standing::Absent => Presence::Absent,
                _ => return None,
            };
            let (mut lag, outstanding) = lags.get(&key).copied().unwrap_or_default();
            if member.has_gone {
                // What it can't have may be of a topic of which nothing is retained.
                let topics = member.topics.iter();
                let topics = topics.filter_map(|&number| self.topics.get(number));
                let lags = topics.map(|topic| topic.owed(key).map_or(0, |o| o.lag(topic.next)));
                lag = lags.sum();
            }
            let owed = member.acked.saturating_add(lag);
            Some(MemberProgress {
                name: member.name.clone(),
                presence,
                owed,
                acked: owed - outstanding,
                outstanding,
                key,
            })
        });
        Progress {
            at: now,
            outstanding: self.window.messages,
            members: members.collect(),
        }
    }
}

impl Progress {
    /// How many have acknowledged everything so far.
    #[must_use]
    pub fn acked(&self) -> usize {
        let acked = self.members.iter().filter(|m| m.outstanding == 0);
        acked.count()
    }

    /// Whoever has the most to acknowledge; the first of them, `None` if nobody has any.
    #[must_use]
    pub fn slowest(&self) -> Option<&MemberProgress> {
        let behind = self.members.iter().rev().filter(|m| m.outstanding > 0);
        behind.max_by_key(|member| member.outstanding)
    }

    /// The member of that name.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&MemberProgress> {
        self.members.iter().find(|member| member.name == name)
    }

    /// How fast acknowledgements came since an earlier look; `None` if no time has passed.
    #[must_use]
    pub fn rate_since(&self, earlier: &Self) -> Option<Rate> {
        let seconds = self.at.checked_duration_since(earlier.at)?.as_secs_f64();
        if seconds <= 0.0 {
            return None;
        }
        let then: BTreeMap<u64, u64> = earlier.members.iter().map(|m| (m.key, m.acked)).collect();
        let members: Vec<Option<f64>> = (self.members.iter())
            .map(|member| {
                let then = then.get(&member.key)?;
                Some(as_f64(member.acked.saturating_sub(*then)) / seconds)
            })
            .collect();
        let left = (self.members.iter().zip(&members))
            .filter(|(member, _)| member.outstanding > 0)
            .map(|(member, rate)| {
                let seconds = as_f64(member.outstanding) / rate.filter(|rate| *rate > 0.0)?;
                Duration::try_from_secs_f64(seconds).ok()
            })
            .try_fold(Duration::ZERO, |most, left| Some(most.max(left?)));
        Some(Rate {
            per_second: members.iter().flatten().sum(),
            members,
            left,
        })
    }

    /// Its line, with the rate since an earlier look.
    #[must_use]
    pub fn line_since<'a>(&'a self, earlier: &Self) -> impl fmt::Display + 'a {
        Line {
            progress: self,
            rate: self.rate_since(earlier),
        }
    }
}

struct Line<'a> {
    progress: &'a Progress,
    rate: Option<Rate>,
}

/// Such as `2/3 acked, 1204 outstanding, slowest: risk-1 (44 of 1248, 310/s)`.
impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let progress = self.progress;
        let (acked, members) = (progress.acked(), progress.members.len());
        let outstanding = progress.outstanding;
        write!(f, "{acked}/{members} acked, {outstanding} outstanding")?;
        let Some(slowest) = progress.slowest() else {
            return Ok(());
        };
        let MemberProgress {
            name, acked, owed, ..
        } = slowest;
        write!(f, ", slowest: {name} ({acked} of {owed}")?;
        if slowest.presence == Presence::Absent {
            write!(f, ", absent")?;
        }
        let at = progress.members.iter().position(|m| m.key == slowest.key);
        let rates = self.rate.as_ref().map(|rate| &rate.members);
        let rate = at.and_then(|at| *rates?.get(at)?);
        match rate {
            Some(rate) => write!(f, ", {rate:.0}/s)"),
            None => write!(f, ")"),
        }
    }
}

/// Such as `2/3 acked, 1204 outstanding, slowest: risk-1 (44 of 1248)`.
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = Line {
            progress: self,
            rate: None,
        };
        line.fmt(f)
    }
}

/// For rates: exact up to 2^53.
fn as_f64(count: u64) -> f64 {
    Duration::from_micros(count).as_secs_f64() * 1e6
}
