//! Watching one socket's end through libzmq's socket monitor.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::OVERDUE_AFTER;
use crate::failure::{Failure, guarded, uninterrupted};
use crate::linger::Applied;
use crate::record::Record;

/// A closed socket whose end is awaited.
///
/// The reader must live until the end was read, or until the context ends: libzmq's reaper thread
/// sends the event with a blocking send, and without a reader all closing would stand still.
pub(super) struct Monitor {
    pub(super) record: Arc<Record>,
    pub(super) reader: zmq::Socket,
    pub(super) since: Instant,
    pub(super) applied: Applied,
}

impl Monitor {
    /// Attaches a monitor for `MONITOR_STOPPED`, the last thing a socket says.
    pub(super) fn attach(
        context: &zmq::Context,
        socket: &zmq::Socket,
    ) -> Result<zmq::Socket, Failure> {
        let endpoint = endpoint();
        let stopped = i32::from(zmq::SocketEvent::MONITOR_STOPPED.to_raw());
        guarded(|| {
            // The reader first: once the monitor is there, it must not be without one. Of these
            // steps the last can't fail, as what it connects to is there, in this context; but
            // a signal may interrupt it.
            let reader = context.socket(zmq::PAIR)?;
            reader.set_linger(0)?;
            uninterrupted(|| socket.monitor(&endpoint, stopped))?;
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
            Self::attach(context, socket).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Reads what is there: whether the end was among it.
    pub(super) fn has_stopped(&self) -> bool {
        let mut stopped = false;
        while let Ok(frames) = self.reader.recv_multipart(zmq::DONTWAIT) {
            // Event number and value in the first frame, in native byte order.
            if let Some([low, high, ..]) = frames.first().map(Vec::as_slice) {
                let event = u16::from_ne_bytes([*low, *high]);
                stopped |= event == zmq::SocketEvent::MONITOR_STOPPED.to_raw();
            }
        }
        stopped
    }

    /// From when on its end is no longer expected; never if it lingers for ever.
    pub(super) fn overdue_at(&self) -> Option<Instant> {
        self.applied
            .limit()
            .and_then(|linger| self.since.checked_add(linger + OVERDUE_AFTER))
    }

    pub(super) fn is_overdue(&self, now: Instant) -> bool {
        self.overdue_at().is_some_and(|at| at <= now)
    }
}

/// A name for one monitor, of which there is no other in the process: a context may be another
/// registry's too.
fn endpoint() -> String {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    format!("inproc://linger-registry.monitor.{number}")
}
