//! **With the faults taken away, everyone who lives becomes a member, has everything, and a drain
//! completes.**
//!
//! Judged some seconds after the last fault, and after the close that follows.

use crate::world::{Life, World};

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
        let outside = alive.iter().find(|(_, host)| !host.machine.is_member());
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
