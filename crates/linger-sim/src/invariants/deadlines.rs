//! **Every wait ends by its deadline.**
//!
//! Judged for whoever was told to leave: it has ended once its farewell is over, whatever hangs;
//! and for everyone who was a member when a close began that met no faults: it ends.

use super::ensure;
use crate::schedule::{MS, Time};
use crate::world::{Life, World};

/// A process that runs was told to leave at `left_at`, with so long a farewell.
pub(crate) fn left(
    now: Time,
    left_at: Time,
    farewell: Time,
    has_ended: bool,
) -> Result<(), String> {
    let by = left_at + farewell + MS;
    ensure(has_ended || now <= by, || {
        format!("told to leave at {left_at}, and not gone by {by}")
    })
}

/// Who was a member when its publisher closed for good, and has not ended.
pub(crate) fn lacks(world: &World) -> Option<String> {
    let mut hosts = world.subscribers.iter().enumerate();
    let host = hosts.find(|(at, host)| {
        let publisher = &world.publishers[host.publisher];
        let is_counted = world.is_counted(*at);
        let is_member = host.life == Life::Runs && host.machine.is_member() && is_counted;
        is_member && publisher.closes_in_peace
    });
    host.map(|(at, host)| format!("s{at} has not ended: {:?}", host.machine))
}
