//! **Each topic is delivered in order, once, and without a gap that is not named.**
//!
//! Judged at every message that an application is given, by the identity that its payload
//! carries; and at every message that is accepted: sequences are contiguous from 1.

use super::ensure;
use crate::ledger::{EpochLedger, Period};
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

/// An application is given a message for the first time. `next` is what it was to be given next
/// of this topic in this session, `periods` are those in which it is owed.
pub(crate) fn message(
    periods: &[Period],
    next: Option<u64>,
    tag: &Tag,
    id: &DeliveryId,
) -> Result<(), String> {
    let sequence = tag.sequence;
    ensure(sequence == id.sequence, || {
        format!("{id:?} came with the payload of {tag:?}")
    })?;
    let next = next.or_else(|| periods.first().map(|period| period.base));
    let Some(next) = next else {
        return Err(format!("{tag:?} was given, and is not owed"));
    };
    // A period that was released is whole before the next one begins.
    let mut pairs = periods.windows(2);
    let begins_anew = pairs.any(|pair| {
        let ended = pair[0].last.is_some_and(|last| next > last);
        ended && pair[1].base == sequence
    });
    let later = || {
        let begins = periods.iter().any(|period| period.base == sequence);
        let mut before = periods.iter().take_while(|period| period.base < sequence);
        let is_whole =
            |period: &Period| period.last.is_some_and(|last| last < period.base.max(next));
        begins && before.all(is_whole)
    };
    ensure(sequence == next || begins_anew || later(), || {
        format!("{tag:?} was given, and {next} was next, of {periods:?}")
    })
}

/// The first message of a topic in a session, in a process that was given some of it before:
/// `before` was next then.
pub(crate) fn resumed(
    before: u64,
    tag: &Tag,
    former: &[Period],
    periods: &[Period],
    is_durable: bool,
) -> Result<(), String> {
    let earlier = periods
        .iter()
        .take_while(|period| period.base < tag.sequence);
    let mut ended = earlier.filter_map(|period| period.last);
    let released =
        former.is_empty() || is_released(former, before) || ended.any(|last| before > last);
    let again = is_durable && tag.sequence < before;
    ensure(before == tag.sequence || released || again, || {
        format!("{tag:?} begins a session, and {before} was next in the one before")
    })
}

/// An application is given a message again, for the `attempt`th time.
pub(crate) fn again(tag: &Tag, was: Option<u32>, attempt: u32) -> Result<(), String> {
    ensure(was == Some(attempt - 1), || {
        format!("{tag:?} is given for the {attempt}th time, after {was:?}")
    })
}

/// An application is told that something can't be had. `next` was next in this session; or
/// `before` in the one before, if this one has not yet given anything.
pub(crate) fn gone(
    range: SequenceRange,
    next: Option<u64>,
    before: Option<u64>,
    former: &[Period],
    is_durable: bool,
) -> Result<(), String> {
    let expected = next.or(before);
    // What a durable name was given and did not acknowledge, it was to be given again.
    let again = is_durable && next.is_none();
    let released = next.is_none() && before.is_some_and(|next| is_released(former, next));
    let holds = |next: u64| next == range.first() || released || (again && range.first() < next);
    ensure(expected.is_none_or(holds), || {
        format!("{range} is gone, and {expected:?} was next")
    })
}

/// Whether what came before `next` says nothing of what follows: a period had ended there, and that
/// another had begun since may not have been heard; or the session began beyond it.
fn is_released(periods: &[Period], next: u64) -> bool {
    let mut all = periods.iter();
    let begins_later = periods.first().is_some_and(|period| next < period.base);
    begins_later || all.any(|period| period.last.is_some_and(|last| next > last))
}
