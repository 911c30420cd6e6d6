//! Closing adopted sockets: each on a thread of its own, as any drop may be what ends its context.

use std::sync::Arc;
use std::time::Instant;

use tracing::{debug, trace};

use super::close;
use super::monitor::Monitor;
use super::reader::Reader;
use crate::linger::Applied;
use crate::outcome::Outcome;
use crate::raw::Raw;
use crate::record::Record;
use crate::release::apart;
use crate::shared::Shared;
use crate::table::Handed;

/// Closes it on a thread of its own; hands it back if there can be none now.
pub(super) fn close_apart(
    shared: &Arc<Shared>,
    handed: Handed<Raw>,
    applied: Applied,
) -> Result<(), Handed<Raw>> {
    let shared = Arc::clone(shared);
    apart(handed, move |handed| end(&shared, handed, applied))
}

fn end(shared: &Shared, handed: Handed<Raw>, applied: Applied) {
    let record = handed.record;
    let Some((socket, context)) = handed.socket.into_parts() else {
        return;
    };
    let reader = context
        .as_ref()
        .filter(|_| record.is_to_be_watched())
        .and_then(|context| match Monitor::attach_checked(context, &socket) {
            Ok(reader) => reader,
            Err(failure) => {
                debug!(socket = &*record.name, ?failure, "no monitor");
                None
            }
        });
    if let Err(error) = socket.set_linger(applied.raw()) {
        debug!(socket = &*record.name, %error, "linger not set, the one set before counts");
    }
    let since = Instant::now();
    shared.lingering(&record, since, applied);
    trace!(
        socket = &*record.name,
        linger = applied.raw(),
        observed = reader.is_some(),
        "closing what was adopted"
    );
    // Without a clone of its context beside it, this may be where that ends.
    close(socket);
    let outcome = match reader {
        Some(reader) => watch(&record, reader, since, applied),
        None => Outcome::Unobserved,
    };
    debug!(socket = &*record.name, %outcome, "socket ended");
    shared.ended(&record, outcome);
    // This may be where it ends: on this thread, whoever waits for it.
    drop(context);
}

fn watch(record: &Arc<Record>, reader: zmq::Socket, since: Instant, applied: Applied) -> Outcome {
    let monitor = Monitor {
        record: Arc::clone(record),
        reader: Reader::new(reader),
        closed: None,
    };
    loop {
        match monitor.reader.poll(zmq::POLLIN, -1) {
            Ok(_) if monitor.has_stopped() => {
                return Outcome::of_end(record, applied, since.elapsed());
            }
            Ok(_) | Err(zmq::Error::EINTR) => {}
            // Whoever the context belongs to is ending it, and waits for the reader too.
            Err(_) => return Outcome::Unobserved,
        }
    }
}
