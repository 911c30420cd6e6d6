//! **What a session is owed is fixed when it asks, and covers all that follows.**
//!
//! Judged at every WELCOME: its bases are what came next when the HELLO was taken in that it
//! answers, or, of a durable name, after what it truly acknowledged; it names every topic that
//! matches and exists; repeated, it repeats them. And so for every GRANTED and RELEASED.

use super::ensure;
use crate::ledger::{EpochLedger, Periods, Session};
use bytes::Bytes;
use linger_ack_proto::wire::{Part, TopicEntry};

/// A publisher says where these begin: each period has the base that it names.
pub(crate) fn begin(
    epoch: &EpochLedger,
    periods: &Periods,
    entries: &[TopicEntry],
) -> Result<(), String> {
    for entry in entries {
        let topic = epoch.numbers.get(&entry.number);
        let period = topic.and_then(|&topic| periods.current(topic));
        let base = period.map(|period| period.base);
        ensure(base == Some(entry.sequence), || {
            format!("{entry:?}, but what came next then was {base:?}")
        })?;
    }
    Ok(())
}

/// A publisher says what comes after the last of each of these that is owed.
pub(crate) fn end(
    epoch: &EpochLedger,
    periods: &Periods,
    entries: &[TopicEntry],
) -> Result<(), String> {
    for entry in entries {
        let topic = epoch.numbers.get(&entry.number);
        let period = topic.and_then(|&topic| periods.current(topic));
        let last = period.and_then(|period| period.last);
        ensure(last == Some(entry.sequence - 1), || {
            format!("{entry:?}, but the last then was {last:?}")
        })?;
    }
    Ok(())
}

/// A list that is in one part names all that exists of what matches.
pub(crate) fn complete(
    epoch: &EpochLedger,
    topics: &[Bytes],
    part: Part,
    named: usize,
    asks: impl Fn(&[u8]) -> bool,
) -> Result<(), String> {
    let exist = epoch.lens.iter().zip(topics);
    let least = exist.filter(|(len, name)| **len > 0 && asks(name)).count();
    ensure(part.count > 1 || named >= least, || {
        format!("{named} topics of {least} are named")
    })
}

/// A session begins after what the one before it of its durable name was owed and acknowledged.
pub(crate) fn claimed(
    epoch: &EpochLedger,
    claim: Option<&Session>,
    topic: usize,
    base: u64,
) -> Result<(), String> {
    let next = epoch.len(topic) + 1;
    ensure(base <= next, || {
        format!("{base} of topic {topic}, of {next}")
    })?;
    let membership = claim.and_then(|claim| Some((claim, claim.membership.as_ref()?)));
    let Some((claim, membership)) = membership else {
        return ensure(base == next, || {
            format!("{base} of topic {topic}, without a claim")
        });
    };
    let Some(period) = membership.periods.current(topic) else {
        return Ok(());
    };
    if period.last.is_some_and(|last| base > last) {
        return Ok(()); // what was released stays with the claim
    }
    let lacks = (period.base..base).find(|&sequence| {
        let taken = claim.topics.get(&(topic, period.base));
        let is_gone = taken.is_some_and(|taken| taken.gone.contains(&sequence));
        !claim.has_acked(topic, sequence) && !is_gone
    });
    ensure(lacks.is_none(), || {
        let name = &claim.name;
        format!("{name} begins at {base} of topic {topic}, and has not acknowledged {lacks:?}")
    })
}
