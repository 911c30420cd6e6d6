//! Compares what both sides concluded with what really happened.
#![allow(
    unreachable_pub,
    clippy::allow_attributes,
    clippy::expect_used,
    reason = "a part of a test"
)]

use crate::world::{Node, Seen, World};
use bytes::Bytes;
use linger_ack_proto::{
    EndReason, Epoch, Level, MemberOutcome, MemberReport, Outcome, PublisherReport, Quorum,
    SubscriberEvent, Target, TopicReport, Verdict,
};
use std::collections::{BTreeMap, BTreeSet};

/// By node: by generation and topic number, up to where the application has acknowledged.
type Processed = Vec<BTreeMap<(u64, u32), u64>>;

/// A quorum of all was said to hold for all that was accepted by then.
pub struct Flush {
    target: Target,
    lens: BTreeMap<Bytes, u64>,
    processed: Processed,
}

impl Flush {
    pub fn begin(world: &World) -> Self {
        Self {
            target: world.publisher.target(),
            lens: lens(world),
            processed: Vec::new(),
        }
    }

    /// Whether the quorum is met; what was true at that moment is kept.
    pub fn is_met(&mut self, world: &World) -> bool {
        let met = world.publisher.verdict(&self.target, &Quorum::All) == Verdict::Met;
        if met {
            self.processed = world.nodes.iter().map(processed).collect();
        }
        met
    }

    /// Whoever turned out to be owed something of it had acknowledged it.
    fn check(&self, world: &World, report: &PublisherReport) {
        for member in report.members.iter() {
            if member.level != Level::Processed {
                continue;
            }
            let (at, generation) = find(world, member);
            for topic in &member.topics {
                let len = self.lens.get(&topic.topic).copied().unwrap_or(0);
                if len < topic.base {
                    continue;
                }
                let done = self.processed[at].get(&(generation, topic.number));
                assert!(
                    done.is_some_and(|&done| done >= len.min(topic.last)),
                    "flushed, but {} had not acknowledged {topic:?} up to {len}",
                    member.name
                );
            }
        }
    }
}

fn processed(node: &Node) -> BTreeMap<(u64, u32), u64> {
    let topics = node.witness.topics.iter();
    topics.map(|(&key, taken)| (key, taken.processed)).collect()
}

/// Of each topic of this epoch, how many messages were accepted.
fn lens(world: &World) -> BTreeMap<Bytes, u64> {
    let epoch = world.publisher.epoch();
    let topics = world.published.iter().filter(|((e, _), _)| *e == epoch);
    topics
        .map(|((_, topic), list)| (topic.clone(), list.len() as u64))
        .collect()
}

fn find(world: &World, member: &MemberReport) -> (usize, u64) {
    let mut nodes = world.nodes.iter().enumerate();
    nodes
        .find_map(|(at, node)| Some((at, node.witness.generation(member.session?)?)))
        .expect("every member is a session of a node")
}

/// A publisher's life is over, closed or killed: is its report true?
pub fn check_report(world: &World, report: &PublisherReport, flushes: &[Flush]) {
    let lens = lens(world);
    let accepted: u64 = lens.values().sum();
    assert_eq!(report.counters.accepted, accepted);
    for member in &report.members {
        check_member(world, report.epoch, member, &lens);
    }
    check_unowed(report, &lens);
    check_outcome(world, report);
    flushes.iter().for_each(|flush| flush.check(world, report));
}

fn check_member(world: &World, epoch: Epoch, member: &MemberReport, lens: &BTreeMap<Bytes, u64>) {
    let (at, generation) = find(world, member);
    let node = &world.nodes[at];
    let key = usize::try_from(generation).expect("few");
    assert_eq!(
        node.witness.sessions[key].1,
        Some(epoch),
        "never across epochs"
    );
    let is_present = matches!(member.outcome, MemberOutcome::Acked | MemberOutcome::Behind);
    for topic in &member.topics {
        let len = lens[&topic.topic];
        let wanted = node
            .prefixes
            .iter()
            .any(|prefix| topic.topic.starts_with(prefix));
        assert!(wanted && topic.base >= 1 && topic.last <= len, "{topic:?}");
        assert!(topic.gone.is_empty(), "nothing was evicted: {topic:?}");
        assert!(!is_present || topic.last == len, "{topic:?} of {len}");
        let (handed_out, done) = match node.witness.topics.get(&(generation, topic.number)) {
            Some(taken) => (taken.handed_out, taken.processed),
            None => (topic.base - 1, topic.base - 1),
        };
        assert!(
            topic.processed <= done,
            "{topic:?}: acknowledged up to {done}"
        );
        assert!(
            topic.received <= handed_out,
            "{topic:?}: received up to {handed_out}"
        );
    }
    if is_present {
        let owed = lens
            .iter()
            .filter(|(topic, _)| node.prefixes.iter().any(|prefix| topic.starts_with(prefix)));
        for (topic, &len) in owed {
            // Whatever the member does not list ended before its base.
            let listed = member.topics.iter().any(|t| t.topic == topic);
            let seen = node.witness.topics.iter();
            let mut seen = seen.filter(|((g, _), taken)| *g == generation && taken.topic == topic);
            assert!(
                listed || seen.next().is_none(),
                "{topic:?} of {len} is not listed"
            );
        }
    }
}

/// Every accepted message is owed to a member that is named, or is counted as owed to nobody.
fn check_unowed(report: &PublisherReport, lens: &BTreeMap<Bytes, u64>) {
    let mut unowed = 0;
    for (topic, &len) in lens {
        let owed: Vec<&TopicReport> = owed_of(report, topic).map(|(_, t)| t).collect();
        unowed += (1..=len)
            .filter(|sequence| !owed.iter().any(|t| (t.base..=t.last).contains(sequence)))
            .count() as u64;
    }
    assert_eq!(report.counters.unowed, unowed, "{report}");
}

fn owed_of<'a>(
    report: &'a PublisherReport,
    topic: &'a Bytes,
) -> impl Iterator<Item = (&'a MemberReport, &'a TopicReport)> {
    let members = report.members.iter();
    members.flat_map(move |m| {
        let topics = m.topics.iter().filter(move |t| t.topic == topic);
        topics.map(move |t| (m, t))
    })
}

/// Up to where a member has really come: what its level asks for, and nothing else.
fn truth(world: &World, member: &MemberReport, topic: &TopicReport) -> u64 {
    let (at, generation) = find(world, member);
    let taken = world.nodes[at]
        .witness
        .topics
        .get(&(generation, topic.number));
    taken.map_or(topic.base - 1, |taken| match member.level {
        Level::Received => taken.handed_out,
        _ => taken.processed,
    })
}

/// The fewest names that acknowledged any message that was owed to anyone.
fn fewest_acks(
    report: &PublisherReport,
    lens: &BTreeMap<Bytes, u64>,
    mark: impl Fn(&MemberReport, &TopicReport) -> u64,
) -> usize {
    let mut fewest = usize::MAX;
    for (topic, &len) in lens {
        for sequence in 1..=len {
            let owed = owed_of(report, topic);
            let owed = owed.filter(|(_, t)| (t.base..=t.last).contains(&sequence));
            let owed: Vec<_> = owed.collect();
            let acks = owed.iter().filter(|(m, t)| mark(m, t) >= sequence);
            // Sessions of one name that lived at once may both have acknowledged it.
            let names: BTreeSet<&str> = acks.map(|(m, _)| m.name.as_str()).collect();
            if !owed.is_empty() {
                fewest = fewest.min(names.len());
            }
        }
    }
    fewest
}

fn check_outcome(world: &World, report: &PublisherReport) {
    let lens = lens(world);
    let has_owed = report.counters.accepted > report.counters.unowed;
    assert_eq!(
        report.outcome == Outcome::NoMembers,
        report.members.is_empty()
    );
    if report.outcome == Outcome::NothingOwed {
        assert!(!has_owed);
    }
    let complete = report.members.iter().all(|member| member.unacked() == 0);
    match (report.outcome, report.quorum.clone()) {
        (Outcome::Drained, Quorum::All) => {
            assert!(has_owed && complete);
            for member in &report.members {
                for topic in &member.topics {
                    let truth = truth(world, member, topic);
                    assert!(truth >= topic.last, "drained, but {topic:?} is at {truth}");
                }
            }
        }
        (Outcome::Drained, Quorum::AtLeast(least)) => {
            let fewest = fewest_acks(report, &lens, |m, t| truth(world, m, t));
            assert!(fewest >= least, "drained, but a message has {fewest}");
        }
        (Outcome::Behind, Quorum::AtLeast(least)) => {
            let mark = |t: &TopicReport| t.unacked().map_or(t.last, |range| range.first() - 1);
            let fewest = fewest_acks(report, &lens, |_, t| mark(t));
            assert!(fewest < least, "each message has {fewest}: {report}");
        }
        (Outcome::Behind, Quorum::All) => assert!(!complete, "{report}"),
        _ => {}
    }
}

/// Each topic came in order, without a gap that was not announced, once, from its base.
pub fn check_node(world: &World, at: usize, reports: &[PublisherReport]) {
    let node = &world.nodes[at];
    let mut last = BTreeMap::new();
    let mut first = BTreeMap::new();
    for seen in &node.witness.seen {
        let (key, from, to) = match seen {
            Seen::Message {
                epoch,
                id,
                topic,
                payload,
            } => {
                let key = (*epoch, topic.clone());
                let published = &world.published[&key];
                let place = usize::try_from(id.sequence).expect("few") - 1;
                assert_eq!(published.get(place), Some(payload), "{id:?} of {topic:?}");
                (key, id.sequence, id.sequence)
            }
            Seen::Gone {
                epoch,
                topic,
                first,
                last,
            } => ((*epoch, topic.clone()), *first, *last),
        };
        let before = last.insert(key.clone(), to);
        if let Some(before) = before {
            assert_eq!(from, before + 1, "{key:?} does not follow what came before");
        }
        first.entry(key).or_insert(from);
    }
    for report in reports {
        let members = report.members.iter();
        let sessions = members.filter(|m| {
            m.session
                .is_some_and(|s| node.witness.generation(s).is_some())
        });
        for topic in sessions.flat_map(|member| &member.topics) {
            if let Some(&first) = first.get(&(report.epoch, topic.topic.clone())) {
                assert!(first <= topic.base, "{topic:?} begins at {first}");
            }
        }
    }
    check_end(node, reports);
}

/// An end of stream is the end of the stream, and `Incomplete` says that something is missing.
fn check_end(node: &Node, reports: &[PublisherReport]) {
    let &(session, _) = node.witness.sessions.last().expect("at least one");
    let (events, generation) = (&node.events, node.witness.sessions.len() as u64 - 1);
    let end = events
        .iter()
        .rposition(|e| *e == SubscriberEvent::EndOfStream);
    let rejoin = events.iter().rposition(|e| *e == SubscriberEvent::Rejoin);
    let is_at_end = end.is_some_and(|end| rejoin.is_none_or(|rejoin| rejoin < end));
    let members = reports.iter().flat_map(|report| &report.members);
    for member in members.filter(|member| is_at_end && member.session == Some(session)) {
        for topic in &member.topics {
            let taken = node.witness.topics.get(&(generation, topic.number));
            let handed_out = taken.map_or(topic.base - 1, |taken| taken.handed_out);
            assert!(
                handed_out >= topic.last,
                "ended at {handed_out} of {topic:?}"
            );
        }
    }
    let is_incomplete = node.ended() == Some(EndReason::Incomplete);
    assert!(!(is_at_end && is_incomplete), "nothing was missing");
}
