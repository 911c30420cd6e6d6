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

/// A message of one or two frames; longer ones are read to their end and given as `None`.
pub(crate) fn message(socket: &Socket) -> zmq::Result<Option<Option<(Bytes, Option<Bytes>)>>> {
    let Some(first) = frame(socket)? else {
        return Ok(None);
    };
    let mut more = first.get_more();
    let mut second = None;
    let mut frames = 1;
    while more {
        // The frames of one message arrive together.
        let Some(next) = frame(socket)? else { break };
        more = next.get_more();
        frames += 1;
        if frames == 2 {
            second = Some(Bytes::copy_from_slice(&next));
        }
    }
    Ok(Some(
        (frames <= 2).then(|| (Bytes::copy_from_slice(&first), second)),
    ))
}
