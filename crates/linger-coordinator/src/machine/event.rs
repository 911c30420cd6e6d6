//! What can happen to a shutdown.

use std::time::Instant;

use crate::reason::Reason;

#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// Someone wants the service to stop. `armed` is when the first of them did: the budget runs
    /// from there, whichever is taken in first.
    Trigger { reason: Reason, armed: Instant },
    /// The last member of a phase that has begun is gone.
    Emptied { phase: usize },
    /// A member of a phase said at that time how far it is.
    Advanced { phase: usize, at: Instant },
    /// Time has passed.
    Tick,
}
