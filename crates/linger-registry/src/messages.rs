//! Receiving until the group stops.

use std::fmt;
use std::os::fd::{AsRawFd, BorrowedFd};

use crate::socket::Socket;

/// The frames that arrive on a socket, until its group stops. Made by [`Socket::messages`].
///
/// It waits for the socket and for the group's descriptor at once, and goes on after signals
/// (`EINTR`). When the group stops it ends at the next message border: never between two frames of
/// one message, and without waiting for the queue to become empty, which may be never. What is
/// queued then can still be read with `recv(DONTWAIT)`.
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
        let mut frames = Vec::new();
        loop {
            match self.source.next_frame()? {
                Ok(frame) => frames.push(frame),
                Err(error) => return Some(Err(error)),
            }
            if !self.source.within_message {
                return Some(Ok(frames));
            }
        }
    }
}

struct Source<'a> {
    socket: &'a Socket,
    /// The frame before had another one behind it.
    within_message: bool,
    ended: bool,
}

impl<'a> Source<'a> {
    fn new(socket: &'a Socket) -> Self {
        Self {
            socket,
            within_message: false,
            ended: false,
        }
    }

    fn next_frame(&mut self) -> Option<zmq::Result<zmq::Message>> {
        if self.ended {
            return None;
        }
        let mut frame = zmq::Message::new();
        loop {
            if !self.within_message && self.socket.group().is_stopped() {
                self.ended = true;
                return None;
            }
            let received = match self.socket.recv(&mut frame, zmq::DONTWAIT) {
                Ok(()) => {
                    self.within_message = frame.get_more();
                    return Some(Ok(frame));
                }
                Err(zmq::Error::EAGAIN) => self.wait(),
                Err(error) => Err(error),
            };
            match received {
                Ok(()) | Err(zmq::Error::EINTR) => {}
                Err(error) => return self.failed(error),
            }
        }
    }

    /// Until there may be something to receive, or the group stops.
    fn wait(&self) -> zmq::Result<()> {
        // Made when the socket was opened, so this does not fail.
        let stop = self
            .socket
            .group()
            .descriptor()
            .map_err(|_| zmq::Error::EMFILE)?;
        let mut items = [self.socket.as_poll_item(zmq::POLLIN), stop_item(stop)];
        // The stop must not wake a wait for the rest of a message. libzmq has all of a message
        // when it gives the first frame, so such a wait does not come up.
        let watched = if self.within_message {
            &mut items[..1]
        } else {
            &mut items[..]
        };
        zmq::poll(watched, -1).map(drop)
    }

    fn failed(&mut self, error: zmq::Error) -> Option<zmq::Result<zmq::Message>> {
        let within = std::mem::take(&mut self.within_message);
        match error {
            // The close's reserve: the group stopped long before.
            zmq::Error::ETERM => {
                self.ended = true;
                within.then_some(Err(error))
            }
            zmq::Error::ENOTSUP | zmq::Error::ENOTSOCK | zmq::Error::EFAULT => {
                self.ended = true;
                Some(Err(error))
            }
            _ => Some(Err(error)),
        }
    }
}

fn stop_item(stop: BorrowedFd<'_>) -> zmq::PollItem<'static> {
    zmq::PollItem::from_fd(stop.as_raw_fd(), zmq::POLLIN)
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
