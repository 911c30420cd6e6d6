//! **Drained is reported only if the quorum held for every accepted message that was owed to
//! anyone**, by what applications really acknowledged; and it is reported if all marks say so.
//!
//! Judged at every report, and at every flush that is said to be met.

use super::acks::acknowledges;
use super::ensure;
use crate::ledger::{Ledger, Lens};
use linger_ack_proto::{MemberReport, Outcome, PublisherReport, Quorum};
use std::collections::BTreeSet;

/// A life of a publisher is over, and this is what it says of it.
pub(crate) fn report(ledger: &Ledger, at: usize, report: &PublisherReport) -> Result<(), String> {
    let epoch = &ledger.epochs[at];
    let has_owed = report.counters.accepted > report.counters.unowed;
    let mut joined = epoch.members.iter().map(|&at| &ledger.sessions[at]);
    let has_members = joined.any(|session| session.subscriber.is_some());
    let outcome = report.outcome;
    ensure(
        (outcome == Outcome::NoMembers) == (!has_members && !has_owed),
        || format!("{outcome}, with {} members", epoch.members.len()),
    )?;
    ensure(outcome != Outcome::NothingOwed || !has_owed, || {
        format!("{outcome}, and something was")
    })?;
    let complete = report.members.iter().all(|member| member.unacked() == 0);
    match (outcome, &report.quorum) {
        (Outcome::Drained, Quorum::All) => {
            ensure(has_owed && complete, || format!("{report}"))?;
            all_acked(ledger, at, |_| true, None)
        }
        (Outcome::Drained, Quorum::AtLeast(least)) => {
            let fewest = fewest(ledger, at);
            ensure(fewest >= *least, || {
                format!("drained, and a message has {fewest} acknowledgements of {least}")
            })
        }
        (Outcome::Drained, Quorum::Named(names)) => {
            let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
            for name in &names {
                let mut joined = epoch.members.iter().map(|&at| &ledger.sessions[at]);
                let came = joined.any(|s| s.subscriber.is_some() && s.name == *name);
                ensure(came, || format!("drained, and {name} never came"))?;
            }
            all_acked(ledger, at, |name| names.contains(name), None)
        }
        (Outcome::Behind, Quorum::All) => ensure(!complete, || format!("{report}")),
        (Outcome::Behind, Quorum::AtLeast(least)) => {
            let fewest = fewest_by_marks(report);
            ensure(fewest < *least, || {
                format!("behind, and each message has {fewest} of {least}: {report}")
            })
        }
        (Outcome::Behind, Quorum::Named(names)) => {
            let lacks = |name: &String| {
                let mut sessions = report.members.iter().filter(|m| m.name == *name).peekable();
                let came = report
                    .members
                    .iter()
                    .any(|m| m.name == *name && m.session.is_some());
                !came || sessions.any(|member| member.unacked() > 0)
            };
            ensure(names.iter().any(lacks), || {
                format!("behind, and all of {names:?} have all: {report}")
            })
        }
        _ => Ok(()),
    }
}

/// Everyone of these names who was ever owed something, up to there, has acknowledged it.
pub(crate) fn all_acked(
    ledger: &Ledger,
    at: usize,
    is_asked: impl Fn(&str) -> bool,
    by: Option<&Lens>,
) -> Result<(), String> {
    for &member in &ledger.epochs[at].members {
        let session = &ledger.sessions[member];
        let Some(membership) = session
            .membership
            .as_ref()
            .filter(|_| is_asked(&session.name))
        else {
            continue;
        };
        for (topic, _) in membership.periods.iter() {
            let by = by.map_or(u64::MAX, |by| by.get(topic).copied().unwrap_or(0));
            let mut ranges = ledger.owed(membership, topic);
            let lacks = ranges.find_map(|(base, last)| {
                let mut all = base..=last.min(by);
                all.find(|&sequence| !session.has_acked(topic, sequence))
            });
            ensure(lacks.is_none(), || {
                let name = &session.name;
                format!("drained, and {name} has not acknowledged {lacks:?} of topic {topic}")
            })?;
        }
    }
    Ok(())
}

/// The fewest names that truly acknowledged a message that was owed to anyone.
fn fewest(ledger: &Ledger, at: usize) -> usize {
    let epoch = &ledger.epochs[at];
    let mut fewest = usize::MAX;
    for topic in 0..epoch.lens.len() {
        let mut owed = Vec::new();
        for &member in &epoch.members {
            let session = &ledger.sessions[member];
            if let Some(membership) = &session.membership {
                let ranges = ledger.owed(membership, topic);
                owed.extend(ranges.map(|range| (session, range)));
            }
        }
        for sequence in 1..=epoch.len(topic) {
            let holders = owed.iter();
            let mut holders = holders
                .filter(|(_, (base, last))| (*base..=*last).contains(&sequence))
                .peekable();
            if holders.peek().is_some() {
                // What a session acknowledged that has an heir by now counts as well.
                let acked = owed
                    .iter()
                    .filter(|(s, (base, _))| *base <= sequence && s.has_acked(topic, sequence));
                let names: BTreeSet<&str> = acked.map(|(s, _)| s.name.as_str()).collect();
                fewest = fewest.min(names.len());
            }
        }
    }
    fewest
}

/// The fewest names that acknowledged a message that is owed, by what the report lists.
fn fewest_by_marks(report: &PublisherReport) -> usize {
    let mut fewest = usize::MAX;
    let all = || {
        let members = report.members.iter();
        members.flat_map(|member: &MemberReport| member.topics.iter().map(move |t| (member, t)))
    };
    for (_, topic) in all() {
        let earlier = topic.earlier_ranges.iter();
        let earlier = earlier.flat_map(|range| range.first()..=range.last());
        for sequence in (topic.base..=topic.last).chain(earlier) {
            let same = all().filter(|(_, other)| other.number == topic.number);
            let acks = same.filter(|(_, other)| {
                let mut earlier = other.earlier_ranges.iter();
                let was_gone = other.gone.iter().any(|range| range.contains(sequence));
                let before = earlier.any(|range| range.contains(sequence)) && !was_gone;
                acknowledges(other, sequence) || before
            });
            let names: BTreeSet<&str> = acks.map(|(member, _)| member.name.as_str()).collect();
            fewest = fewest.min(names.len());
        }
    }
    fewest
}
