//! **An acknowledgement follows the level that was chosen, never precedes it; never for a message
//! unseen; never across epochs or sessions.**
//!
//! Judged at every ACK and BYE that a subscriber makes: no received mark above what its library
//! was handed without a gap, no processed mark above what its application acknowledged without
//! one. And at every report: nothing counts as acknowledged that was not.

use super::ensure;
use crate::ledger::{Ledger, Session};
use linger_ack_proto::TopicReport;
use linger_ack_proto::wire::{Header, Mark};

/// A subscriber said these marks.
pub(crate) fn said(
    ledger: &Ledger,
    session: &Session,
    header: &Header,
    marks: &[Mark],
) -> Result<(), String> {
    let Some((at, _)) = session.welcomed else {
        return ensure(marks.is_empty(), || "marks before any WELCOME".to_owned());
    };
    let epoch = &ledger.epochs[at];
    ensure(epoch.id == header.epoch, || {
        "an acknowledgement crosses epochs".to_owned()
    })?;
    for mark in marks {
        let Some(&topic) = epoch.numbers.get(&mark.number) else {
            return Err(format!("{mark:?} is of no topic"));
        };
        ensure(session.has_received_to(topic, mark.received), || {
            format!("{mark:?}, but it was not handed all that")
        })?;
        ensure(session.has_processed_to(topic, mark.processed), || {
            format!("{mark:?}, but its application did not acknowledge all that")
        })?;
    }
    Ok(())
}

/// A report counts these as acknowledged, in the period that it names.
pub(crate) fn reported(
    session: &Session,
    topic: usize,
    report: &TopicReport,
) -> Result<(), String> {
    let all = report.base..=report.last;
    let earlier = report.earlier_ranges.iter();
    let mut earlier = earlier.flat_map(|range| range.first()..=range.last());
    let unacked = |&sequence: &u64| !session.has_acked(topic, sequence);
    let false_now = all
        .filter(|&sequence| acknowledges(report, sequence))
        .find(unacked);
    let false_then = earlier.find(|sequence| !is_gone(report, *sequence) && unacked(sequence));
    let first = false_now.or(false_then);
    ensure(first.is_none(), || {
        let name = &session.name;
        format!("{name}: {report:?}, but it did not acknowledge {first:?}")
    })
}

/// Whether a report counts a message of its period as acknowledged.
pub(crate) fn acknowledges(report: &TopicReport, sequence: u64) -> bool {
    let is_owed = (report.base..=report.last).contains(&sequence);
    let is_unacked = report
        .unacked()
        .is_some_and(|range| range.contains(sequence));
    is_owed && !is_unacked && !is_gone(report, sequence)
}

fn is_gone(report: &TopicReport, sequence: u64) -> bool {
    report.gone.iter().any(|range| range.contains(sequence))
}
