//! What the engine does to a room: begin, force, end.

use std::time::{Duration, Instant};

use super::entry::{Ended, Entry, Job, Left, Spoils};
use super::shard::Shard;
use super::{Key, Room, SHARDS};
use crate::budget::Window;
use crate::outcome::{Marks, Outcome};
use crate::sync::{MutexGuard, Ordering};
use crate::wakers::wake_all;

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

impl Room {
    /// Refuses new members and wakes those there are; returns the hooks to run.
    ///
    /// Hooks stay where they are if the window is empty: they are then reported as skipped.
    pub(crate) fn begin(&self, window: Window) -> Vec<(Key, Job)> {
        self.flags.0.deadline.bring_forward(window.force);
        self.flags.0.triggered.store(true, Ordering::SeqCst);
        #[cfg(feature = "tokio")]
        self.tokens.cancel_begun();
        let mut jobs = Vec::new();
        let mut wakers = Vec::new();
        let mut next = [Some(0); SHARDS];
        // Some of each in turn: so those that are woken at a time seldom meet in a shard.
        while next.iter().any(Option::is_some) {
            for (number, next) in next.iter_mut().enumerate() {
                let Some(from) = *next else {
                    continue;
                };
                let mut members = self.shards[number].0.lock();
                let emptied = members.begin() && members.open() == 0;
                *next = members.visit(from, |slot, entry| {
                    entry.wakers.take_into(&mut wakers);
                    if let Some(job) = entry.job.take_if(|_| !window.is_empty()) {
                        let key = Key {
                            shard: number,
                            slot,
                            sequence: entry.sequence,
                        };
                        jobs.push((key, job));
                    }
                });
                drop(members);
                if emptied {
                    self.shard_emptied();
                }
                wake_all(&mut wakers);
            }
        }
        jobs
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
                    .visit(from, |_, entry| handles.extend(entry.abort.take()));
                handles.drain(..).for_each(|handle| handle.abort());
            }
        }
    }
}
