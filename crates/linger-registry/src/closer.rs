//! The closer thread: closes what owners drop, watches each end, ends the context last.

mod foreign;
mod monitor;
mod reader;
mod terminate;
mod unread;
mod waiting;

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tracing::{debug, error, info, trace};

use crate::bell::Bell;
use crate::event::Event;
use crate::failure::Failure;
use crate::leaks;
use crate::outcome::Outcome;
use crate::plan::Plan;
use crate::raw::Raw;
use crate::record::Record;
use crate::shared::{Orders, Shared};
use crate::table::Handed;
use monitor::Monitor;
use reader::Reader;
use waiting::Waiting;

/// How many ends are watched at once.
///
/// Each watch takes two of the 1,023 sockets of the context, and four descriptors of the process.
const MONITORS_AT_ONCE: usize = 128;

/// How long after its linger an end may still be reported: timers and threads run late.
const OVERDUE_AFTER: Duration = Duration::from_millis(100);

/// How many sockets are closed before the monitors are looked at again: reading an end late makes
/// it look slow.
const BATCH: usize = 16;

pub(crate) struct Closer {
    shared: Arc<Shared>,
    context: zmq::Context,
    waiting: Waiting,
    monitors: Vec<Monitor>,
    /// Dropped, and kept open until a close gives them a deadline.
    kept: Vec<Handed<Raw>>,
    /// Those in `waiting` wait for a monitor, rather than for their turn.
    full: bool,
    /// The close has been announced.
    closing: bool,
    /// That no close will come has been announced.
    abandoned: bool,
    /// When the close stops the next groups.
    next_stop: Option<Instant>,
}

impl Closer {
    /// Starts the thread. It ends when the context has ended.
    pub(crate) fn spawn(shared: &Arc<Shared>, context: zmq::Context) -> std::io::Result<()> {
        let shared = Arc::clone(shared);
        thread::Builder::new()
            .name("linger-closer".into())
            .spawn(move || {
                let watch = terminate::Watch::new(&shared);
                Self {
                    shared: Arc::clone(&shared),
                    context,
                    waiting: Waiting::default(),
                    monitors: Vec::new(),
                    kept: Vec::new(),
                    full: false,
                    closing: false,
                    abandoned: false,
                    next_stop: None,
                }
                .run();
                drop(watch);
            })?;
        Ok(())
    }

    fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        let Some(bell) = shared.bell.get() else {
            error!("the closer thread was started without a bell");
            return;
        };
        debug!("closer thread started");
        loop {
            let plan = self.take_orders();
            self.close_waiting(plan.as_ref());
            let now = Instant::now();
            if let Some(leftover) = self.shared.may_end(now, self.is_idle(now)) {
                if self.shared.lends {
                    self.release();
                } else {
                    self.end(leftover);
                }
                return;
            }
            self.wait(bell, plan.as_ref());
        }
    }

    /// What was dropped since the last look, and the plan of the close if it has begun.
    fn take_orders(&mut self) -> Option<Plan> {
        let Orders {
            handed,
            watches,
            plan,
            next_stop,
            owned,
            abandoned,
        } = self.shared.orders();
        self.next_stop = next_stop;
        let now = Instant::now();
        if next_stop.is_some_and(|due| due <= now) {
            self.shared.stop_due(now);
            self.next_stop = self.shared.table.lock().next_stop();
        }
        self.monitors
            .extend(watches.into_iter().filter_map(open_watch));
        let no_close_to_come = plan.is_some() || abandoned;
        for handed in handed {
            leaks::tell_of_panic(&handed.record);
            // Those too that need not wait any more: they are seen to below.
            if !handed.record.is_kept_for_close() {
                self.waiting.add(handed);
            } else {
                debug!(
                    socket = &*handed.record.name,
                    "may send for ever until the close, so it is kept open until then"
                );
                self.kept.push(handed);
            }
        }
        if abandoned && !self.abandoned && plan.is_none() {
            self.abandoned = true;
            let open = self.shared.table.lock().still_open();
            leaks::tell_of_abandoned(&open);
        }
        if no_close_to_come {
            if plan.is_none() {
                leaks::tell_of_endless(self.kept.iter().map(|it| &*it.record));
            }
            // Their linger begins now.
            let kept = self.kept.drain(..);
            kept.for_each(|it| self.waiting.add(Handed { since: now, ..it }));
        }
        if let (Some(plan), false) = (plan, self.closing) {
            self.closing = true;
            let limit = plan.deadline.saturating_duration_since(Instant::now());
            info!(
                owned,
                dropped = self.waiting.len(),
                ?limit,
                "closing all sockets"
            );
        }
        plan
    }

    /// Nothing waits to be closed, and every end was seen or is overdue.
    ///
    /// In a context that goes on, no end is ever overdue: a reader that went before it would leave
    /// libzmq's closing blocked, for others too.
    fn is_idle(&self, now: Instant) -> bool {
        let nothing_to_see = |monitor: &Monitor| {
            monitor.closed.is_none() || (!self.shared.lends && monitor.is_overdue(now))
        };
        self.waiting.is_empty() && self.kept.is_empty() && self.monitors.iter().all(nothing_to_see)
    }

    /// Closes as many as there are monitors for, and those that have waited enough.
    fn close_waiting(&mut self, plan: Option<&Plan>) {
        self.full = false;
        for _ in 0..BATCH {
            let next = match self.full {
                false => self.waiting.next(),
                true => self.waiting.next_impatient(Instant::now(), plan),
            };
            let Some(handed) = next else {
                break;
            };
            if let Err(handed) = self.close_observed(handed, plan) {
                self.waiting.add(handed);
                self.full = true;
            }
        }
    }

    /// Closes the socket; hands it back if it shall wait for a monitor.
    fn close_observed(
        &mut self,
        handed: Handed<Raw>,
        plan: Option<&Plan>,
    ) -> Result<(), Handed<Raw>> {
        let record = Arc::clone(&handed.record);
        record.look_for_traps(&handed.socket);
        if record.is_foreign() {
            return self.close_foreign(handed, plan);
        }
        let monitor = if let Some(monitor) = self.take_watch(&record) {
            Some(monitor)
        } else if !record.is_to_be_watched() {
            None
        } else {
            match self.attach(&handed.socket) {
                Ok(reader) => Some(Monitor {
                    record: Arc::clone(&record),
                    reader: Reader::new(reader),
                    closed: None,
                }),
                Err(full) => {
                    let patience = waiting::patience(&record, handed.since, plan);
                    if full && Instant::now() < patience {
                        return Err(handed);
                    }
                    None
                }
            }
        };
        record.note_unread(unread::count(&handed.socket, &record));
        let applied = waiting::linger(&record, handed.since, plan);
        if let Err(error) = handed.socket.set_linger(applied.raw()) {
            debug!(socket = &*record.name, %error, "linger not set, the one set before counts");
        }
        let since = Instant::now();
        self.shared.lingering(&record, since, applied);
        handed.socket.close_beside(&self.context);
        trace!(
            socket = &*record.name,
            linger = applied.raw(),
            observed = monitor.is_some(),
            "closed"
        );
        match monitor {
            Some(mut monitor) => {
                monitor.closing(since, applied);
                self.monitors.push(monitor);
            }
            None => self.ended(&record, Outcome::Unobserved),
        }
        Ok(())
    }

    /// The monitor that has watched it since it was opened, if it still does.
    fn take_watch(&mut self, record: &Record) -> Option<Monitor> {
        let of_it = |monitor: &Monitor| monitor.record.id == record.id;
        let index = self.monitors.iter().position(of_it)?;
        let monitor = self.monitors.swap_remove(index);
        // What it has said counts as before the close.
        if monitor.has_stopped() {
            record.note_own_monitor();
            return None;
        }
        Some(monitor)
    }

    /// Has an adopted socket closed on another thread; hands it back if it shall wait for one.
    fn close_foreign(&self, handed: Handed<Raw>, plan: Option<&Plan>) -> Result<(), Handed<Raw>> {
        let applied = waiting::linger(&handed.record, handed.since, plan);
        let Err(handed) = foreign::close_apart(&self.shared, handed, applied) else {
            return Ok(());
        };
        if Instant::now() < waiting::patience(&handed.record, handed.since, plan) {
            return Err(handed);
        }
        let Handed { record, socket, .. } = handed;
        error!(
            socket = &*record.name,
            "no thread to close an adopted socket on, it is leaked"
        );
        drop(socket);
        self.ended(&record, Outcome::Unobserved);
        Ok(())
    }

    /// A monitor on the socket; the error says whether there was only no room for one.
    fn attach(&mut self, socket: &zmq::Socket) -> Result<zmq::Socket, bool> {
        let watched = self.monitors.iter().filter(|it| it.closed.is_some());
        if watched.count() >= MONITORS_AT_ONCE {
            return Err(true);
        }
        Monitor::attach(&self.context, socket, Event::of_end()).map_err(|failure| {
            debug!(?failure, "no monitor");
            matches!(failure, Failure::Zmq(zmq::Error::EMFILE)) && !self.monitors.is_empty()
        })
    }

    /// The monitor of a socket stopped that was not closed here: whoever it was given to closed it,
    /// or attached one that took its place.
    fn out_of_sight(&self, record: &Arc<Record>) {
        let receive_only = record.never_sends();
        if self
            .shared
            .given_ended(record, Outcome::Ended { receive_only })
        {
            debug!(
                socket = &*record.name,
                "socket ended, closed by whoever had it"
            );
        } else {
            record.note_own_monitor();
            debug!(
                socket = &*record.name,
                "its owner attached a monitor that ends ours"
            );
        }
    }

    /// Somebody ends the context that was lent to them: nothing more is seen of what is in it, and
    /// whoever ends it waits for the readers.
    fn lose_sight(&mut self) {
        error!("a context that a registry shares was ended by `zmq::Context::destroy`");
        // Its memory is freed soon: so no clone of it must ever be the last.
        mem::forget(self.context.clone());
        for monitor in mem::take(&mut self.monitors) {
            let given = self
                .shared
                .given_ended(&monitor.record, Outcome::Unobserved);
            if !given && monitor.closed.is_some() {
                self.ended(&monitor.record, Outcome::Unobserved);
            }
            monitor.record.note_own_monitor();
        }
    }

    fn ended(&self, record: &Arc<Record>, outcome: Outcome) {
        debug!(socket = &*record.name, %outcome, "socket ended");
        self.shared.ended(record, outcome);
    }

    /// Sleeps until something was dropped, a watched socket ended, or a moment of the plan is here.
    fn wait(&mut self, bell: &Bell, plan: Option<&Plan>) {
        let mut items = Vec::with_capacity(self.monitors.len() + 1);
        items.push(zmq::PollItem::from_fd(bell.descriptor(), zmq::POLLIN));
        items.extend(
            self.monitors
                .iter()
                .map(|it| it.reader.as_poll_item(zmq::POLLIN)),
        );
        // The descriptors and sockets are ours and open. So the only errors that can happen here
        // are EINTR, and ETERM where others have the context and end it, though they must not.
        match zmq::poll(&mut items, self.timeout_ms(Instant::now(), plan)) {
            Ok(_) => {}
            Err(zmq::Error::ETERM) => {
                drop(items);
                return self.lose_sight();
            }
            Err(_) => return,
        }
        let readable: Vec<bool> = items.iter().map(zmq::PollItem::is_readable).collect();
        drop(items);
        if readable[0] {
            bell.silence();
        }
        let now = Instant::now();
        for index in (0..self.monitors.len()).rev() {
            if readable[index + 1] && self.monitors[index].has_stopped() {
                let done = self.monitors.swap_remove(index);
                match &done.closed {
                    Some(closed) => self.ended(&done.record, closed.outcome(&done.record, now)),
                    None => self.out_of_sight(&done.record),
                }
            }
        }
    }

    /// Until the next moment at which something is due even if nothing happens; -1 for none.
    fn timeout_ms(&self, now: Instant, plan: Option<&Plan>) -> i64 {
        let waiting = match self.full {
            true => self.waiting.patience(plan),
            false => (!self.waiting.is_empty()).then_some(now),
        };
        let overdue = self
            .monitors
            .iter()
            .filter_map(Monitor::overdue_at)
            .filter(|at| *at > now && !self.shared.lends);
        // A context that goes on is not ended at the reserve.
        let terminate = plan
            .map(|plan| plan.terminate_at)
            .filter(|at| *at > now || !self.shared.lends);
        overdue
            .chain(waiting)
            .chain(terminate)
            .chain(self.next_stop)
            .min()
            .map_or(-1, |due| {
                let left = due.saturating_duration_since(now);
                // Rounded up: waking before the moment would mean waking twice.
                i64::try_from(left.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX)
            })
    }
}

/// Closes a libzmq socket, which never waits: libzmq's reaper thread does the rest.
pub(crate) fn close(socket: zmq::Socket) {
    // `zmq` panics if libzmq says that this is no socket. It can't be; a destructor that calls
    // this must not find out.
    drop(catch_unwind(AssertUnwindSafe(|| drop(socket))));
}

/// The watch of a socket that is not closed yet.
fn open_watch(handed: Handed<Raw>) -> Option<Monitor> {
    let (reader, _) = handed.socket.into_parts()?;
    Some(Monitor {
        record: handed.record,
        reader: Reader::new(reader),
        closed: None,
    })
}

/// A monitor for life, on a socket that is being opened; or for its end, on one that is given away.
pub(crate) fn watch(
    context: &zmq::Context,
    socket: &zmq::Socket,
    events: i32,
) -> Result<zmq::Socket, Failure> {
    Monitor::attach(context, socket, events)
}
