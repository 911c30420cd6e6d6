//! Sending one message: until the stop, by a deadline, or both.

use std::time::Instant;

use super::send_error::SendError;
use super::until::{Until, attempt};
use crate::failure::uninterrupted;
use crate::socket::Socket;

impl Socket {
    /// Sends a message of one frame; waits for room until the socket's group stops.
    ///
    /// As [`send_by`](Self::send_by), without a deadline.
    ///
    /// # Errors
    ///
    /// [`SendError`]: stopped, or what libzmq said.
    pub fn send_until_stopped(&self, data: impl AsRef<[u8]>) -> Result<(), SendError> {
        self.deliver(&[data], Until::STOPPED)
    }

    /// Sends a message of one frame; waits for room until the deadline or the stop.
    ///
    /// Room is what libzmq says it is: below the high-water mark of a peer, or of a connection to
    /// come. A `PUB`, and a `ROUTER` that is not mandatory, always have room, and drop.
    ///
    /// Signals don't end the wait, nor do they put the deadline off. If there is room, it is sent
    /// even if the deadline is past, so `Instant::now()` tries without waiting. After the stop it
    /// is refused, room or not, as a producer must end; what was accepted before and still has to
    /// go out, can with [`send_past_stop_by`](Self::send_past_stop_by).
    ///
    /// # Errors
    ///
    /// [`SendError`]: stopped, timed out, or what libzmq said. Nothing was sent then.
    ///
    /// # Examples
    ///
    /// ```
    /// use linger_registry::{Registry, SendError, zmq};
    /// use std::time::{Duration, Instant};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let registry = Registry::new();
    /// let out = registry.socket(zmq::PUSH).name("out").open()?;
    /// out.bind("tcp://127.0.0.1:*")?;
    ///
    /// // Nobody is connected: there is no room, as there would be none beside a full peer.
    /// let refused = out.send_by("result", Instant::now() + Duration::from_millis(5));
    /// assert!(matches!(refused, Err(SendError::TimedOut { socket }) if socket == "out"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn send_by(&self, data: impl AsRef<[u8]>, deadline: Instant) -> Result<(), SendError> {
        self.deliver(&[data], Until::stopped_or(deadline))
    }

    /// Sends a message of one frame; waits for room until the deadline, stopped or not.
    ///
    /// For what has to go out yet so that work which was accepted is finished. As
    /// [`send_by`](Self::send_by) otherwise.
    ///
    /// # Errors
    ///
    /// [`SendError`]; `Stopped` only if the context is being ended.
    pub fn send_past_stop_by(
        &self,
        data: impl AsRef<[u8]>,
        deadline: Instant,
    ) -> Result<(), SendError> {
        self.deliver(&[data], Until::past_stop(deadline))
    }

    /// Sends a message of several frames; waits for room until the socket's group stops.
    ///
    /// As [`send_multipart_by`](Self::send_multipart_by), without a deadline.
    ///
    /// # Errors
    ///
    /// [`SendError`]: stopped, or what libzmq said.
    pub fn send_multipart_until_stopped(
        &self,
        frames: &[impl AsRef<[u8]>],
    ) -> Result<(), SendError> {
        self.deliver(frames, Until::STOPPED)
    }

    /// Sends a message of several frames; waits for room until the deadline or the stop.
    ///
    /// All frames or none: neither the stop nor the deadline comes between them. libzmq has room
    /// for the rest of a message that it has begun; should it lose the peer in between, the
    /// message is sent whole to another, or, if libzmq did not tell, is lost with that peer like
    /// whatever was queued for it. No frames at all are nothing to send.
    ///
    /// As [`send_by`](Self::send_by) otherwise.
    ///
    /// # Errors
    ///
    /// [`SendError`]: stopped, timed out, or what libzmq said. Nothing was sent then.
    /// `EHOSTUNREACH` on a `REQ`: its peer was lost in the middle of the request, and libzmq has
    /// no way back; open another.
    pub fn send_multipart_by(
        &self,
        frames: &[impl AsRef<[u8]>],
        deadline: Instant,
    ) -> Result<(), SendError> {
        self.deliver(frames, Until::stopped_or(deadline))
    }

    /// Sends a message of several frames; waits for room until the deadline, stopped or not.
    ///
    /// As [`send_multipart_by`](Self::send_multipart_by), for the reasons of
    /// [`send_past_stop_by`](Self::send_past_stop_by).
    ///
    /// # Errors
    ///
    /// [`SendError`]; `Stopped` only if the context is being ended.
    pub fn send_multipart_past_stop_by(
        &self,
        frames: &[impl AsRef<[u8]>],
        deadline: Instant,
    ) -> Result<(), SendError> {
        self.deliver(frames, Until::past_stop(deadline))
    }

    fn deliver(&self, frames: &[impl AsRef<[u8]>], until: Until) -> Result<(), SendError> {
        attempt(self, zmq::POLLOUT, until, || {
            send_whole(self, frames, AsRef::as_ref)
        })
        .map_err(|halt| SendError::new(self.name(), halt))
    }
}

/// Sends the whole message or nothing, without waiting: `EAGAIN` if there is no room.
pub(super) fn send_whole<T>(
    socket: &Socket,
    frames: &[T],
    bytes: impl Fn(&T) -> &[u8],
) -> zmq::Result<()> {
    let has_more = |at| at + 1 < frames.len();
    for (at, frame) in frames.iter().enumerate() {
        match send_frame(socket, bytes(frame), has_more(at)) {
            Ok(()) => {}
            // Not for want of room: the peer was lost, and libzmq took back the frames before.
            Err(zmq::Error::EAGAIN) if at > 0 => match socket.get_socket_type()? {
                // From here to the end of the message libzmq drops what it is given, so it must
                // be given that (`lb_t::sendpipe`). Then the whole can be tried again.
                zmq::PUSH | zmq::DEALER => {
                    for (at, frame) in frames.iter().enumerate().skip(at + 1) {
                        send_frame(socket, bytes(frame), has_more(at))?;
                    }
                    return Err(zmq::Error::EAGAIN);
                }
                // It has begun a request that it can neither end nor take back.
                zmq::REQ => return Err(zmq::Error::EHOSTUNREACH),
                _ => return Err(zmq::Error::EAGAIN),
            },
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn send_frame(socket: &Socket, frame: &[u8], more: bool) -> zmq::Result<()> {
    let flags = if more {
        zmq::DONTWAIT | zmq::SNDMORE
    } else {
        zmq::DONTWAIT
    };
    uninterrupted(|| socket.send(frame, flags))
}
