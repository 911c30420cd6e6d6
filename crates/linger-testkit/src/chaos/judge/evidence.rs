//! What a cycle leaves for its judge.

use std::time::Duration;

/// By how much a stop may pass its deadline.
pub const GRACE: Duration = Duration::from_millis(250);

/// All that one cycle left.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Evidence {
    /// The lives of the publisher, in order; their numbers begin with 1.
    pub lives: Vec<Life>,
    /// The members, in the order of their numbers.
    pub members: Vec<Member>,
    /// Every stop that was asked for.
    pub stops: Vec<Stop>,
    /// Who must have acknowledged for `drained`.
    pub quorum: Quorum,
    /// Names are durable: what was not acknowledged may come again to the next session.
    pub may_repeat: bool,
}

/// Who must have acknowledged; as [`linger::Quorum`], told by who started the publisher.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Quorum {
    /// Everybody who was owed it.
    #[default]
    All,
    /// So many names.
    AtLeast(usize),
    /// The first so many of the members.
    Named(usize),
}

/// One life of the publisher.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Life {
    /// Its journal.
    pub journal: Vec<u8>,
    /// How it ended.
    pub end: LifeEnd,
}

impl Life {
    /// A life that left this journal and ended like that.
    #[must_use]
    pub const fn new(journal: Vec<u8>, end: LifeEnd) -> Self {
        Self { journal, end }
    }
}

/// How a life of the publisher ended.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum LifeEnd {
    /// By SIGKILL, which was sent to it.
    Killed,
    /// By itself, with this report as JSON and this exit code.
    Reported {
        /// The report of its publisher.
        report: serde_json::Value,
        /// What the process ended with; `None` if a signal ended it.
        code: Option<i32>,
    },
    /// By itself, without a report.
    Silent,
}

/// One member: all subscribers of its name, one after the other.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Member {
    /// Its name.
    pub name: String,
    /// A journal for each of its lives.
    pub journals: Vec<Vec<u8>>,
}

impl Member {
    /// A member and its journals.
    #[must_use]
    pub const fn new(name: String, journals: Vec<Vec<u8>>) -> Self {
        Self { name, journals }
    }
}

/// A process that was asked to stop.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Stop {
    /// Whose.
    pub name: String,
    /// How long it may take.
    pub budget: Duration,
    /// How long it took.
    pub took: Duration,
}

impl Stop {
    /// A stop that took so long of its budget.
    #[must_use]
    pub const fn new(name: String, budget: Duration, took: Duration) -> Self {
        Self { name, budget, took }
    }
}
