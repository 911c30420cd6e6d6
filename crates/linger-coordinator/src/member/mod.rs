//! Members: who has to be done before a phase is over.

mod error;
mod registration;
mod triggered;

use std::fmt::{self, Display};
use std::sync::Arc;
#[cfg(feature = "tokio")]
use std::sync::OnceLock;
use std::time::Instant;

#[cfg(feature = "tokio")]
use tokio_util::sync::CancellationToken;

pub use error::RegisterError;
pub use registration::Registration;

use self::triggered::Triggered;
use crate::name::Name;
use crate::outcome::Outcome;
use crate::park;
use crate::phase::Phase;
use crate::room::Entry;
use crate::seat::{Held, Seat};

/// A guard: the phase it belongs to is not over until it is dropped.
///
/// The same for tasks, blocking closures and plain threads. Dropping it means done; dropping it
/// while its thread panics means panicked; [`fail`](Self::fail) means failed. Members that
/// [`Coordinator::spawn_blocking`](crate::Coordinator::spawn_blocking) and its like hand to a function also wait for
/// that function's end: those may be dropped at any time.
///
/// # Examples
///
/// ```
/// use std::{thread, time::Duration};
/// use linger_coordinator::{Coordinator, Phase};
///
/// let stop = Coordinator::builder().budget(Duration::from_secs(5)).start()?;
/// let member = stop.register("journal").phase(Phase::WORK)?;
/// let thread = thread::spawn(move || {
///     let mut batches = 0;
///     while !member.is_triggered() {
///         batches += 1;
///         member.note(format_args!("{batches} batches written"));
///         thread::yield_now();
///     }
/// });
/// stop.shutdown();
/// assert!(stop.wait_blocking().is_clean());
/// # thread.join().unwrap();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "dropping a member means that it is done"]
pub struct Member {
    seat: Held,
    name: Name,
    #[cfg(feature = "tokio")]
    tokens: Tokens,
}

/// Made on first use.
#[cfg(feature = "tokio")]
#[derive(Default)]
struct Tokens {
    begun: OnceLock<CancellationToken>,
    forced: OnceLock<CancellationToken>,
}

impl Member {
    pub(crate) fn new(seat: impl Into<Held>, name: Name) -> Self {
        Self {
            seat: seat.into(),
            name,
            #[cfg(feature = "tokio")]
            tokens: Tokens::default(),
        }
    }

    /// The name it was registered with.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The phase it belongs to.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.seat.room.phase()
    }

    /// Says where it stands; the last note is in listings and in the report.
    ///
    /// Cheap enough for once a batch, not meant for once a message: it takes a lock shortly.
    pub fn note(&self, note: impl Display) {
        // Printed before the lock is taken: it is the user's code.
        self.seat.room.note(self.seat.key, note.to_string());
    }

    /// Whether its phase has begun. One atomic load.
    #[must_use]
    pub fn is_triggered(&self) -> bool {
        self.seat.room.is_triggered()
    }

    /// Whether it was told to end at once: see [`Stage::Forced`](crate::Stage::Forced).
    #[must_use]
    pub fn is_forced(&self) -> bool {
        self.seat.room.is_forced()
    }

    /// By when it has to end not to be forced; `None` before its phase has begun.
    ///
    /// A little before the phase's own end, which leaves time to abort what hangs. A second signal
    /// brings it forward.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.seat.room.deadline()
    }

    /// Blocks this thread until its phase begins.
    ///
    /// It does not return before: use [`wait_until`](Self::wait_until) to set a limit.
    pub fn wait(&self) {
        // Without a deadline it ends with the future alone.
        let _ = park::block_on(Triggered::new(&self.seat), None);
    }

    /// Blocks this thread until its phase begins, or until `deadline`; whether it has begun.
    #[must_use]
    pub fn wait_until(&self, deadline: Instant) -> bool {
        park::block_on(Triggered::new(&self.seat), Some(deadline)).is_some()
    }

    /// Waits until its phase begins. Needs no particular runtime.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropped, it leaves nothing behind, and another call waits for the same.
    pub async fn triggered(&self) {
        Triggered::new(&self.seat).await;
    }

    /// Registers another member of its phase, listed as `self/name`: one for each connection, say.
    ///
    /// It ends on its own, before or after this one; the phase waits for both.
    ///
    /// # Errors
    ///
    /// The phase has begun.
    ///
    /// # Examples
    ///
    /// ```
    /// use linger_coordinator::{Coordinator, Phase};
    ///
    /// let stop = Coordinator::builder().start()?;
    /// let server = stop.register("http").phase(Phase::WORK)?;
    /// let connection = server.child("10.0.0.7:51331")?;
    /// assert_eq!(connection.name(), "http/10.0.0.7:51331");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn child(&self, name: impl Display) -> Result<Self, RegisterError> {
        // Printed before a lock is taken: it is the user's code.
        let entry = Entry::new(self.name.child(name));
        let name = entry.name.clone();
        let room = &self.seat.room;
        let key = room.register(entry)?;
        Ok(Self::new(Seat::new(Arc::clone(room), key), name))
    }

    /// Ends it with an error, whose text is kept in the report.
    ///
    /// Starts the shutdown if the member is [critical](Registration::critical).
    pub fn fail(self, error: impl Display) {
        self.seat.settle(Outcome::Failed(format!("{error:#}")));
    }
}

#[cfg(feature = "tokio")]
impl Member {
    /// A token of its own that is cancelled when its phase begins; made on first use.
    ///
    /// Cancelling it cancels its clones, and nobody else's.
    #[must_use]
    pub fn token(&self) -> CancellationToken {
        let begun = &self.tokens.begun;
        begun.get_or_init(|| self.seat.room.begun_child()).clone()
    }

    /// A token of its own that is cancelled when it is forced; made on first use.
    ///
    /// Tasks are aborted shortly after (half of what is left of the phase, at most 100 ms).
    #[must_use]
    pub fn forced_token(&self) -> CancellationToken {
        let forced = &self.tokens.forced;
        forced.get_or_init(|| self.seat.room.forced_child()).clone()
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member")
            .field("name", &self.name())
            .field("phase", &self.phase())
            .field("triggered", &self.is_triggered())
            .finish()
    }
}
