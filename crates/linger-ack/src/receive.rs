//! Reading sockets in bursts, without waiting.

use bytes::Bytes;
use linger_registry::Socket;
use linger_registry::zmq::{self, DONTWAIT};
use std::mem;

/// What `recv` gave, with interruptions by signals tried again.
pub(crate) fn frame(socket: &Socket) -> zmq::Result<Option<zmq::Message>> {
    loop {
        match socket.recv_msg(DONTWAIT) {
            Ok(message) => return Ok(Some(message)),
            Err(zmq::Error::EAGAIN) => return Ok(None),
            Err(zmq::Error::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
}

/// From so many bytes on a payload is not copied out of libzmq's memory.
///
/// Below, libzmq may keep a message in the 8 KiB that it read at once, and whoever holds on to one
/// message then holds all of them; and a copy costs less than what it takes to share.
const SHARED: usize = 8 << 10;

/// A message of the SUB socket.
pub(crate) enum Message<'a> {
    /// A private frame alone, or an envelope with its payload.
    Whole(&'a [u8], Option<Bytes>),
    /// A bare topic, its payload, and the trailer that says the rest.
    Bare(&'a [u8], Bytes, &'a [u8]),
    /// Four frames or more, read to their end: nobody of ours sends that.
    Odd,
}

/// Reads messages, into the same room again and again.
pub(crate) struct Incoming {
    first: zmq::Message,
    next: zmq::Message,
}

impl Default for Incoming {
    fn default() -> Self {
        Self {
            first: zmq::Message::new(),
            next: zmq::Message::new(),
        }
    }
}

impl Incoming {
    /// The next message, if there is one.
    pub(crate) fn next(&mut self, socket: &Socket) -> zmq::Result<Option<Message<'_>>> {
        if !frame_into(socket, &mut self.first)? {
            return Ok(None);
        }
        let mut more = self.first.get_more();
        let mut payload = None;
        let mut frames = 1;
        while more {
            // The frames of one message arrive together.
            if !frame_into(socket, &mut self.next)? {
                break;
            }
            more = self.next.get_more();
            frames += 1;
            if frames == 2 {
                payload = Some(payload_of(&mut self.next));
            }
        }
        Ok(Some(match (frames, payload) {
            (1 | 2, payload) => Message::Whole(&self.first, payload),
            (3, Some(payload)) => Message::Bare(&self.first, payload, &self.next),
            _ => Message::Odd,
        }))
    }
}

/// Memory of libzmq's, as the owner of a payload.
struct Owned(zmq::Message);

impl AsRef<[u8]> for Owned {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

fn payload_of(frame: &mut zmq::Message) -> Bytes {
    match frame.len() < SHARED {
        true => Bytes::copy_from_slice(frame),
        false => Bytes::from_owner(Owned(mem::replace(frame, zmq::Message::new()))),
    }
}

/// False: there is none.
fn frame_into(socket: &Socket, frame: &mut zmq::Message) -> zmq::Result<bool> {
    loop {
        match socket.recv(frame, DONTWAIT) {
            Ok(()) => return Ok(true),
            Err(zmq::Error::EAGAIN) => return Ok(false),
            Err(zmq::Error::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
}
