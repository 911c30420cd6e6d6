//! What the registry's handles, its sockets and its closer thread share.
//!
//! Locks: `gate` before `table`; `groups` alone. None is held across anything that can wait:
//! `gate` while a socket is made (some tens of microseconds), the others for a few instructions.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use crate::group::{Group, Groups};
use crate::plan::Plan;
use crate::record::Record;
use crate::report::Report;
use crate::table::{Close, Handover, Table};

pub(crate) struct Shared {
    /// Held while a socket is opened, while the close begins, and while the context is taken to be
    /// ended: so no socket is made on a context that may be freed, and none after the close began.
    pub(crate) gate: Mutex<Gate>,
    pub(crate) table: Mutex<Table<zmq::Socket>>,
    /// The table changed in a way that `close_by` waits for.
    pub(crate) changed: Condvar,
    pub(crate) groups: Mutex<Groups>,
    pub(crate) bell: OnceLock<Bell>,
}

pub(crate) struct Gate {
    /// The only clone that ever leaves the closer thread; `None` before the first socket, and once
    /// the context ends.
    pub(crate) context: Option<zmq::Context>,
    pub(crate) last_id: u64,
}

impl Shared {
    pub(crate) fn new() -> Self {
        Self {
            gate: Mutex::new(Gate {
                context: None,
                last_id: 0,
            }),
            table: Mutex::new(Table::new()),
            changed: Condvar::new(),
            groups: Mutex::new(Groups::default()),
            bell: OnceLock::new(),
        }
    }

    pub(crate) fn group(&self, name: &str) -> Group {
        self.groups.lock().named(name)
    }

    /// Takes a socket from its owner. Called by drop: never waits, never panics, never traces (a
    /// subscriber may do both).
    pub(crate) fn hand_over(&self, record: &Arc<Record>, socket: zmq::Socket) {
        let handover = self.table.lock().hand_over(record, socket, Instant::now());
        match handover {
            Handover::Queued { wake: true } => self.ring(),
            Handover::Queued { wake: false } => {}
            Handover::CloseHere(socket) => {
                close(socket);
                self.changed.notify_all();
            }
        }
    }

    pub(crate) fn ring(&self) {
        if let Some(bell) = self.bell.get() {
            bell.ring();
        }
    }

    /// Refuses new sockets, stops all groups, and tells the closer thread how long it has.
    ///
    /// The earliest deadline counts: a later call may shorten the close, never lengthen it.
    pub(crate) fn begin_close(&self, now: Instant, deadline: Instant) {
        {
            let _gate = self.gate.lock();
            let mut table = self.table.lock();
            match &mut table.close {
                Some(close) if close.plan.deadline <= deadline => {}
                Some(close) => close.plan = Plan::new(now, deadline),
                None => {
                    let plan = Plan::new(now, deadline);
                    table.close = Some(Close {
                        began: now,
                        plan,
                        report: None,
                    });
                }
            }
        }
        self.groups.lock().stop_all();
        self.changed.notify_all();
        self.ring();
    }

    /// Waits until all has ended or the deadline has come, and makes the one report.
    pub(crate) fn conclude(&self) -> Report {
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
                    return report;
                }
            };
            self.changed.wait_until(&mut table, deadline);
        }
    }
}

/// Closes a libzmq socket, which never waits: libzmq's reaper thread does the rest.
pub(crate) fn close(socket: zmq::Socket) {
    // `zmq` panics if libzmq says that this is no socket. It can't be; a destructor that calls
    // this must not find out.
    drop(catch_unwind(AssertUnwindSafe(|| drop(socket))));
}

/// Wakes the closer thread out of its poll.
pub(crate) struct Bell {
    // Both ends live as long as the registry: writing never meets a closed pipe.
    ring: UnixStream,
    pub(crate) heard: UnixStream,
}

impl Bell {
    pub(crate) fn new() -> io::Result<Self> {
        let (ring, heard) = UnixStream::pair()?;
        ring.set_nonblocking(true)?;
        heard.set_nonblocking(true)?;
        Ok(Self { ring, heard })
    }

    fn ring(&self) {
        // Full means that it rings already.
        drop((&self.ring).write(&[1]));
    }

    pub(crate) fn silence(&self) {
        let mut bytes = [0; 64];
        while matches!((&self.heard).read(&mut bytes), Ok(read) if read == bytes.len()) {}
    }
}
