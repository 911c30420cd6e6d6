//! A member's place in its room: who holds one is counted, and its drop is the end.

use std::sync::Arc;
use std::thread;

use crate::outcome::Outcome;
use crate::room::{Key, Room};

pub(crate) struct Seat {
    pub(crate) room: Arc<Room>,
    pub(crate) key: Key,
    pub(crate) name: Arc<str>,
    #[cfg(feature = "tokio")]
    pub(crate) token: std::sync::OnceLock<tokio_util::sync::CancellationToken>,
    #[cfg(feature = "tokio")]
    pub(crate) forced_token: std::sync::OnceLock<tokio_util::sync::CancellationToken>,
}

impl Seat {
    pub(crate) fn new(room: Arc<Room>, key: Key, name: Arc<str>) -> Arc<Self> {
        Arc::new(Self {
            room,
            key,
            name,
            #[cfg(feature = "tokio")]
            token: std::sync::OnceLock::new(),
            #[cfg(feature = "tokio")]
            forced_token: std::sync::OnceLock::new(),
        })
    }

    /// Ends the member; the first outcome counts.
    pub(crate) fn settle(&self, outcome: Outcome) {
        self.room.settle(self.key, outcome);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.settle(if thread::panicking() {
            // The text is with whoever catches the panic, and with the panic hook.
            Outcome::Panicked("text unknown: dropped while its thread panicked".to_owned())
        } else {
            Outcome::Done
        });
    }
}

/// Holds a seat while a task or a closure runs, whatever becomes of the `Member` it was given.
pub(crate) struct Running(Option<Arc<Seat>>);

impl Running {
    pub(crate) fn new(seat: Arc<Seat>) -> Self {
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
