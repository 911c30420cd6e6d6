//! Reading sockets in bursts, without waiting.

use bytes::Bytes;
use linger_registry::Socket;
use linger_registry::zmq::{self, DONTWAIT};

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

/// What the SUB socket gave.
pub(crate) enum Incoming {
    /// A private frame alone, or an envelope with its payload.
    Whole(Bytes, Option<Bytes>),
    /// A bare topic, its payload, and the trailer that says the rest.
    Bare(Bytes, Bytes, Bytes),
    /// Four frames or more, read to their end: nobody of ours sends that.
    Odd,
}

impl Incoming {
    /// How many bytes of payload it carries.
    pub(crate) fn payload_len(&self) -> usize {
        match self {
            Self::Whole(_, Some(payload)) | Self::Bare(_, payload, _) => payload.len(),
            Self::Whole(_, None) | Self::Odd => 0,
        }
    }
}

/// The next message, if there is one.
pub(crate) fn message(socket: &Socket) -> zmq::Result<Option<Incoming>> {
    let Some(first) = frame(socket)? else {
        return Ok(None);
    };
    let mut more = first.get_more();
    let mut payload = None;
    let mut trailer = None;
    let mut frames = 1;
    while more {
        // The frames of one message arrive together.
        let Some(next) = frame(socket)? else { break };
        more = next.get_more();
        frames += 1;
        match frames {
            2 => payload = Some(Bytes::copy_from_slice(&next)),
            3 => trailer = Some(Bytes::copy_from_slice(&next)),
            _ => {}
        }
    }
    let first = Bytes::copy_from_slice(&first);
    Ok(Some(match (frames, payload, trailer) {
        (1 | 2, payload, _) => Incoming::Whole(first, payload),
        (3, Some(payload), Some(trailer)) => Incoming::Bare(first, payload, trailer),
        _ => Incoming::Odd,
    }))
}
