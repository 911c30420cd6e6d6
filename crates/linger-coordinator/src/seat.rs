//! A seat: as long as it is held, its member has not ended.

use std::ops::Deref;
use std::sync::Arc;
use std::thread;

use crate::outcome::Outcome;
use crate::room::{Key, Room};

/// A member's seat; its drop ends the member.
pub(crate) struct Seat {
    pub(crate) room: Arc<Room>,
    pub(crate) key: Key,
}

impl Seat {
    /// The one of a member that was just registered, or whose hook runs.
    pub(crate) fn new(room: Arc<Room>, key: Key) -> Self {
        Self { room, key }
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

/// As a `Member` holds it: alone, or together with what runs for it.
///
/// Most guards come and go alone, and take no allocation.
pub(crate) enum Held {
    Alone(Seat),
    Shared(Arc<Seat>),
}

impl Deref for Held {
    type Target = Seat;

    #[inline]
    fn deref(&self) -> &Seat {
        match self {
            Self::Alone(seat) => seat,
            Self::Shared(seat) => seat,
        }
    }
}

impl From<Seat> for Held {
    fn from(seat: Seat) -> Self {
        Self::Alone(seat)
    }
}

impl From<Arc<Seat>> for Held {
    fn from(seat: Arc<Seat>) -> Self {
        Self::Shared(seat)
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
