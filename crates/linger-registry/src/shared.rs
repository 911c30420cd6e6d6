//! What the registry's handles, its sockets and its closer thread share: who may do what when.
//!
//! Locks: `gate` before `groups` before `table`. None is held across anything that can wait:
//! `gate` while a socket is made (some tens of microseconds), the others for a few instructions.
//!
//! Nothing here knows libzmq: `S` is whatever has to be closed, `C` what has to be ended after it.
//! So the models under loom run this very code, with sockets that only count.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use crate::bell::Bell;
use crate::fork::{Forks, Maker};
use crate::group::{DEFAULT_GROUP, Group, Groups};
use crate::inherited::Inherited;
use crate::linger::Applied;
use crate::name::Name;
use crate::open_error::OpenError;
use crate::order::Step;
use crate::outcome::Outcome;
use crate::plan::Plan;
use crate::raw::Raw;
use crate::record::Record;
use crate::registry::RegistryState;
use crate::report::Report;
use crate::sync::{Condvar, Mutex};
use crate::table::{Close, ContextStage, Handed, Handover, Table};

pub(crate) struct Shared<S = Raw, C = zmq::Context> {
    /// Held while a socket is opened, while the close begins, and while the context is taken to be
    /// ended: so no socket is made on a context that may be freed, and none after the close began.
    gate: Mutex<Gate<C>>,
    pub(crate) table: Mutex<Table<S>>,
    /// The table changed in a way that `close_by` waits for.
    pub(crate) changed: Condvar,
    pub(crate) groups: Mutex<Groups>,
    /// One of them: most sockets are in it.
    default_group: OnceLock<Group>,
    pub(crate) bell: OnceLock<Bell>,
    /// Others may have clones of the context: it is never ended, only let go of.
    pub(crate) lends: bool,
    /// In any other process, nothing here is locked, opened, closed or ended: see [`inherited`].
    ///
    /// [`inherited`]: crate::inherited
    pub(crate) maker: Maker,
    forks: Forks,
    pub(crate) inherited: Inherited,
}

pub(crate) struct Gate<C> {
    /// The only clone that ever leaves the closer thread; `None` before the first socket, and once
    /// the context ends.
    pub(crate) context: Option<C>,
    /// Of the sockets, and of the names that are numbered.
    last_id: u64,
    /// From here on nothing is opened.
    is_closing: bool,
}

/// What the closer thread has to do.
pub(crate) struct Orders<S> {
    /// What was dropped since the last look.
    pub(crate) handed: Vec<Handed<S>>,
    /// The readers of monitors on sockets that are open, new since the last look.
    pub(crate) watches: Vec<Handed<S>>,
    /// Of the close, if it has begun.
    pub(crate) plan: Option<Plan>,
    /// When the close stops the next groups, if there are any.
    pub(crate) next_stop: Option<Instant>,
    /// How many sockets their owners hold.
    pub(crate) owned: usize,
    /// No handle to the registry is left, so no close will begin if none has.
    pub(crate) abandoned: bool,
}

impl<S, C> Shared<S, C> {
    pub(crate) fn new() -> Self {
        Self {
            gate: Mutex::new(Gate {
                context: None,
                last_id: 0,
                is_closing: false,
            }),
            table: Mutex::new(Table::new()),
            changed: Condvar::new(),
            groups: Mutex::new(Groups::default()),
            default_group: OnceLock::new(),
            bell: OnceLock::new(),
            lends: false,
            maker: Maker::this_process(),
            forks: Forks::new(),
            inherited: Inherited::default(),
        }
    }

    /// Of which others may have the context.
    pub(crate) fn lending() -> Self {
        Self {
            lends: true,
            ..Self::new()
        }
    }

    /// A clone of the context for others; `make` finds or makes it, with the gate held.
    pub(crate) fn lend<E>(
        &self,
        make: impl FnOnce(&mut Gate<C>) -> Result<C, E>,
    ) -> Result<Result<C, E>, RegistryState> {
        let mut gate = self.gate.lock();
        match self.state() {
            RegistryState::Open => Ok(make(&mut gate)),
            state => Err(state),
        }
    }

    pub(crate) fn group(&self, name: &str) -> Group {
        if self.is_forked() {
            return Group::stopped_from_birth(name);
        }
        self.group_of_ours(Some(name))
    }

    /// For a socket of the process that made the registry.
    pub(crate) fn group_of_ours(&self, name: Option<&str>) -> Group {
        match name {
            Some(name) => self.groups.lock().named(name),
            None => {
                let default = || self.groups.lock().named(DEFAULT_GROUP);
                self.default_group.get_or_init(default).clone()
            }
        }
    }

    pub(crate) fn ring(&self) {
        if let Some(bell) = self.bell.get() {
            bell.ring();
        }
    }

    pub(crate) fn state(&self) -> RegistryState {
        if self.is_forked() {
            return RegistryState::Forked;
        }
        state_of(&self.table.lock())
    }

    /// Opens a socket by `make`, which runs with the gate held: no close begins, and no context
    /// ends, meanwhile.
    ///
    /// `name` is the one asked for, or what a number is put to.
    pub(crate) fn open<T>(
        &self,
        name: Result<String, &'static str>,
        make: impl FnOnce(&mut Gate<C>, u64, Name) -> Result<(Record, T), OpenError>,
    ) -> Result<(Arc<Record>, T), OpenError> {
        if self.forks.separate_from(self.maker) {
            return Err(OpenError::Forked {
                socket: name.unwrap_or_else(str::to_owned),
                made_in: self.maker.pid(),
            });
        }
        let mut gate = self.gate.lock();
        let id = gate.last_id + 1;
        let name = match name {
            Ok(name) => Name::Given(name.into()),
            Err(prefix) => Name::numbered(prefix, id),
        };
        self.admit(&gate, &name)?;
        let last_id = name.last_id(id);
        let (record, socket) = make(&mut gate, id, name)?;
        gate.last_id = last_id;
        let record = Arc::new(record);
        self.table.lock().opened(Arc::clone(&record));
        Ok((record, socket))
    }

    fn admit(&self, gate: &Gate<C>, name: &Name) -> Result<(), OpenError> {
        if gate.is_closing {
            return Err(OpenError::Closing {
                socket: name.to_string(),
                state: self.state(),
            });
        }
        let Name::Given(name) = name else {
            // Nobody has its number.
            return Ok(());
        };
        match self.table.lock().open_named(name) {
            None => Ok(()),
            Some(taken) => Err(OpenError::NameTaken {
                socket: name.to_string(),
                taken_at: taken.location,
            }),
        }
    }

    /// Takes a socket from its owner. Called by drop: never waits, never panics, never traces (a
    /// subscriber may do both).
    ///
    /// Gives it back if the owner has to close it on the spot, and then say so by
    /// [`closed_here`](Self::closed_here).
    pub(crate) fn hand_over(&self, record: &Arc<Record>, socket: S) -> Option<S> {
        let handover = self.table.lock().hand_over(record, socket, Instant::now());
        match handover {
            Handover::Queued { wake } => {
                if wake {
                    self.ring();
                }
                None
            }
            Handover::CloseHere(socket) => Some(socket),
        }
    }

    /// What `with` makes of the context, with the gate held: it does not end meanwhile.
    pub(crate) fn with_context<T>(&self, with: impl FnOnce(&C) -> T) -> Option<T> {
        self.gate.lock().context.as_ref().map(with)
    }

    /// Has the closer thread read the monitor of an open socket. Gives the reader back if it reads
    /// no more, and with it whether libzmq may still block on it.
    pub(crate) fn watch(&self, record: &Arc<Record>, reader: S) -> Result<(), (S, bool)> {
        let mut table = self.table.lock();
        let lost = matches!(table.context, ContextStage::Lost);
        let watched = table.watch(record, reader, Instant::now());
        drop(table);
        if watched.is_ok() {
            self.ring();
        }
        watched.map_err(|reader| (reader, lost))
    }

    /// Its owner gave it away, and somebody else closes it.
    pub(crate) fn give(&self, record: &Record, watched: bool) {
        self.table.lock().give(record, watched);
    }

    pub(crate) fn closed_here(&self) {
        self.stop_due(Instant::now());
        self.changed.notify_all();
    }

    /// Refuses new sockets, stops the groups whose turn it is, and tells the closer thread how long
    /// it has.
    pub(crate) fn begin_close(&self, now: Instant, deadline: Instant) {
        {
            let mut gate = self.gate.lock();
            gate.is_closing = true;
            self.table.lock().begin_close(now, deadline);
        }
        self.stop_due(now);
        self.changed.notify_all();
        self.ring();
    }

    /// Stops what a close has to stop by now.
    pub(crate) fn stop_due(&self, now: Instant) {
        // Held throughout: who finds that nothing is due finds it stopped, too.
        let mut groups = self.groups.lock();
        while let Some(step) = self.next_step(now) {
            match step {
                Step::Group(name) => groups.named(&name).stop(),
                Step::Rest => groups.stop_all(),
            }
        }
    }

    fn next_step(&self, now: Instant) -> Option<Step> {
        self.table.lock().next_step(now)
    }

    /// Waits until all has ended or the deadline has come, and makes the one report.
    ///
    /// Whoever makes it tells of it, with no lock held.
    pub(crate) fn conclude(&self, tell: impl FnOnce(&Report)) -> Report {
        let mut table = self.table.lock();
        loop {
            let now = Instant::now();
            let finished = table.is_finished();
            let deadline = match &table.close {
                Some(Close {
                    report: Some(report),
                    ..
                }) => return report.clone(),
                Some(close) if !finished && now < close.plan.deadline => close.plan.deadline,
                close => {
                    let began = close.as_ref().map_or(now, |close| close.began);
                    let report = table.report(now, began);
                    if let Some(close) = &mut table.close {
                        close.report = Some(report.clone());
                    }
                    self.changed.notify_all();
                    drop(table);
                    tell(&report);
                    return report;
                }
            };
            self.changed.wait_until(&mut table, deadline);
        }
    }

    /// The last handle to the registry is gone.
    pub(crate) fn abandon(&self) {
        if self.is_forked() {
            return;
        }
        self.table.lock().abandoned = true;
        self.ring();
    }
}

fn state_of<S>(table: &Table<S>) -> RegistryState {
    match (&table.close, table.context) {
        (None, _) => RegistryState::Open,
        (Some(_), ContextStage::Ended { .. } | ContextStage::Released { .. }) => {
            RegistryState::Closed
        }
        (Some(_), ContextStage::Never) if table.is_finished() => RegistryState::Closed,
        (Some(_), _) => RegistryState::Closing,
    }
}

/// What the closer thread asks and says.
impl<S, C> Shared<S, C> {
    pub(crate) fn orders(&self) -> Orders<S> {
        let mut table = self.table.lock();
        Orders {
            handed: table.take_handed(),
            watches: table.take_watches(),
            plan: table.close.as_ref().map(|close| close.plan),
            next_stop: table.next_stop(),
            owned: table.owned(),
            abandoned: table.abandoned,
        }
    }

    /// The readers that the closer thread did not get to. No more come once it takes no sockets.
    pub(crate) fn take_watches(&self) -> Vec<Handed<S>> {
        self.table.lock().take_watches()
    }

    /// It is about to be closed with that linger.
    pub(crate) fn lingering(&self, record: &Record, since: Instant, applied: Applied) {
        self.table.lock().lingering(record, since, applied);
    }

    pub(crate) fn ended(&self, record: &Arc<Record>, outcome: Outcome) {
        let more_to_stop = {
            let mut table = self.table.lock();
            table.end(record, outcome);
            table.next_stop().is_some()
        };
        if more_to_stop {
            // It may have been the last one of its group.
            self.stop_due(Instant::now());
        }
        self.changed.notify_all();
    }

    /// A socket that was given away has ended; false if it was not given away.
    pub(crate) fn given_ended(&self, record: &Arc<Record>, outcome: Outcome) -> bool {
        let given = self.table.lock().is_given(record);
        if given {
            self.ended(record, outcome);
        }
        given
    }

    /// Whether the context's end may begin; then no socket is taken any more, and what was on its
    /// way is returned.
    ///
    /// It may when nobody holds a socket and the closer thread is `idle`, after a close began or
    /// the last handle is gone; and it must at the close's reserve, unless it is others' too: then
    /// nobody can be woken by its end, and it is kept until the last owner has come back.
    pub(crate) fn may_end(&self, now: Instant, idle: bool) -> Option<Vec<Handed<S>>> {
        let mut table = self.table.lock();
        let must = table
            .close
            .as_ref()
            .is_some_and(|close| close.plan.terminate_at <= now);
        let asked = table.close.is_some() || table.abandoned;
        let unseen_too = must && self.lends;
        ((must && !self.lends) || (asked && idle && table.is_quiet(unseen_too))).then(|| {
            table.context = if self.lends {
                ContextStage::Releasing { since: now }
            } else {
                ContextStage::Ending { since: now }
            };
            table.stop_accepting()
        })
    }

    /// The clone of the context from which sockets are made: from here on there is none.
    ///
    /// Whoever opens a socket holds the gate while it uses the context.
    pub(crate) fn take_context(&self) -> Option<C> {
        self.gate.lock().context.take()
    }

    pub(crate) fn context_is(&self, stage: ContextStage) {
        {
            let mut table = self.table.lock();
            table.context = stage;
            if let ContextStage::Ended { took } = stage {
                table.end_given(took);
            }
        }
        self.changed.notify_all();
    }
}
