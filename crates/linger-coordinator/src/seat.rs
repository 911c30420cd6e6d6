//! A seat: as long as one is held, its member has not ended.

use std::sync::Arc;
use std::thread;

use crate::outcome::Outcome;
use crate::room::{Key, Room};

/// One of a member's seats; the drop of the last ends it.
pub(crate) struct Seat {
    pub(crate) room: Arc<Room>,
    pub(crate) key: Key,
}

impl Seat {
    /// The first one, of a member that was just registered or whose hook runs.
    pub(crate) fn new(room: Arc<Room>, key: Key) -> Self {
        Self { room, key }
    }

    /// Another one.
    pub(crate) fn share(&self) -> Self {
        // If it has ended, the new one is as idle as this one is.
        let _ = self.room.share(self.key);
        Self::new(Arc::clone(&self.room), self.key)
    }

    /// Ends the member; the first outcome counts.
    pub(crate) fn settle(&self, outcome: Outcome) {
        self.room.settle(self.key, outcome);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.room.leave(self.key, || {
            if thread::panicking() {
                // The text is with whoever catches the panic, and with the panic hook.
                Outcome::Panicked("text unknown: dropped while its thread panicked".to_owned())
            } else {
                Outcome::Done
            }
        });
    }
}

/// Holds a seat while a task or a closure runs, whatever becomes of the `Member` it was given.
pub(crate) struct Running(Option<Seat>);

impl Running {
    pub(crate) fn new(seat: Seat) -> Self {
        Self(Some(seat))
    }

    /// The function has returned or panicked.
    ///
    /// After a good end, a `Member` that was moved elsewhere still counts.
    pub(crate) fn finish(mut self, outcome: Outcome) {
        let Some(seat) = self.0.take() else { return };
        if outcome != Outcome::Done {
            seat.settle(outcome);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(seat) = self.0.take() {
            seat.settle(Outcome::Aborted);
        }
    }
}
