//! Sockets that were dropped and are not closed yet: whose turn it is, and how long it may last.
//!
//! A socket that waits for a monitor goes on sending, so while a close runs it may wait as long as
//! it may linger, and loses nothing; the time counts as a part of its linger. Whoever may linger
//! least has its turn first: so a monitor becomes free before the patience of the next is at an
//! end, even where every single one is held by a socket that never empties.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::linger::Applied;
use crate::plan::Plan;
use crate::raw::Raw;
use crate::record::Record;
use crate::table::Handed;

/// How long a close waits for a monitor beyond its linger, before it happens unobserved.
const MONITOR_WAIT: Duration = Duration::from_millis(100);

/// The least linger of a socket that has waited for most of it: an empty queue is seen to be one.
const LEAST: Duration = Duration::from_millis(10);

#[derive(Default)]
pub(super) struct Waiting {
    by_turn: BTreeMap<Turn, Handed<Raw>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    /// For a monitor: what needs none is not held up by what does.
    waits: bool,
    /// It may linger for ever.
    is_endless: bool,
    /// When its linger is over.
    end: Instant,
    id: u64,
}

impl Waiting {
    pub(super) fn len(&self) -> usize {
        self.by_turn.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_turn.is_empty()
    }

    pub(super) fn add(&mut self, handed: Handed<Raw>) {
        let record = &handed.record;
        let end = end(record, handed.since);
        let turn = Turn {
            waits: needs_monitor(record),
            is_endless: end.is_none(),
            end: end.unwrap_or(handed.since),
            id: record.id,
        };
        self.by_turn.insert(turn, handed);
    }

    /// Whoever has its turn.
    pub(super) fn next(&mut self) -> Option<Handed<Raw>> {
        self.by_turn.pop_first().map(|(_, handed)| handed)
    }

    /// One that has waited as long as it may.
    pub(super) fn next_impatient(
        &mut self,
        now: Instant,
        plan: Option<&Plan>,
    ) -> Option<Handed<Raw>> {
        let is_impatient =
            |handed: &Handed<Raw>| patience(&handed.record, handed.since, plan) <= now;
        let (turn, _) = self.by_turn.iter().find(|(_, it)| is_impatient(it))?;
        let turn = *turn;
        self.by_turn.remove(&turn)
    }

    /// When the first of them has waited as long as it may.
    pub(super) fn patience(&self, plan: Option<&Plan>) -> Option<Instant> {
        let waiting = self.by_turn.values();
        waiting
            .map(|handed| patience(&handed.record, handed.since, plan))
            .min()
    }
}

/// Whether one has to be attached at its close: none is there, and it is closed here.
fn needs_monitor(record: &Record) -> bool {
    record.is_to_be_watched() && !record.is_observed() && !record.is_foreign()
}

/// When its linger is over, if it ever is. What never sends has none.
fn end(record: &Record, since: Instant) -> Option<Instant> {
    if record.never_sends() {
        return Some(since);
    }
    let limit = record.limit_at_close().duration()?;
    since.checked_add(limit)
}

/// Until when a socket that was dropped at `since` waits for a monitor.
///
/// Before a close that is a tenth of a second: its address may be wanted again.
pub(super) fn patience(record: &Record, since: Instant, plan: Option<&Plan>) -> Instant {
    let Some(plan) = plan else {
        return since + MONITOR_WAIT;
    };
    // What can't send goes on with nothing while it waits.
    let end = match end(record, since) {
        Some(end) if !record.never_sends() => end.min(plan.linger_until),
        _ => plan.linger_until,
    };
    // Enough is left of the reserve to see the end of who had to wait until then.
    let reserve = plan
        .terminate_at
        .saturating_duration_since(plan.linger_until);
    (end + MONITOR_WAIT).min(plan.linger_until + reserve * 3 / 4)
}

/// The linger of a socket that was dropped at `since` and is closed now.
pub(super) fn linger(record: &Record, since: Instant, plan: Option<&Plan>) -> Applied {
    let now = Instant::now();
    let left = plan.map(|plan| {
        let before_term = plan.terminate_at.saturating_duration_since(now);
        plan.linger_left(now).max(LEAST.min(before_term / 2))
    });
    let waited = now.saturating_duration_since(since);
    record.limit_at_close().at_close_after(waited, LEAST, left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fork::Maker;
    use crate::group::Groups;
    use crate::linger::Linger;
    use crate::name::Name;
    use crate::raw::Home;
    use std::panic::Location;
    use std::sync::Arc;

    const MS: Duration = Duration::from_millis(1);

    fn record(id: u64, kind: zmq::SocketType, limit: Linger) -> Record {
        let group = Groups::default().named("default");
        Record::new(
            id,
            Name::Given("some".into()),
            kind,
            group,
            limit,
            Location::caller(),
        )
    }

    fn push(limit: Duration) -> Record {
        record(1, zmq::PUSH, Linger::Limit(limit))
    }

    #[test]
    fn before_a_close_all_wait_for_the_same_short_time() {
        let now = Instant::now();
        for limit in [Duration::ZERO, 700 * MS] {
            assert_eq!(patience(&push(limit), now, None), now + MONITOR_WAIT);
        }
    }

    #[test]
    fn during_a_close_a_socket_waits_as_long_as_it_may_linger() {
        let now = Instant::now();
        let plan = Plan::new(now, now + 5_000 * MS);
        let until = |limit| patience(&push(limit), now, Some(&plan));
        assert_eq!(until(Duration::ZERO), now + MONITOR_WAIT);
        assert_eq!(until(700 * MS), now + 700 * MS + MONITOR_WAIT);
        // Within the reserve, but for what it takes to see the last of them.
        let last = until(60_000 * MS);
        assert!(last > plan.linger_until && last < plan.terminate_at);
        let endless = record(1, zmq::PUSH, Linger::ForEverUntilTheCloseDeadline);
        assert_eq!(patience(&endless, now, Some(&plan)), last);
        // It has nothing to send, so nothing is sent too long.
        let pull = record(1, zmq::PULL, Linger::Limit(Duration::ZERO));
        assert_eq!(patience(&pull, now, Some(&plan)), last);
    }

    #[test]
    fn a_deadline_in_the_past_leaves_no_patience() {
        let now = Instant::now();
        let past = Plan::new(now, now.checked_sub(5 * MS).unwrap_or(now));
        assert!(patience(&push(700 * MS), now, Some(&past)) <= now);
    }

    #[test]
    fn whoever_may_linger_least_has_its_turn_first() {
        let context = zmq::Context::new();
        let now = Instant::now();
        let mut waiting = Waiting::default();
        let unwatched = push(900 * MS);
        unwatched.note_own_monitor();
        let records = [
            record(2, zmq::PUSH, Linger::ForEverUntilTheCloseDeadline),
            record(3, zmq::PUSH, Linger::Limit(500 * MS)),
            record(4, zmq::PUSH, Linger::Limit(20 * MS)),
            record(5, zmq::PULL, Linger::Limit(800 * MS)),
            record(6, zmq::PUSH, Linger::Limit(900 * MS)).observed(),
            unwatched,
        ];
        for record in records {
            let socket = context.socket(record.kind).unwrap();
            waiting.add(Handed {
                record: Arc::new(record),
                socket: Raw::new(socket, Home::Private, Maker::this_process()),
                since: now,
            });
        }
        assert_eq!(waiting.len(), 6);
        assert_eq!(waiting.patience(None), Some(now + MONITOR_WAIT));
        assert!(waiting.next_impatient(now, None).is_none());
        let turns = std::iter::from_fn(|| waiting.next());
        let turns: Vec<u64> = turns.map(|handed| handed.record.id).collect();
        assert_eq!(turns, [1, 6, 5, 4, 3, 2]);
    }
}
