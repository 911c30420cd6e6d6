//! Reading sockets in bursts, without waiting.

use bytes::Bytes;
use linger_registry::Socket;
use linger_registry::zmq::{self, DONTWAIT};
use std::mem;
use std::ops::Range;

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

/// Up to so many bytes a payload shares its memory with its neighbours: to allocate for each would
/// be the most expensive part of receiving it.
const SMALL: usize = 512;

/// About how much memory neighbours share: whoever holds on to one payload holds that.
const CHUNK: usize = 4 << 10;

/// A message of the SUB socket.
pub(crate) enum Message<'a> {
    /// A private frame alone, or an envelope with its payload.
    Whole(&'a [u8], Option<Bytes>),
    /// A bare topic, its payload, and the trailer that says the rest.
    Bare(&'a [u8], Bytes, &'a [u8]),
    /// Four frames or more, read to their end: nobody of ours sends that.
    Odd,
}

/// Reads messages, several at a time.
pub(crate) struct Incoming {
    /// The room that every frame is read into.
    frame: zmq::Message,
    /// What was read, one message after the other; payloads that are not small stand elsewhere.
    chunk: Vec<u8>,
    messages: Vec<Parts>,
}

/// Where the frames of a message are.
#[derive(Default)]
struct Parts {
    frames: usize,
    first: Range<usize>,
    payload: Payload,
    third: Range<usize>,
}

#[derive(Default)]
enum Payload {
    #[default]
    None,
    /// A part of the chunk.
    Small(Range<usize>),
    Own(Bytes),
}

impl Default for Incoming {
    fn default() -> Self {
        Self {
            frame: zmq::Message::new(),
            chunk: Vec::new(),
            messages: Vec::new(),
        }
    }
}

impl Incoming {
    /// Reads up to `most` messages, or about a chunk of them; true if there may be more.
    pub(crate) fn read(&mut self, socket: &Socket, most: usize) -> zmq::Result<bool> {
        while self.messages.len() < most && self.chunk.len() < CHUNK {
            if !frame_into(socket, &mut self.frame)? {
                return Ok(false);
            }
            let mut parts = Parts {
                frames: 1,
                first: append(&mut self.chunk, &self.frame),
                ..Parts::default()
            };
            // The frames of one message arrive together. Whether there is another is to be asked
            // before the payload is taken.
            let mut more = self.frame.get_more();
            while more && frame_into(socket, &mut self.frame)? {
                more = self.frame.get_more();
                parts.frames += 1;
                match parts.frames {
                    2 => parts.payload = self.payload(),
                    3 => parts.third = append(&mut self.chunk, &self.frame),
                    _ => {}
                }
            }
            let is_large = matches!(parts.payload, Payload::Own(_));
            self.messages.push(parts);
            if is_large {
                break;
            }
        }
        Ok(true)
    }

    fn payload(&mut self) -> Payload {
        let bytes: &[u8] = &self.frame;
        if bytes.len() <= SMALL {
            return Payload::Small(append(&mut self.chunk, bytes));
        }
        if bytes.len() < SHARED {
            return Payload::Own(Bytes::copy_from_slice(bytes));
        }
        let frame = Owned(mem::replace(&mut self.frame, zmq::Message::new()));
        Payload::Own(Bytes::from_owner(frame))
    }

    /// Hands over what was read.
    pub(crate) fn take(&mut self, mut message: impl FnMut(Message<'_>)) {
        let is_shared = |parts: &Parts| matches!(parts.payload, Payload::Small(_));
        // Of those that are shared nobody must have more than there is.
        let chunk = match self.messages.iter().any(is_shared) {
            true => Bytes::from(mem::replace(
                &mut self.chunk,
                Vec::with_capacity(CHUNK + SMALL),
            )),
            false => Bytes::new(),
        };
        let bytes: &[u8] = if chunk.is_empty() {
            &self.chunk
        } else {
            &chunk
        };
        for parts in self.messages.drain(..) {
            let first = bytes.get(parts.first).unwrap_or_default();
            let third = bytes.get(parts.third).unwrap_or_default();
            let payload = match parts.payload {
                Payload::None => None,
                Payload::Small(range) => Some(chunk.slice(range)),
                Payload::Own(payload) => Some(payload),
            };
            message(match (parts.frames, payload) {
                (1 | 2, payload) => Message::Whole(first, payload),
                (3, Some(payload)) => Message::Bare(first, payload, third),
                _ => Message::Odd,
            });
        }
        self.chunk.clear();
    }
}

fn append(chunk: &mut Vec<u8>, bytes: &[u8]) -> Range<usize> {
    let first = chunk.len();
    chunk.extend_from_slice(bytes);
    first..chunk.len()
}

/// Memory of libzmq's, as the owner of a payload.
struct Owned(zmq::Message);

impl AsRef<[u8]> for Owned {
    fn as_ref(&self) -> &[u8] {
        &self.0
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
