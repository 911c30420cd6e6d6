//! What a socket has received already, without waiting, stopped or not.

use std::fmt;

use super::receive::with_rest;
use crate::failure::uninterrupted;
use crate::socket::Socket;

/// The frames that are there now. Made by [`Socket::queued`].
///
/// # Errors
///
/// An item is an error if the socket can't receive; the iterator ends after it.
#[must_use = "an iterator does nothing until it is iterated"]
pub struct Queued<'a> {
    socket: Option<&'a Socket>,
}

/// The messages that are there now, each with all its frames.
///
/// Made by [`Socket::queued_multipart`]; as [`Queued`] otherwise.
///
/// # Errors
///
/// As [`Queued`].
#[must_use = "an iterator does nothing until it is iterated"]
pub struct QueuedMultipart<'a> {
    frames: Queued<'a>,
}

impl Socket {
    /// The frames that are there now, stopped or not; it never waits.
    ///
    /// With it an owner whose [`messages`](Self::messages) ended can finish what the socket had
    /// accepted before. It ends when the socket's queue is empty for a moment. What the kernel
    /// holds is not in the queue yet, and producers that go on may keep it from becoming empty:
    /// bound the loop, by number or by time.
    ///
    /// It does not see a context's end coming: after the close's reserve it is empty.
    ///
    /// # Examples
    ///
    /// ```
    /// use linger_registry::{Registry, zmq};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let registry = Registry::new();
    /// # let feed = registry.socket(zmq::PULL).open()?;
    /// # feed.bind("inproc://feed")?;
    /// # let push = registry.socket(zmq::PUSH).open()?;
    /// # push.connect("inproc://feed")?;
    /// # for _ in 0..3 { push.send("x", 0)?; }
    /// # registry.stop("default");
    /// for message in feed.messages() {
    ///     drop(message?); // until the stop
    /// }
    /// let mut left = 0;
    /// for message in feed.queued().take(1_000) {
    ///     drop(message?); // what had come in by then
    ///     left += 1;
    /// }
    /// assert_eq!(left, 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn queued(&self) -> Queued<'_> {
        Queued { socket: Some(self) }
    }

    /// The messages that are there now, each with all its frames, stopped or not.
    ///
    /// See [`queued`](Self::queued).
    pub fn queued_multipart(&self) -> QueuedMultipart<'_> {
        QueuedMultipart {
            frames: self.queued(),
        }
    }
}

impl Iterator for Queued<'_> {
    type Item = zmq::Result<zmq::Message>;

    fn next(&mut self) -> Option<Self::Item> {
        let socket = self.socket?;
        match uninterrupted(|| socket.recv_msg(zmq::DONTWAIT)) {
            Ok(frame) => Some(Ok(frame)),
            Err(zmq::Error::EAGAIN | zmq::Error::ETERM) => self.end(None),
            Err(error) => self.end(Some(error)),
        }
    }
}

impl Queued<'_> {
    fn end<T>(&mut self, error: Option<zmq::Error>) -> Option<zmq::Result<T>> {
        self.socket = None;
        error.map(Err)
    }
}

impl Iterator for QueuedMultipart<'_> {
    type Item = zmq::Result<Vec<zmq::Message>>;

    fn next(&mut self) -> Option<Self::Item> {
        let socket = self.frames.socket?;
        let first = match self.frames.next()? {
            Ok(first) => first,
            Err(error) => return Some(Err(error)),
        };
        match with_rest(socket, first) {
            Ok(frames) => Some(Ok(frames)),
            Err(error) => self.frames.end(Some(error)),
        }
    }
}

impl fmt::Debug for Queued<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queued")
            .field("socket", &self.socket)
            .finish()
    }
}

impl fmt::Debug for QueuedMultipart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueuedMultipart")
            .field("socket", &self.frames.socket)
            .finish()
    }
}
