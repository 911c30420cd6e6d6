//! Receiving until the group stops.

use std::fmt;

use super::receive::{receive, with_rest};
use super::until::{Halt, Until};
use crate::socket::Socket;

/// The frames that arrive on a socket, until its group stops. Made by [`Socket::messages`].
///
/// It waits for the socket and for the group's descriptor at once, and goes on after signals
/// (`EINTR`). When the group stops it ends at the next message border: never between two frames of
/// one message, and without waiting for the queue to become empty, which may be never. What is
/// queued then can still be read, with [`Socket::queued`].
///
/// A single frame says by [`zmq::Message::get_more`] whether another follows; where messages have
/// several frames, [`Socket::multipart_messages`] keeps them together.
///
/// # Errors
///
/// An item is an error if the socket can't receive: `ENOTSUP` on a `PUSH`, `EFSM` on a `REP` that
/// owes an answer. The iterator ends after those that won't pass.
#[must_use = "an iterator does nothing until it is iterated"]
pub struct Messages<'a> {
    source: Source<'a>,
}

/// Messages that arrive, each with all its frames, until the group stops.
///
/// Made by [`Socket::multipart_messages`]; as [`Messages`] otherwise.
///
/// # Errors
///
/// As [`Messages`]. An error in the middle of a message drops the frames before it.
#[must_use = "an iterator does nothing until it is iterated"]
pub struct MultipartMessages<'a> {
    source: Source<'a>,
}

impl<'a> Messages<'a> {
    pub(crate) fn new(socket: &'a Socket) -> Self {
        Self {
            source: Source::new(socket),
        }
    }
}

impl<'a> MultipartMessages<'a> {
    pub(crate) fn new(socket: &'a Socket) -> Self {
        Self {
            source: Source::new(socket),
        }
    }
}

impl Iterator for Messages<'_> {
    type Item = zmq::Result<zmq::Message>;

    fn next(&mut self) -> Option<Self::Item> {
        self.source.next_frame()
    }
}

impl Iterator for MultipartMessages<'_> {
    type Item = zmq::Result<Vec<zmq::Message>>;

    fn next(&mut self) -> Option<Self::Item> {
        let received = self.source.next_frame()?;
        let whole = received.and_then(|first| {
            with_rest(self.source.socket, first).map_err(|error| self.source.failed(error))
        });
        Some(whole)
    }
}

struct Source<'a> {
    socket: &'a Socket,
    ended: bool,
}

impl<'a> Source<'a> {
    fn new(socket: &'a Socket) -> Self {
        Self {
            socket,
            ended: false,
        }
    }

    fn next_frame(&mut self) -> Option<zmq::Result<zmq::Message>> {
        if self.ended {
            return None;
        }
        match receive(self.socket, Until::STOPPED) {
            Ok(frame) => Some(Ok(frame)),
            Err(Halt::Failed(error)) => Some(Err(self.failed(error))),
            Err(Halt::Stopped | Halt::TimedOut) => {
                self.ended = true;
                None
            }
        }
    }

    /// Notes whether the error will pass.
    fn failed(&mut self, error: zmq::Error) -> zmq::Error {
        self.ended = matches!(
            error,
            zmq::Error::ENOTSUP | zmq::Error::ENOTSOCK | zmq::Error::EFAULT | zmq::Error::ETERM
        );
        error
    }
}

impl fmt::Debug for Messages<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages")
            .field("socket", self.source.socket)
            .finish()
    }
}

impl fmt::Debug for MultipartMessages<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MultipartMessages")
            .field("socket", self.source.socket)
            .finish()
    }
}
