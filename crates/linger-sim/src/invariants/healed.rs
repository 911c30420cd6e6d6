//! **With the faults taken away, everyone who lives becomes a member, has everything, and a drain
//! completes.**
//!
//! Judged some seconds after the last fault, and after the close that follows.

use super::ensure;
use crate::world::{Life, SubscriberHost, World};
use linger_ack_proto::{MemberOutcome, PublisherReport};

/// Who is not yet as it should be; `None` if all are.
pub(crate) fn lacks(world: &World) -> Option<String> {
    for (at, publisher) in world.publishers.iter().enumerate() {
        if let Some(target) = &publisher.closing {
            if !publisher.has_finished && !publisher.machine.is_settled(target) {
                return Some(format!("the drain of p{at} does not complete"));
            }
            continue;
        }
        let mine = world.subscribers.iter().enumerate();
        let mine = mine.filter(|(_, host)| host.publisher == at);
        let alive = mine.filter(|(_, host)| host.life == Life::Runs && host.ended.is_none());
        let alive: Vec<_> = alive.collect();
        let limit = world.plan.config.max_members as usize;
        let members = alive.len().min(limit);
        // Both sides must say so, of the same session.
        let is_in = |host: &SubscriberHost, at| host.machine.is_member() && world.is_counted(at);
        let outside = alive.iter().find(|(at, host)| !is_in(host, *at));
        if let (Some((s, host)), true) = (outside, alive.len() <= limit) {
            return Some(format!("s{s} is no member: {:?}", host.machine));
        }
        let counted = publisher.machine.member_count();
        // A durable name comes back whoever has joined meanwhile.
        let most =
            match world.plan.config.durable.is_empty() && world.plan.config.expected.is_empty() {
                true => members,
                false => alive.len(),
            };
        if !(members..=most).contains(&counted) {
            return Some(format!("p{at} counts {counted} members of {members}"));
        }
        let progress = publisher.machine.progress(world.instant());
        if progress.outstanding > 0 {
            return Some(format!("p{at}: {progress}"));
        }
    }
    None
}

/// A close that met no faults has ended: nobody who is here lacks anything that can be had.
pub(crate) fn all_acked(report: &PublisherReport) -> Result<(), String> {
    let here = report.members.iter();
    let here = here.filter(|member| member.outcome == MemberOutcome::Behind);
    let mut topics = here.flat_map(|member| &member.topics);
    let lacks = topics.find(|topic| {
        let is_gone = |sequence| topic.gone.iter().any(|range| range.contains(sequence));
        let unacked = topic.unacked();
        let mut unacked = unacked
            .into_iter()
            .flat_map(|range| range.first()..=range.last());
        unacked.any(|sequence| !is_gone(sequence))
    });
    ensure(lacks.is_none(), || format!("settled, but {lacks:?}"))
}
