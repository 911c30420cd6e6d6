//! **Every accepted message ends as acknowledged, as owed to nobody, or in a named range of a
//! named member.**
//!
//! Judged at every report: it lists everyone who ever joined, each with exactly what it was owed
//! by what was seen of its HELLO and of its going; and counts as unowed exactly what nobody was.

use super::{acks, ensure};
use crate::ledger::{Ledger, Membership, Session};
use bytes::Bytes;
use linger_ack_proto::{MemberOutcome, MemberReport, PublisherReport, TopicReport};

/// A life of a publisher is over, and this is what it says of it.
pub(crate) fn report(
    ledger: &Ledger,
    at: usize,
    topics: &[Bytes],
    report: &PublisherReport,
) -> Result<(), String> {
    let epoch = &ledger.epochs[at];
    let (says, accepted) = (report.counters.accepted, epoch.accepted);
    ensure(says == accepted, || {
        format!("{says} accepted, and it were {accepted}")
    })?;
    let (listed, joined) = (report.members.len(), epoch.members.len());
    ensure(listed == joined, || {
        format!("{listed} members are listed, and {joined} joined")
    })?;
    for member in &report.members {
        let session = member.session.and_then(|id| ledger.session(id));
        let session = session.map(|at| &ledger.sessions[at]);
        let Some(session) = session.filter(|session| session.name == member.name) else {
            return Err(format!("{:?} is nobody's session", member.session));
        };
        let membership = session.membership.as_ref();
        let Some(membership) = membership.filter(|membership| membership.epoch == at) else {
            return Err(format!("{} never joined", member.name));
        };
        owed(ledger, session, membership, topics, member)?;
    }
    let unowed = unowed(ledger, at, topics);
    let says = report.counters.unowed;
    ensure(says == unowed, || {
        format!("{says} owed to nobody, and it were {unowed}: {report}")
    })
}

/// Exactly what it was owed, and never more of it acknowledged than is true.
fn owed(
    ledger: &Ledger,
    session: &Session,
    membership: &Membership,
    topics: &[Bytes],
    member: &MemberReport,
) -> Result<(), String> {
    let epoch = &ledger.epochs[membership.epoch];
    let is_present = matches!(member.outcome, MemberOutcome::Acked | MemberOutcome::Behind);
    ensure(is_present == membership.until.is_none(), || {
        format!("{}: {}, and it is not so", member.name, member.outcome)
    })?;
    let mut listed = 0;
    for topic in &member.topics {
        let at = epoch.numbers.get(&topic.number).copied();
        let Some(at) = at.filter(|&at| topics[at] == topic.topic && session.wants(&topics[at]))
        else {
            return Err(format!("{}: {topic:?} was not asked for", member.name));
        };
        let (base, last) = owed_range(ledger, membership, at);
        ensure((topic.base, topic.last) == (base, last), || {
            let name = &member.name;
            format!("{name}: {topic:?}, and it was owed {base} to {last}")
        })?;
        acks::reported(session, at, topic)?;
        gone(session, at, topic)?;
        listed += u64::from(last >= base);
    }
    let wanted = (0..topics.len()).filter(|&at| session.wants(&topics[at]));
    let owed = wanted.map(|at| owed_range(ledger, membership, at));
    let owed = owed.filter(|(base, last)| last >= base).count() as u64;
    ensure(listed == owed, || {
        let name = &member.name;
        format!("{name} was owed of {owed} topics, and {listed} are listed")
    })?;
    let is_behind = member.unacked() > 0;
    let says_behind = member.outcome == MemberOutcome::Behind;
    ensure(!is_present || is_behind == says_behind, || {
        format!("{}: {}, {is_behind}", member.name, member.outcome)
    })
}

/// What is gone for an application, and below its mark, is named as gone.
fn gone(session: &Session, at: usize, report: &TopicReport) -> Result<(), String> {
    let Some(taken) = session.topics.get(&at) else {
        return Ok(());
    };
    for &sequence in &taken.gone {
        let named = report.gone.iter().any(|range| range.contains(sequence));
        let within = (report.base..=report.last).contains(&sequence);
        ensure(named || !within, || {
            format!("{report:?}: {sequence} is gone, and not named")
        })?;
    }
    Ok(())
}

/// The first and the last sequence that a member was owed of a topic.
pub(crate) fn owed_range(ledger: &Ledger, membership: &Membership, topic: usize) -> (u64, u64) {
    let until = membership.until.as_ref();
    let base = membership.from.get(topic).copied().unwrap_or(0) + 1;
    let last = match until {
        Some(until) => until.get(topic).copied().unwrap_or(0),
        None => ledger.epochs[membership.epoch].len(topic),
    };
    (base, last)
}

/// How many messages nobody was owed who ever joined.
fn unowed(ledger: &Ledger, at: usize, topics: &[Bytes]) -> u64 {
    let mut unowed = 0;
    for (topic, name) in topics.iter().enumerate() {
        let len = ledger.epochs[at].len(topic);
        if len == 0 {
            continue;
        }
        let mut ranges = Vec::new();
        for &member in &ledger.epochs[at].members {
            let session = &ledger.sessions[member];
            if let Some(membership) = session.membership.as_ref().filter(|_| session.wants(name)) {
                ranges.push(owed_range(ledger, membership, topic));
            }
        }
        ranges.sort_unstable();
        let (mut covered, mut to) = (0, 0);
        for (first, last) in ranges {
            covered += (last + 1).saturating_sub(first.max(to + 1));
            to = to.max(last);
        }
        unowed += len - covered;
    }
    unowed
}
