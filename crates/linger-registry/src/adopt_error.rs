//! Why a socket was not adopted, with the socket.

use std::fmt;

use thiserror::Error;

use crate::open_error::OpenError;
use crate::raw::{Raw, release_context};

/// Why [`Adoption::take`](crate::Adoption::take) failed; the socket is in it.
///
/// Dropping it closes the socket, on a thread of its own: this never blocks.
#[derive(Error)]
#[error("not adopted: {reason}")]
pub struct AdoptError {
    #[source]
    reason: OpenError,
    raw: Raw,
}

impl AdoptError {
    pub(crate) fn new(reason: OpenError, raw: Raw) -> Self {
        Self { reason, raw }
    }

    /// Why, in the words of a socket that could not be opened.
    #[must_use]
    pub fn reason(&self) -> &OpenError {
        &self.reason
    }

    /// The socket as it was.
    ///
    /// From here on its drop is `zmq`'s own, which waits if it is the last of its context.
    ///
    /// # Panics
    ///
    /// Never: an error holds its socket until this is called.
    #[must_use]
    #[expect(clippy::expect_used, reason = "only this takes it, and it takes all")]
    pub fn into_socket(self) -> zmq::Socket {
        let maker = self.raw.maker();
        let (socket, context) = self.raw.into_parts().expect("a socket that was not taken");
        // Not the last clone while the socket lives, unless it is of another context.
        release_context(context, maker);
        socket
    }
}

impl fmt::Debug for AdoptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdoptError")
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}
