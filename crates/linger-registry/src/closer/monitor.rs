//! Watching one socket through libzmq's socket monitor: its end, or all its life.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::OVERDUE_AFTER;
use super::reader::Reader;
use crate::event::Event;
use crate::failure::{Failure, guarded, uninterrupted};
use crate::linger::Applied;
use crate::outcome::Outcome;
use crate::peers::Peers;
use crate::record::Record;
use crate::wait::with_rest;

/// A socket that is watched.
pub(super) struct Monitor {
    pub(super) record: Arc<Record>,
    pub(super) reader: Reader,
    /// `None` while its owner has it, or whoever it was given to.
    pub(super) closed: Option<Closed>,
}

/// What its end is judged by.
pub(super) struct Closed {
    pub(super) since: Instant,
    pub(super) applied: Applied,
    /// Its peers when it was closed, if it is observed.
    pub(super) peers: Option<Peers>,
}

impl Monitor {
    /// Attaches a monitor for these events, of which `MONITOR_STOPPED` is the last.
    pub(super) fn attach(
        context: &zmq::Context,
        socket: &zmq::Socket,
        events: i32,
    ) -> Result<zmq::Socket, Failure> {
        let endpoint = endpoint();
        guarded(|| {
            // The reader first: once the monitor is there, it must not be without one. Of these
            // steps the last can't fail, as what it connects to is there, in this context; but
            // a signal may interrupt it.
            let reader = context.socket(zmq::PAIR)?;
            reader.set_linger(0)?;
            // Should it ever be read late, that must not block what libzmq does meanwhile.
            reader.set_rcvhwm(0)?;
            uninterrupted(|| socket.monitor(&endpoint, events))?;
            uninterrupted(|| reader.connect(&endpoint))?;
            Ok(reader)
        })
    }

    /// As [`attach`](Self::attach), to a socket of which it is only said that it is of `context`.
    ///
    /// `None` if it is not: a monitor whose reader is elsewhere would block what reports to it.
    pub(super) fn attach_checked(
        context: &zmq::Context,
        socket: &zmq::Socket,
    ) -> Result<Option<zmq::Socket>, Failure> {
        let endpoint = endpoint();
        let found = guarded(|| {
            // For no event: it says nothing, and is replaced below without a word.
            uninterrupted(|| socket.monitor(&endpoint, 0))?;
            let probe = context.socket(zmq::PAIR)?;
            probe.set_linger(0)?;
            // The name is taken in the context of the socket, and in no other.
            Ok(uninterrupted(|| probe.bind(&endpoint)) == Err(zmq::Error::EADDRINUSE))
        })?;
        if found {
            Self::attach(context, socket, Event::of_end()).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Reads what is there: whether the end was among it.
    pub(super) fn has_stopped(&self) -> bool {
        let mut stopped = false;
        // Not by `recv_multipart`: a signal between two frames would lose the first.
        let read = || {
            let first = uninterrupted(|| self.reader.recv_msg(zmq::DONTWAIT))?;
            with_rest(&self.reader, first)
        };
        while let Ok(frames) = read() {
            let event = Event::read(&frames);
            stopped |= event == Event::Stopped;
            self.record.note_event(event);
        }
        stopped
    }

    /// It is about to be closed; its peers are counted up to here.
    pub(super) fn closing(&mut self, since: Instant, applied: Applied) {
        self.closed = Some(Closed {
            since,
            applied,
            peers: self.record.peers(),
        });
    }

    /// From when on its end is no longer expected; never if it lingers for ever.
    pub(super) fn overdue_at(&self) -> Option<Instant> {
        let closed = self.closed.as_ref()?;
        let linger = closed.applied.limit()?;
        closed.since.checked_add(linger + OVERDUE_AFTER)
    }

    /// Whether nothing more is expected of it before the context's end.
    pub(super) fn is_overdue(&self, now: Instant) -> bool {
        self.overdue_at().is_some_and(|at| at <= now)
    }
}

impl Closed {
    /// What became of it, when it ended `now`.
    pub(super) fn outcome(&self, record: &Record, now: Instant) -> Outcome {
        let elapsed = now.saturating_duration_since(self.since);
        let outcome = Outcome::of_end(record, self.applied, elapsed);
        match (&outcome, self.peers, record.peers()) {
            (Outcome::Emptied { after }, Some(then), Some(now))
                if record.can_lose() && lost(record, then, now) =>
            {
                Outcome::PeerLost { after: *after }
            }
            _ => outcome,
        }
    }
}

/// Whether a peer went that may have had something to get: while the socket lingered, or, where
/// libzmq drops what is queued for a peer that goes, before.
fn lost(record: &Record, at_close: Peers, at_end: Peers) -> bool {
    let in_linger = at_end.lost > at_close.lost;
    let before = at_close.now == 0 && at_close.lost > 0 && record.is_bound_only();
    in_linger || before
}

/// A name for one monitor, of which there is no other in the process: a context may be another
/// registry's too.
fn endpoint() -> String {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    format!("inproc://linger-registry.monitor.{number}")
}
