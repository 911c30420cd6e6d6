//! Giving a socket to somebody who closes it.

use std::mem;
use std::sync::Arc;

use tracing::debug;

use crate::closer::watch;
use crate::event::Event;
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::raw::{Home, Raw, release_context};
use crate::record::Record;
use crate::shared::Shared;

impl Shared {
    /// Whose context the sockets opened here are of.
    pub(crate) fn home(&self) -> Home {
        if self.lends {
            Home::Lent
        } else {
            Home::Private
        }
    }

    /// Has the closer thread read the monitor of a socket that it did not close.
    pub(crate) fn watch_open(&self, record: &Arc<Record>, reader: Raw) {
        if let Err((reader, unread)) = self.watch(record, reader) {
            if unread {
                // The closer thread is dead: without a reader, libzmq would block on the monitor.
                mem::forget(reader);
            }
            // Otherwise the context is being ended, which stops the monitor and needs it closed.
        }
    }

    /// Takes `raw` out of the registry's hands; its end is still seen where it can be.
    pub(crate) fn give_away(&self, record: &Arc<Record>, raw: Raw) -> Option<zmq::Socket> {
        if self.maker.is_other() {
            // Not ours to give, to close or to watch.
            let (socket, context) = raw.into_parts()?;
            mem::forget(context);
            return Some(socket);
        }
        if raw.is_foreign() {
            let (socket, context) = raw.into_parts()?;
            self.ended(record, Outcome::Unobserved);
            self.ring();
            release_context(context, self.maker);
            return Some(socket);
        }
        if let Err(error) = raw.set_linger(record.limit.while_open().raw()) {
            debug!(socket = &*record.name, %error, "linger not set, the one set before counts");
        }
        let watched = record.is_to_be_watched()
            && (record.is_observed() || self.watch_end(record, &raw).is_ok());
        self.give(record, watched);
        raw.into_parts().map(|(socket, _)| socket)
    }

    fn watch_end(&self, record: &Arc<Record>, socket: &zmq::Socket) -> Result<(), Failure> {
        let reader = self
            .with_context(|context| watch(context, socket, Event::of_end()))
            .unwrap_or(Err(Failure::Zmq(zmq::Error::ETERM)))
            .inspect_err(|failure| debug!(socket = &*record.name, ?failure, "no monitor"))?;
        self.watch_open(record, Raw::new(reader, self.home(), self.maker));
        Ok(())
    }
}
