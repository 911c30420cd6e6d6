//! The chaos run: real processes, faults of many kinds, and a judge.
//!
//! A *cycle* is a publisher that streams until it gets SIGTERM, and four members, one of them
//! written in Python. Meanwhile what its [`plan`] says happens to them: SIGKILL and a new life,
//! SIGSTOP and SIGCONT, SIGTERM, connections that are cut, refused, stalled, delayed and throttled by
//! relays, links that go down; with slow consumers, small kernel buffers, windows and queues.
//! Everything is planned from one seed; what comes of it depends on the machine, too.
//!
//! | module | what it is |
//! |---|---|
//! | [`plan`] | what is to happen in a cycle, from a seed |
//! | [`journal`] | what each process writes down |
//! | [`payload`] | payloads that tell which message they are |
//! | [`judge`] | what is wrong, by nothing but what was written down |
//!
//! # What is judged
//!
//! Every process keeps a [`journal`] of its own, for each of its lives. A publisher writes down what
//! it means to publish, then what was accepted, topic and sequence; and now and then how much it
//! knows each member to have acknowledged (not where names are durable: there what a member can't
//! have any more counts, too). A member writes down what it processed **before** it
//! acknowledges that. All that a process wrote outlives its SIGKILL.
//!
//! A **life of the publisher that ended by itself** leaves a report. Each message that its journal
//! holds as accepted is accounted for in exactly one of these ways, or it is *unaccounted*:
//!
//! - *acknowledged*: the range of some session covers it, and so does its mark. Then it must stand
//!   in a journal of that member, or it is *acked, not processed*;
//! - *named*: the range of some session covers it, and its mark does not, or it is gone;
//! - *unowed*: no range covers it. Exactly as many as the report counts as unowed.
//!
//! A message may be acknowledged by one member and named of another. `drained` is recomputed from
//! the marks of all sessions; the report's word for it counts for nothing. A report may claim
//! nothing beyond what was accepted, and nothing less than the publisher once claimed in its journal.
//!
//! A **life that was ended by SIGKILL** leaves no report, and nobody promised that its messages
//! survive it. Of those that its journal holds as accepted, some *survived*: they stand in some
//! member's journal. The others *perished* with it. Both are counted, neither is wrong; but what the
//! publisher's journal says a member had acknowledged must stand in that member's journals, and so
//! must what the member's own journal says it acknowledged. The last messages may be published and
//! not yet written down as accepted: of what a member has of them it must have been written that
//! they were meant to be published.
//!
//! **Of every member**, killed or not, its journals hold nothing that was not published, each life
//! of it every message once, and the messages of a topic in order, without a gap that is not named
//! as gone. Durable names are the exception: what was not acknowledged may come to them again.
//!
//! **Every stop** that was asked for by SIGTERM, of the publisher and of the members, ends by its
//! deadline and [`judge::GRACE`].

mod actor;
mod cycle;
mod error;
mod fault;
mod feed;
mod figures;
mod hosts;
pub mod journal;
pub mod judge;
pub mod payload;
pub mod plan;
mod programs;
mod run;
mod wires;

pub use error::ChaosError;
pub use fault::Fault;
pub(crate) use feed::Feed;
pub use figures::Figures;
pub use hosts::{Hosts, Namespaces, NotAllowed};
pub use programs::Programs;
pub use run::{Options, run};

/// The name of a topic.
#[must_use]
pub fn topic_name(topic: u16) -> String {
    format!("t{topic:02}")
}

/// The number of a topic of that name.
#[must_use]
pub fn topic_number(name: &[u8]) -> Option<u16> {
    let digits = std::str::from_utf8(name).ok()?.strip_prefix('t')?;
    digits.parse().ok()
}
