//! **Every accepted message ends as acknowledged, as owed to nobody, or in a named range of a
//! named member.**
//!
//! Judged at every report: it lists everyone who ever joined, each with exactly what it was owed
//! by what was seen of its HELLO, of its changes and of its going; and counts as unowed exactly
//! what nobody was.

use super::{acks, ensure};
use crate::ledger::{Ledger, Membership, Session};
use bytes::Bytes;
use linger_ack_proto::{MemberOutcome, MemberReport, PublisherReport};

/// A life of a publisher is over, and this is what it says of it.
pub(crate) fn report(
    ledger: &Ledger,
    at: usize,
    topics: &[Bytes],
    report: &PublisherReport,
) -> Result<(), String> {
    let epoch = &ledger.epochs[at];
    // Only what names hold that may be away is ever let go.
    let let_go = report.counters.let_go + report.counters.evicted;
    let may_lose = let_go > 0;
    let (says, accepted) = (report.counters.accepted, epoch.accepted);
    ensure(says == accepted, || {
        format!("{says} accepted, and it were {accepted}")
    })?;
    let listed = report
        .members
        .iter()
        .filter(|member| member.session.is_some());
    let joined = epoch.members.iter().map(|&at| &ledger.sessions[at]);
    let joined = joined.filter(|session| session.subscriber.is_some());
    let (listed, joined) = (listed.count(), joined.count());
    ensure(listed == joined, || {
        format!("{listed} members are listed, and {joined} joined: {report}")
    })?;
    for member in &report.members {
        let session = find(ledger, at, member);
        let Some(session) = session.filter(|session| session.name == member.name) else {
            return Err(format!("{:?} is nobody's session", member.session));
        };
        let membership = session.membership.as_ref();
        let Some(membership) = membership.filter(|membership| membership.epoch == at) else {
            return Err(format!("{} never joined", member.name));
        };
        owed(ledger, session, membership, topics, may_lose, member)?;
    }
    let unowed = unowed(ledger, at, topics);
    let says = report.counters.unowed;
    ensure(says == unowed, || {
        format!("{says} owed to nobody, and it were {unowed}: {report}")
    })
}

/// The session, or the name that is expected.
fn find<'a>(ledger: &'a Ledger, at: usize, member: &MemberReport) -> Option<&'a Session> {
    if let Some(id) = member.session {
        return ledger.session(id).map(|at| &ledger.sessions[at]);
    }
    let members = ledger.epochs[at].members.iter();
    let mut sessions = members.map(|&at| &ledger.sessions[at]);
    sessions.find(|session| session.subscriber.is_none() && session.name == member.name)
}

/// Exactly what it was owed, and never more of it acknowledged than is true.
fn owed(
    ledger: &Ledger,
    session: &Session,
    membership: &Membership,
    topics: &[Bytes],
    may_lose: bool,
    member: &MemberReport,
) -> Result<(), String> {
    let epoch = &ledger.epochs[membership.epoch];
    let name = &member.name;
    let is_here = matches!(
        member.outcome,
        MemberOutcome::Acked | MemberOutcome::Behind | MemberOutcome::Absent
    );
    let is_absent = member.outcome == MemberOutcome::Absent;
    let is_true = is_here == membership.until.is_none() && (!is_absent || membership.is_absent);
    ensure(is_true || session.subscriber.is_none(), || {
        format!("{name}: {}, and it is not so", member.outcome)
    })?;
    let mut listed = 0;
    for topic in &member.topics {
        let Some(&at) = epoch.numbers.get(&topic.number) else {
            return Err(format!("{name}: {topic:?} is of no topic"));
        };
        let ranges: Vec<_> = ledger.owed(membership, at).collect();
        let Some((&(base, last), earlier)) = ranges.split_last() else {
            return Err(format!("{name}: {topic:?} was not asked for"));
        };
        // What it acknowledged after its heir had asked is its own, and its heir's as well.
        let is_exact = membership.heir.is_none() && topic.last == last;
        let is_handed = membership.heir.is_some() && topic.last >= last.min(topic.base - 1);
        ensure(topic.base == base && (is_exact || is_handed), || {
            format!("{name}: {topic:?}, and it was owed {base} to {last}")
        })?;
        let before: u64 = earlier.iter().map(|(base, last)| last + 1 - base).sum();
        ensure(topic.earlier == before && topics[at] == topic.topic, || {
            format!("{name}: {topic:?}, and it was owed {before} before")
        })?;
        acks::reported(session, at, topic)?;
        ensure(topic.gone.is_empty() || may_lose, || {
            format!("{name}: {topic:?}, and nothing was let go")
        })?;
        listed += u64::from(ranges.iter().any(|(base, last)| last >= base));
    }
    let owed = membership.periods.iter().filter(|&(topic, _)| {
        let mut ranges = ledger.owed(membership, topic);
        ranges.any(|(base, last)| last >= base)
    });
    let owed = owed.count() as u64;
    ensure(listed == owed, || {
        format!("{name} was owed of {owed} topics, and {listed} are listed: {member:?}")
    })?;
    let is_present = is_here && !is_absent;
    let says_behind = member.outcome == MemberOutcome::Behind;
    ensure(!is_present || (member.unacked() > 0) == says_behind, || {
        format!("{name}: {}, with {}", member.outcome, member.unacked())
    })
}

/// How many messages nobody was owed who ever joined, or is expected.
fn unowed(ledger: &Ledger, at: usize, topics: &[Bytes]) -> u64 {
    let mut unowed = 0;
    for topic in 0..topics.len() {
        let len = ledger.epochs[at].len(topic);
        if len == 0 {
            continue;
        }
        let mut ranges = Vec::new();
        for &member in &ledger.epochs[at].members {
            if let Some(membership) = &ledger.sessions[member].membership {
                ranges.extend(ledger.owed(membership, topic));
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
