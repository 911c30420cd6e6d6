//! **Drained is reported only if the quorum held for every accepted message that was owed to
//! anyone**, by what applications really acknowledged; and it is reported if all marks say so.
//!
//! Judged at every report, and at every flush that is said to be met.

use super::accounted::owed_range;
use super::ensure;
use crate::ledger::{Ledger, Lens};
use bytes::Bytes;
use linger_ack_proto::{MemberReport, Outcome, PublisherReport, Quorum, TopicReport};

/// A life of a publisher is over, and this is what it says of it.
pub(crate) fn report(
    ledger: &Ledger,
    at: usize,
    topics: &[Bytes],
    report: &PublisherReport,
) -> Result<(), String> {
    let epoch = &ledger.epochs[at];
    let has_owed = report.counters.accepted > report.counters.unowed;
    let has_members = !epoch.members.is_empty();
    let outcome = report.outcome;
    ensure((outcome == Outcome::NoMembers) != has_members, || {
        format!("{outcome}, with {} members", epoch.members.len())
    })?;
    ensure(outcome != Outcome::NothingOwed || !has_owed, || {
        format!("{outcome}, and something was")
    })?;
    let complete = report.members.iter().all(|member| member.unacked() == 0);
    match (outcome, &report.quorum) {
        (Outcome::Drained, Quorum::All) => {
            ensure(has_owed && complete, || format!("{report}"))?;
            all_acked(ledger, at, topics, None)
        }
        (Outcome::Drained, Quorum::AtLeast(least)) => {
            let fewest = fewest(ledger, at, topics);
            ensure(fewest >= *least as u64, || {
                format!("drained, and a message has {fewest} acknowledgements of {least}")
            })
        }
        (Outcome::Behind, Quorum::All) => ensure(!complete, || format!("{report}")),
        (Outcome::Behind, Quorum::AtLeast(least)) => {
            let fewest = fewest_by_marks(report);
            ensure(fewest < *least, || {
                format!("behind, and each message has {fewest} of {least}: {report}")
            })
        }
        _ => Ok(()),
    }
}

/// Everyone who was ever owed something of these has acknowledged it.
pub(crate) fn all_acked(
    ledger: &Ledger,
    at: usize,
    topics: &[Bytes],
    by: Option<&Lens>,
) -> Result<(), String> {
    for &member in &ledger.epochs[at].members {
        let session = &ledger.sessions[member];
        let Some(membership) = &session.membership else {
            continue;
        };
        for (topic, name) in topics.iter().enumerate() {
            if !session.wants(name) {
                continue;
            }
            let (base, mut last) = owed_range(ledger, membership, topic);
            if let Some(by) = by {
                last = last.min(by.get(topic).copied().unwrap_or(0));
            }
            let lacks = (base..=last).find(|&sequence| !session.has_acked(topic, sequence));
            if let Some(sequence) = lacks {
                let name = &session.name;
                return Err(format!(
                    "drained, and {name} has not acknowledged {sequence} of topic {topic}"
                ));
            }
        }
    }
    Ok(())
}

/// The fewest true acknowledgements of any message that was owed to anyone.
fn fewest(ledger: &Ledger, at: usize, topics: &[Bytes]) -> u64 {
    let epoch = &ledger.epochs[at];
    let mut fewest = u64::MAX;
    for (topic, name) in topics.iter().enumerate() {
        let mut owed = Vec::new();
        for &member in &epoch.members {
            let session = &ledger.sessions[member];
            if let Some(membership) = session.membership.as_ref().filter(|_| session.wants(name)) {
                owed.push((session, owed_range(ledger, membership, topic)));
            }
        }
        for sequence in 1..=epoch.len(topic) {
            let mut holders = owed
                .iter()
                .filter(|(_, (base, last))| (*base..=*last).contains(&sequence))
                .peekable();
            if holders.peek().is_some() {
                let acks = holders.filter(|(session, _)| session.has_acked(topic, sequence));
                fewest = fewest.min(acks.count() as u64);
            }
        }
    }
    fewest
}

/// The fewest acknowledgements of any message that the report lists as owed.
fn fewest_by_marks(report: &PublisherReport) -> usize {
    let mut fewest = usize::MAX;
    let all = || {
        let members = report.members.iter();
        members.flat_map(|member: &MemberReport| &member.topics)
    };
    for topic in all() {
        for sequence in topic.base..=topic.last {
            let same = all().filter(|other| other.number == topic.number);
            let acks = same.filter(|other| acknowledges(other, sequence)).count();
            fewest = fewest.min(acks);
        }
    }
    fewest
}

fn acknowledges(topic: &TopicReport, sequence: u64) -> bool {
    let is_owed = (topic.base..=topic.last).contains(&sequence);
    let is_unacked = topic
        .unacked()
        .is_some_and(|range| range.contains(sequence));
    let is_gone = topic.gone.iter().any(|range| range.contains(sequence));
    is_owed && !is_unacked && !is_gone
}
