//! What the engine does to a room: begin, force, end.

use std::time::{Duration, Instant};

use super::entry::{Ended, Entry, Job, Left, Spoils};
use super::shard::Shard;
use super::{Key, Room};
use crate::budget::Window;
use crate::outcome::{Marks, Outcome};
use crate::sync::{MutexGuard, Ordering};

/// How long to wait for a shard. Nothing of the user's runs under its lock, so that is not long but
/// on a machine that stands still; a watchdog does not rely on that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// As long as it takes.
    ForAll,
    /// [`SHORTLY`], and then it is left out.
    Shortly,
}

const SHORTLY: Duration = Duration::from_millis(20);

/// What a room has when its phase begins.
#[derive(Default)]
pub(crate) struct Begun {
    /// The hooks to run.
    pub(crate) jobs: Vec<(Key, Job)>,
    /// How many members there are.
    pub(crate) open: usize,
}

impl Room {
    /// Refuses new members; returns the hooks to run. Whoever waits is to be woken after that.
    ///
    /// Hooks stay where they are if the window is empty: they are then reported as skipped.
    pub(crate) fn begin(&self, window: Window) -> Begun {
        self.flags.0.deadline.bring_forward(window.force);
        self.flags.0.triggered.store(true, Ordering::SeqCst);
        let mut begun = Begun::default();
        let mut steps = 0;
        for (shard, members) in self.shards.iter().enumerate() {
            let mut members = members.0.lock();
            let emptied = members.begin() && members.open() == 0;
            begun.open += members.open();
            steps = steps.max(members.steps());
            if !window.is_empty() {
                begun
                    .jobs
                    .extend(members.take_jobs().map(|(slot, sequence, job)| {
                        let key = Key {
                            shard,
                            slot,
                            sequence,
                        };
                        (key, job)
                    }));
            }
            drop(members);
            if emptied {
                self.shard_emptied();
            }
        }
        self.waking.0.begin(steps);
        begun
    }

    /// Its members have longer than they were told.
    pub(crate) fn extend(&self, window: Window) {
        self.flags.0.deadline.set(window.force);
    }

    /// Tells the members that they are forced.
    pub(crate) fn force(&self, window: Window) {
        self.flags.0.deadline.bring_forward(window.force);
        self.flags.0.forced.store(true, Ordering::SeqCst);
        #[cfg(feature = "tokio")]
        self.tokens.cancel_forced();
    }

    /// Gives up who is left. What is returned must be dropped where blocking does no harm.
    pub(crate) fn close(&self, at: Instant, wait: Wait) -> Vec<Spoils> {
        let mut given_up = Vec::new();
        for mut members in self.shards_within(wait).flatten() {
            let emptied = members.has_begun() && members.open() > 0;
            members.give_up(|entry| {
                let outcome = match entry.job {
                    Some(_) => Outcome::Skipped,
                    None => Outcome::Abandoned,
                };
                given_up.push(entry.end(outcome.clone(), at));
                outcome
            });
            drop(members);
            if emptied {
                self.shard_emptied();
            }
        }
        given_up
    }

    /// Who is left, in the order of registration; `false` if a part could not be read in time.
    pub(crate) fn left(&self, wait: Wait) -> (Vec<Left>, bool) {
        self.listed(wait, Entry::is_open)
    }

    /// The same with those that were given up.
    pub(crate) fn left_behind(&self, wait: Wait) -> (Vec<Left>, bool) {
        self.listed(wait, |entry| {
            let end = entry.end.as_ref().map(|(outcome, _)| outcome);
            matches!(end, None | Some(Outcome::Abandoned | Outcome::Skipped))
        })
    }

    fn listed(&self, wait: Wait, is_listed: impl Fn(&Entry) -> bool) -> (Vec<Left>, bool) {
        let mut whole = true;
        let mut left = Vec::new();
        for members in self.shards_within(wait) {
            match members {
                Some(members) => {
                    let listed = members.entries().filter(|entry| is_listed(entry));
                    left.extend(listed.map(|entry| Left {
                        name: self.full_name(&entry.name),
                        ..entry.left()
                    }));
                }
                None => whole = false,
            }
        }
        left.sort_by_key(|member| member.sequence);
        (left, whole)
    }

    /// What outcomes there are among the members of the shutdown.
    pub(crate) fn marks(&self, wait: Wait) -> Marks {
        let mut marks = Marks::default();
        for members in self.shards_within(wait) {
            match members {
                Some(members) => marks.add(members.marks()),
                // Who knows.
                None => marks.incomplete = true,
            }
        }
        marks
    }

    /// Who has ended, in the order of registration, and how many more failed in normal life.
    pub(crate) fn ended(&self) -> (Vec<Ended>, usize) {
        let mut ended = Vec::new();
        let mut omitted = 0;
        for members in self.shards_within(Wait::ForAll).flatten() {
            let (failed, more) = members.failed();
            // These have their full names.
            ended.extend_from_slice(failed);
            let kept = members.entries().filter_map(Entry::ended);
            ended.extend(kept.map(|member| Ended {
                name: self.full_name(&member.name),
                ..member
            }));
            omitted += more;
        }
        ended.sort_by_key(|member| member.sequence);
        (ended, omitted)
    }

    /// Keeps what failed in a part that has ended alone.
    pub(crate) fn remember_failures(&self, part: &Self) {
        let (ended, omitted) = part.ended();
        let mut members = self.shards[0].0.lock();
        members.omit(omitted);
        for member in ended {
            if member.outcome.is_failure() {
                members.remember_failure(Some(member));
            }
        }
    }

    fn shards_within(&self, wait: Wait) -> impl Iterator<Item = Option<MutexGuard<'_, Shard>>> {
        self.shards.iter().map(move |members| match wait {
            Wait::ForAll => Some(members.0.lock()),
            Wait::Shortly => members.0.try_lock_for(SHORTLY),
        })
    }
}

#[cfg(feature = "tokio")]
impl Room {
    /// Aborts the tasks, those that are registered a moment later too.
    pub(crate) fn abort(&self) {
        self.flags.0.aborting.store(true, Ordering::SeqCst);
        let mut handles = Vec::new();
        for shard in &self.shards {
            let mut next = Some(0);
            while let Some(from) = next {
                next = shard
                    .0
                    .lock()
                    .visit(from, |entry| handles.extend(entry.abort.take()));
                handles.drain(..).for_each(|handle| handle.abort());
            }
        }
    }
}
