//! **An acknowledgement follows the level that was chosen, never precedes it; never for a message
//! unseen; never across epochs or sessions.**
//!
//! Judged at every ACK and BYE that a subscriber makes: no received mark above what its library
//! was handed without a gap, no processed mark above what its application acknowledged without
//! one. And at every report: no mark of a member above the same truth.

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
        let (received, processed) = (session.received_to(topic), session.processed_to(topic));
        ensure(mark.received <= received, || {
            format!("{mark:?}, but it was handed no more than {received}")
        })?;
        ensure(mark.processed <= processed, || {
            format!("{mark:?}, but its application acknowledged no more than {processed}")
        })?;
    }
    Ok(())
}

/// A report says these marks.
pub(crate) fn reported(
    session: &Session,
    topic: usize,
    report: &TopicReport,
) -> Result<(), String> {
    let (received, processed) = (session.received_to(topic), session.processed_to(topic));
    let name = &session.name;
    ensure(report.received <= received, || {
        format!("{name}: {report:?}, but it was handed no more than {received}")
    })?;
    ensure(report.processed <= processed, || {
        format!("{name}: {report:?}, but it acknowledged no more than {processed}")
    })
}
