//! What was left open, and by whom: said at error level, with file and line.

use std::sync::Arc;

use tracing::error;

use crate::outcome::{ContextOutcome, Outcome};
use crate::record::Record;
use crate::report::Report;

/// Of a close that came to its deadline before its sockets did.
///
/// Called by whoever made the report, on its own thread.
pub(crate) fn tell(report: &Report) {
    for socket in report.sockets() {
        let info = socket.info();
        // Its owner closed it itself: the closer thread, which tells of the others, never saw it.
        if matches!(socket.outcome(), Outcome::ClosedLate { .. }) && info.owner_panicked() {
            error!(
                socket = socket.name(),
                opened_at = %info.opened_at(),
                last_thread = info.last_thread(),
                "its owner panicked while it held the socket"
            );
        }
        if *socket.outcome() == Outcome::StillOpen {
            error!(
                socket = socket.name(),
                opened_at = %info.opened_at(),
                last_thread = info.last_thread(),
                "still open at the close's deadline: its owner hangs, or has leaked it"
            );
        }
    }
    match report.context() {
        ContextOutcome::Pending { holders } if !holders.is_empty() => error!(
            holders = %holders.join(", "),
            "the context has not ended by the close's deadline"
        ),
        ContextOutcome::Pending { .. } => {
            error!("the context has not ended by the close's deadline");
        }
        _ => {}
    }
}

/// Of a registry that was dropped without a close, while its sockets were open.
pub(crate) fn tell_of_abandoned(open: &[Arc<Record>]) {
    for record in open {
        error!(
            socket = &*record.name,
            opened_at = %record.location,
            last_thread = &*record.last_use.name(),
            "its registry was dropped without a close: nobody will stop or report this socket"
        );
    }
}

/// Of sockets that may send for ever until a close, when none will come.
pub(crate) fn tell_of_endless<'a>(kept: impl Iterator<Item = &'a Record>) {
    for record in kept {
        error!(
            socket = &*record.name,
            opened_at = %record.location,
            last_thread = &*record.last_use.name(),
            "its registry was dropped without a close: it may linger for ever, with its context"
        );
    }
}

/// Of a socket that was dropped by a thread that was panicking, if it was.
pub(crate) fn tell_of_panic(record: &Record) {
    if record.owner_panicked() {
        error!(
            socket = &*record.name,
            opened_at = %record.location,
            last_thread = &*record.last_use.name(),
            "its owner panicked while it held the socket"
        );
    }
}
