//! How far a drain has come: which member, how far, at what rate.

use super::Publisher;
use super::owed::Standing;
use crate::grouped::Grouped;
use crate::id::Level;
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
    /// How many of these it has received, in order: its application is what they wait for. 0 at
    /// the level received.
    pub received_only: u64,
    /// What its acknowledgements assert.
    pub level: Level,
    /// It was silent for too long, and expires unless it is heard soon.
    pub suspected: bool,
    /// When it joined, or since when it is absent; `None` if it is expected, and no time has been
    /// told yet.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub since: Option<Instant>,
    /// When its last frame came; `None` if it never came.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub heard: Option<Instant>,
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
        // By key: how far it is from its last, how far from what it could have, and how much of that
        // it has received.
        let mut lags = BTreeMap::<u64, (u64, u64, u64)>::new();
        for (_, topic) in self.topics.active() {
            for owed in &topic.owed {
                let (lag, left, received) = lags.entry(owed.member).or_default();
                *lag += owed.lag(topic.next);
                *left += owed.left(topic.next);
                *received += owed.received_only(topic.next);
            }
        }
        let members = self.members.iter().filter_map(|(key, member)| {
            let presence = match member.standing {
                Standing::Member => Presence::Present,
                Standing::Absent => Presence::Absent,
                _ => return None,
            };
            let (mut lag, outstanding, received_only) = lags.get(&key).copied().unwrap_or_default();
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
                received_only,
                level: member.level,
                suspected: member.suspected,
                since: member.since,
                heard: member.spoke,
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

/// Such as `2/3 acked, 1,204 outstanding, slowest: risk-1 (44 of 1,248, 310/s)`.
impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let progress = self.progress;
        let (acked, members) = (progress.acked(), progress.members.len());
        let outstanding = Grouped(progress.outstanding);
        write!(f, "{acked}/{members} acked, {outstanding} outstanding")?;
        let Some(slowest) = progress.slowest() else {
            return Ok(());
        };
        // SPEC, security: names come from strangers.
        let name = slowest.name.escape_debug();
        let (acked, owed) = (Grouped(slowest.acked), Grouped(slowest.owed));
        write!(f, ", slowest: {name} ({acked} of {owed}")?;
        if slowest.presence == Presence::Absent {
            write!(f, ", absent")?;
        }
        let at = progress.members.iter().position(|m| m.key == slowest.key);
        let rates = self.rate.as_ref().map(|rate| &rate.members);
        let rate = at.and_then(|at| *rates?.get(at)?);
        match rate {
            Some(rate) => write!(f, ", {}/s)", Grouped(rounded(rate))),
            None => write!(f, ")"),
        }
    }
}

/// Such as `2/3 acked, 1,204 outstanding, slowest: risk-1 (44 of 1,248)`.
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

/// For rates: none is below zero, and what can't be a number of messages is the most of them.
fn rounded(rate: f64) -> u64 {
    let micros = Duration::try_from_secs_f64(rate.round() / 1e6);
    micros.map_or(u64::MAX, |rate| {
        u64::try_from(rate.as_micros()).unwrap_or(u64::MAX)
    })
}
