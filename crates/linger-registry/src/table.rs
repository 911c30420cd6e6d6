//! Which sockets there are, how far each is, and how each ended. Plain data behind one lock.
//!
//! The table knows nothing of libzmq: `S` is whatever has to be closed.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::fork::Maker;
use crate::info::{SocketInfo, SocketState};
use crate::linger::Applied;
use crate::live::Live;
use crate::name::Name;
use crate::order::{Course, Step};
use crate::outcome::{ContextOutcome, Outcome};
use crate::plan::Plan;
use crate::record::Record;
use crate::report::{Omitted, Report, SocketReport};

/// How many sockets that ended are remembered one by one; of older ones, the number.
///
/// A service may open and close sockets for months, so the table must not grow with them.
pub(crate) const REMEMBERED: usize = 1024;

pub(crate) struct Table<S> {
    live: Live,
    /// How many entries are owned.
    owned: usize,
    /// Those of them that their owners named.
    given: HashMap<Arc<str>, Arc<Record>>,
    handed: Vec<Handed<S>>,
    watches: Vec<Handed<S>>,
    /// Whether the closer thread still takes sockets.
    accepting: bool,
    ended: VecDeque<(Arc<Record>, Outcome)>,
    omitted: Omitted,
    pub(crate) context: ContextStage,
    pub(crate) close: Option<Close>,
    /// The groups that a close stops one after another, before the rest.
    pub(crate) order: Vec<Arc<str>>,
    /// No handle to the registry is left.
    pub(crate) abandoned: bool,
}

pub(crate) struct Entry {
    pub(crate) record: Arc<Record>,
    stage: Stage,
}

impl Entry {
    /// Whether its owner has it, or whoever it was given to.
    fn is_owned(&self) -> bool {
        matches!(self.stage, Stage::Open | Stage::Given { .. })
    }
}

enum Stage {
    Open,
    /// Somebody else has it, and closes it; `watched` if that will be seen.
    Given {
        watched: bool,
    },
    Handed,
    Lingering {
        since: Instant,
        applied: Applied,
    },
}

/// A socket on its way from its owner to the closer thread.
pub(crate) struct Handed<S> {
    pub(crate) record: Arc<Record>,
    pub(crate) socket: S,
    pub(crate) since: Instant,
}

/// What the owner's drop has to do next.
pub(crate) enum Handover<S> {
    /// Nothing but to wake the closer thread, if it may sleep.
    Queued { wake: bool },
    /// To close it on the spot: the closer thread is ending the context.
    CloseHere(S),
}

#[derive(Clone, Copy)]
pub(crate) enum ContextStage {
    /// No socket was ever opened.
    Never,
    Running,
    Ending {
        since: Instant,
    },
    Ended {
        took: Duration,
    },
    /// Others may hold clones of it.
    Releasing {
        since: Instant,
    },
    Released {
        took: Duration,
    },
    /// The closer thread died; nobody is left to end it.
    Lost,
}

pub(crate) struct Close {
    pub(crate) began: Instant,
    pub(crate) plan: Plan,
    pub(crate) course: Course,
    pub(crate) report: Option<Report>,
}

impl<S> Table<S> {
    pub(crate) fn new() -> Self {
        Self {
            live: Live::default(),
            owned: 0,
            given: HashMap::new(),
            handed: Vec::new(),
            watches: Vec::new(),
            accepting: true,
            ended: VecDeque::new(),
            omitted: Omitted::default(),
            context: ContextStage::Never,
            close: None,
            order: Vec::new(),
            abandoned: false,
        }
    }

    /// How many sockets their owners hold.
    pub(crate) fn owned(&self) -> usize {
        self.owned
    }

    pub(crate) fn open_named(&self, name: &str) -> Option<&Arc<Record>> {
        if let Some(given) = self.given.get(name) {
            return Some(given);
        }
        let number = Name::number(name)?;
        let numbered = |record: &&Arc<Record>| record.id == number && *record.name == *name;
        self.owned_ones().find(numbered)
    }

    pub(crate) fn opened(&mut self, record: Arc<Record>) {
        self.owned += 1;
        if let Some(name) = record.name.given() {
            self.given.insert(Arc::clone(name), Arc::clone(&record));
        }
        self.live.insert(Entry {
            record,
            stage: Stage::Open,
        });
    }

    /// The owner dropped it. Allocates at most; never waits.
    pub(crate) fn hand_over(
        &mut self,
        record: &Arc<Record>,
        socket: S,
        now: Instant,
    ) -> Handover<S> {
        self.disown(record, Stage::Handed);
        if !self.accepting {
            let outcome = match self.context {
                ContextStage::Ending { since } if !record.is_foreign() => Outcome::ClosedLate {
                    after: now.saturating_duration_since(since),
                },
                _ => Outcome::Unobserved,
            };
            self.end(record, outcome);
            return Handover::CloseHere(socket);
        }
        // The closer takes the whole queue: only the first after that has to wake it.
        let wake = self.handed.is_empty();
        self.handed.push(Handed {
            record: Arc::clone(record),
            socket,
            since: now,
        });
        Handover::Queued { wake }
    }

    /// Its owner has it no longer: the name is free again.
    fn disown(&mut self, record: &Record, stage: Stage) {
        let entry = self.live.get_mut(record);
        if let Some(entry) = entry.filter(|entry| entry.is_owned()) {
            entry.stage = stage;
            self.owned -= 1;
            if let Some(name) = record.name.given() {
                self.given.remove(name);
            }
        }
    }

    /// Has the closer thread read a monitor; gives the reader back if it takes none.
    pub(crate) fn watch(&mut self, record: &Arc<Record>, reader: S, now: Instant) -> Result<(), S> {
        if !self.accepting {
            return Err(reader);
        }
        self.watches.push(Handed {
            record: Arc::clone(record),
            socket: reader,
            since: now,
        });
        Ok(())
    }

    pub(crate) fn take_watches(&mut self) -> Vec<Handed<S>> {
        std::mem::take(&mut self.watches)
    }

    /// Somebody else has it from now on.
    pub(crate) fn give(&mut self, record: &Record, watched: bool) {
        // Whatever watched it, nobody reads it any more.
        let watched = watched && self.accepting;
        if let Some(entry) = self.live.get_mut(record) {
            entry.stage = Stage::Given { watched };
        }
    }

    pub(crate) fn is_given(&self, record: &Record) -> bool {
        let entry = self.live.get(record);
        entry.is_some_and(|entry| matches!(entry.stage, Stage::Given { .. }))
    }

    /// The context has ended: so what was given away was closed, if not before, then by `ETERM`.
    pub(crate) fn end_given(&mut self, took: Duration) {
        let given: Vec<_> = self
            .live
            .values()
            .filter_map(|entry| match entry.stage {
                Stage::Given { watched } => Some((Arc::clone(&entry.record), watched)),
                _ => None,
            })
            .collect();
        for (record, watched) in given {
            let outcome = if watched {
                Outcome::ClosedLate { after: took }
            } else {
                Outcome::Unobserved
            };
            self.end(&record, outcome);
        }
    }

    pub(crate) fn take_handed(&mut self) -> Vec<Handed<S>> {
        std::mem::take(&mut self.handed)
    }

    /// From now on no socket is opened. The earliest deadline counts: a later call may shorten the
    /// close, never lengthen it.
    pub(crate) fn begin_close(&mut self, now: Instant, deadline: Instant) {
        match &mut self.close {
            Some(close) if close.plan.deadline <= deadline => {}
            Some(close) => close.plan = Plan::new(now, deadline),
            None => {
                self.close = Some(Close {
                    began: now,
                    plan: Plan::new(now, deadline),
                    course: Course::new(&self.order, now),
                    report: None,
                });
            }
        }
    }

    /// What the close stops now, if the turn of something has come.
    pub(crate) fn next_step(&mut self, now: Instant) -> Option<Step> {
        let live = &self.live;
        let Close { plan, course, .. } = self.close.as_mut()?;
        course.next(now, plan, |group| {
            live.values()
                .all(|entry| entry.record.group.name() != group)
        })
    }

    /// When the close stops something more at the latest.
    pub(crate) fn next_stop(&self) -> Option<Instant> {
        self.close.as_ref().and_then(|close| close.course.due())
    }

    /// From now on owners close for themselves. What was queued comes back.
    pub(crate) fn stop_accepting(&mut self) -> Vec<Handed<S>> {
        self.accepting = false;
        self.take_handed()
    }

    /// Whether nobody holds a socket, and none is on its way.
    ///
    /// What was given away and is not watched counts as held, for nobody knows, unless `unseen_too`.
    pub(crate) fn is_quiet(&self, unseen_too: bool) -> bool {
        let unseen = |entry: &&Entry| matches!(entry.stage, Stage::Given { watched: false });
        let held = match unseen_too {
            true => self.owned - self.live.values().filter(unseen).count(),
            false => self.owned,
        };
        self.handed.is_empty() && held == 0
    }

    pub(crate) fn lingering(&mut self, record: &Record, since: Instant, applied: Applied) {
        if let Some(entry) = self.live.get_mut(record) {
            entry.stage = Stage::Lingering { since, applied };
        }
    }

    /// Marks the end, once: a second mark for the same socket changes nothing.
    pub(crate) fn end(&mut self, record: &Arc<Record>, outcome: Outcome) {
        self.disown(record, Stage::Handed);
        if self.live.remove(record).is_none() {
            return;
        }
        self.ended.push_back((Arc::clone(record), outcome));
        if self.ended.len() > REMEMBERED && self.close.is_none() {
            if let Some((_, oldest)) = self.ended.pop_front() {
                self.omitted.add(&oldest);
            }
        }
    }

    /// Whether there is nothing more to wait for.
    pub(crate) fn is_finished(&self) -> bool {
        match self.context {
            ContextStage::Never => self.live.is_empty(),
            // Of the sockets, only those that were adopted can outlive it.
            ContextStage::Ended { .. } | ContextStage::Released { .. } => {
                !self.live.values().any(|it| it.record.is_foreign())
            }
            ContextStage::Running
            | ContextStage::Ending { .. }
            | ContextStage::Releasing { .. } => false,
            ContextStage::Lost => self.owned == 0,
        }
    }

    /// In the order of their opening.
    pub(crate) fn still_open(&self) -> Vec<Arc<Record>> {
        let mut open: Vec<_> = self.owned_ones().cloned().collect();
        open.sort_by_key(|record| record.id);
        open
    }

    fn owned_ones(&self) -> impl Iterator<Item = &Arc<Record>> {
        let owned = self.live.values().filter(|entry| entry.is_owned());
        owned.map(|entry| &entry.record)
    }

    pub(crate) fn snapshot(&self, now: Instant) -> Vec<SocketInfo> {
        let mut live: Vec<_> = self.live.values().collect();
        live.sort_by_key(|entry| entry.record.id);
        live.into_iter()
            .map(|entry| {
                let state = match entry.stage {
                    Stage::Open | Stage::Given { .. } => SocketState::Open,
                    Stage::Handed | Stage::Lingering { .. } => SocketState::Closing,
                };
                entry.record.info(now, state)
            })
            .collect()
    }

    /// The truth as it stands now.
    pub(crate) fn report(&self, now: Instant, began: Instant) -> Report {
        let sockets = self.sockets(now);
        let context = self.context_outcome(now, &sockets);
        let took = now.saturating_duration_since(began);
        Report::new(sockets, context, self.omitted, took)
    }

    /// What a process knows that was forked from the one that made the table.
    pub(crate) fn inherited(&self, now: Instant, maker: Maker) -> Report {
        if let Some(report) = self.close.as_ref().and_then(|close| close.report.clone()) {
            return report;
        }
        let sockets = self.sockets(now);
        let context = match self.context_outcome(now, &sockets) {
            ended @ (ContextOutcome::Ended { .. } | ContextOutcome::Released { .. }) => ended,
            _ => ContextOutcome::Forked {
                made_in: maker.pid(),
            },
        };
        Report::new(sockets, context, self.omitted, Duration::ZERO)
    }

    /// Each socket once: it is in `live` or in `ended`, never in both.
    fn sockets(&self, now: Instant) -> Vec<SocketReport> {
        let mut sockets: Vec<(u64, SocketReport)> = Vec::new();
        for (record, outcome) in &self.ended {
            let info = record.info(now, SocketState::Closed);
            sockets.push((record.id, SocketReport::new(info, outcome.clone())));
        }
        for entry in self.live.values() {
            let (state, outcome) = match entry.stage {
                Stage::Open | Stage::Given { watched: true } => {
                    (SocketState::Open, Outcome::StillOpen)
                }
                Stage::Given { watched: false } => (SocketState::Open, Outcome::Unobserved),
                Stage::Handed => (SocketState::Closing, Outcome::Unobserved),
                Stage::Lingering { since, applied } => (
                    SocketState::Closing,
                    Outcome::Lingering {
                        linger: applied.limit(),
                        elapsed: now.saturating_duration_since(since),
                    },
                ),
            };
            sockets.push((
                entry.record.id,
                SocketReport::new(entry.record.info(now, state), outcome),
            ));
        }
        sockets.sort_by_key(|(id, _)| *id);
        sockets.into_iter().map(|(_, socket)| socket).collect()
    }

    fn context_outcome(&self, now: Instant, sockets: &[SocketReport]) -> ContextOutcome {
        match self.context {
            ContextStage::Never if self.live.is_empty() => ContextOutcome::Ended {
                took: Duration::ZERO,
            },
            ContextStage::Ended { took } => ContextOutcome::Ended { took },
            ContextStage::Released { took } => ContextOutcome::Released { took },
            ContextStage::Releasing { since } => ContextOutcome::Releasing {
                elapsed: now.saturating_duration_since(since),
            },
            _ => ContextOutcome::Pending {
                holders: Report::holders(sockets),
            },
        }
    }
}
