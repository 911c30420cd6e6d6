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
    /// Three frames or more, read to their end: nobody of ours sends that.
    Odd,
}

impl Incoming {
    /// How many bytes of payload it carries.
    pub(crate) fn payload_len(&self) -> usize {
        match self {
            Self::Whole(_, Some(payload)) => payload.len(),
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
    let mut frames = 1;
    while more {
        // The frames of one message arrive together.
        let Some(next) = frame(socket)? else { break };
        more = next.get_more();
        frames += 1;
        if frames == 2 {
            payload = Some(Bytes::copy_from_slice(&next));
        }
    }
    Ok(Some(match frames {
        1 | 2 => Incoming::Whole(Bytes::copy_from_slice(&first), payload),
        _ => Incoming::Odd,
    }))
}
