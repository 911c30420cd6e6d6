//! Receiving one message: until the stop, by a deadline, or both.

use std::time::Instant;

use super::recv_error::RecvError;
use super::until::{Halt, Until, attempt};
use crate::failure::uninterrupted;
use crate::socket::Socket;

impl Socket {
    /// Receives a frame; waits for one until the socket's group stops.
    ///
    /// As [`recv_by`](Self::recv_by), without a deadline.
    ///
    /// # Errors
    ///
    /// [`RecvError`]: stopped, or what libzmq said.
    pub fn recv_until_stopped(&self) -> Result<zmq::Message, RecvError> {
        self.frame(Until::STOPPED)
    }

    /// Receives a frame; waits for one until the deadline, or until the group stops.
    ///
    /// Signals don't end it, nor do they put the deadline off. What is there already is received
    /// even if the deadline is past, so `Instant::now()` asks without waiting. After the stop
    /// nothing is given out but the rest of a message that was begun: a producer that never rests
    /// could otherwise keep the owner from stopping. [`queued`](Self::queued) gives what is left.
    ///
    /// # Errors
    ///
    /// [`RecvError`]: stopped, timed out, or what libzmq said.
    ///
    /// # Examples
    ///
    /// A loop with something to do now and then:
    ///
    /// ```
    /// use linger_registry::{RecvError, Registry, zmq};
    /// use std::time::{Duration, Instant};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let registry = Registry::new();
    /// # let feed = registry.socket(zmq::PULL).open()?;
    /// # feed.bind("tcp://127.0.0.1:*")?;
    /// let mut flush_at = Instant::now() + Duration::from_millis(10);
    /// loop {
    ///     match feed.recv_by(flush_at) {
    ///         Ok(message) => println!("{} bytes", message.len()),
    ///         Err(RecvError::TimedOut { .. }) => {
    ///             flush_at += Duration::from_millis(10); // flush here
    /// #           registry.stop("default");
    ///         }
    ///         Err(RecvError::Stopped { .. }) => break,
    ///         Err(error) => return Err(error.into()),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn recv_by(&self, deadline: Instant) -> Result<zmq::Message, RecvError> {
        self.frame(Until::stopped_or(deadline))
    }

    /// Receives a frame; waits for one until the deadline, stopped or not.
    ///
    /// For what has to come in yet so that work which was accepted can be finished, such as the
    /// answer to a request. As [`recv_by`](Self::recv_by) otherwise.
    ///
    /// # Errors
    ///
    /// [`RecvError`]; `Stopped` only if the context is being ended.
    pub fn recv_past_stop_by(&self, deadline: Instant) -> Result<zmq::Message, RecvError> {
        self.frame(Until::past_stop(deadline))
    }

    /// Receives a message with all its frames; waits for one until the socket's group stops.
    ///
    /// As [`recv_by`](Self::recv_by), without a deadline.
    ///
    /// # Errors
    ///
    /// [`RecvError`]: stopped, or what libzmq said.
    pub fn recv_multipart_until_stopped(&self) -> Result<Vec<zmq::Message>, RecvError> {
        self.frames(Until::STOPPED)
    }

    /// Receives a message with all its frames; waits until the deadline or the stop.
    ///
    /// As [`recv_by`](Self::recv_by).
    ///
    /// # Errors
    ///
    /// [`RecvError`]: stopped, timed out, or what libzmq said.
    pub fn recv_multipart_by(&self, deadline: Instant) -> Result<Vec<zmq::Message>, RecvError> {
        self.frames(Until::stopped_or(deadline))
    }

    /// Receives a message with all its frames; waits until the deadline, stopped or not.
    ///
    /// As [`recv_past_stop_by`](Self::recv_past_stop_by).
    ///
    /// # Errors
    ///
    /// [`RecvError`]; `Stopped` only if the context is being ended.
    pub fn recv_multipart_past_stop_by(
        &self,
        deadline: Instant,
    ) -> Result<Vec<zmq::Message>, RecvError> {
        self.frames(Until::past_stop(deadline))
    }

    fn frame(&self, until: Until) -> Result<zmq::Message, RecvError> {
        receive(self, until).map_err(|halt| RecvError::new(self.name(), halt))
    }

    fn frames(&self, until: Until) -> Result<Vec<zmq::Message>, RecvError> {
        receive(self, until)
            .and_then(|first| with_rest(self, first).map_err(Halt::Failed))
            .map_err(|halt| RecvError::new(self.name(), halt))
    }
}

/// The next frame. The stop does not come between two frames of one message.
pub(super) fn receive(socket: &Socket, until: Until) -> Result<zmq::Message, Halt> {
    if until.is_stopped(socket.group()) && socket.get_rcvmore()? {
        return rest(socket).map_err(Halt::Failed);
    }
    let mut frame = zmq::Message::new();
    attempt(socket, zmq::POLLIN, until, || {
        socket.recv(&mut frame, zmq::DONTWAIT)
    })?;
    Ok(frame)
}

/// A first frame, and those behind it.
pub(crate) fn with_rest(
    socket: &zmq::Socket,
    first: zmq::Message,
) -> zmq::Result<Vec<zmq::Message>> {
    let mut frames = Vec::new();
    take_rest(socket, first, &mut frames)?;
    Ok(frames)
}

/// Adds a first frame, and those behind it, to `frames`.
pub(super) fn take_rest(
    socket: &zmq::Socket,
    first: zmq::Message,
    frames: &mut Vec<zmq::Message>,
) -> zmq::Result<()> {
    let mut more = first.get_more();
    frames.push(first);
    while more {
        let frame = rest(socket)?;
        more = frame.get_more();
        frames.push(frame);
    }
    Ok(())
}

/// A frame behind another one. It never waits: libzmq has all of a message when it gives the
/// first frame.
fn rest(socket: &zmq::Socket) -> zmq::Result<zmq::Message> {
    uninterrupted(|| socket.recv_msg(0))
}
