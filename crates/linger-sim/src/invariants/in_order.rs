//! **Each topic is delivered in order, once, and without a gap that is not named.**
//!
//! Judged at every message that an application is given, by the identity that its payload
//! carries; and at every message that is accepted: sequences are contiguous from 1.

use super::ensure;
use crate::ledger::{EpochLedger, Taken};
use crate::payload::Tag;
use linger_ack_proto::{DeliveryId, Published, SequenceRange};

/// A message was accepted with this number and sequence.
pub(crate) fn numbered(
    epoch: &EpochLedger,
    topic: usize,
    tag: &Tag,
    published: &Published,
) -> Result<(), String> {
    let (number, sequence) = (published.number, published.sequence);
    ensure(sequence == tag.sequence, || {
        format!("topic {topic}: {sequence} follows {}", tag.sequence - 1)
    })?;
    let known = epoch.numbers.get(&number).is_none_or(|at| *at == topic);
    ensure(known, || format!("the number {number} has two topics"))
}

/// An application is given a message. `before` is what this process was to be given next of this
/// topic, if it was given some of it in a session before.
pub(crate) fn message(
    taken: &Taken,
    tag: &Tag,
    id: &DeliveryId,
    before: Option<u64>,
) -> Result<(), String> {
    ensure(tag.sequence == id.sequence, || {
        format!("{id:?} came with the payload of {tag:?}")
    })?;
    let next = taken.next;
    ensure(tag.sequence == next, || {
        format!("{tag:?} was given, and {next} was next")
    })?;
    let begins = next == taken.base;
    ensure(
        !begins || before.is_none_or(|next| next == tag.sequence),
        || format!("{tag:?} begins a session, and {before:?} was next in the one before"),
    )
}

/// An application is told that something can't be had, in the midst of a session.
pub(crate) fn gone(taken: &Taken, range: SequenceRange) -> Result<(), String> {
    let next = taken.next;
    ensure(range.first() == next, || {
        format!("{range} is gone, and {next} was next")
    })
}

/// An application is told what lies between two sessions, of which the second begins at `base`.
pub(crate) fn lost_between(
    base: u64,
    range: SequenceRange,
    before: Option<u64>,
) -> Result<(), String> {
    let first = before.unwrap_or(1);
    ensure((first, base - 1) == (range.first(), range.last()), || {
        format!("{range} is gone, between {first} and {base}")
    })
}
