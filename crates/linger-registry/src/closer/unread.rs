//! What the owner of an in-process receiver left unread.

use std::time::{Duration, Instant};

use crate::kind;
use crate::record::Record;

/// How long the counting of one socket may take, and with it all others wait.
///
/// Some hundred thousand messages; a pipe holds 2,000 unless its high-water marks are raised.
const AT_MOST: Duration = Duration::from_millis(20);

/// How many messages are still queued, by reading them: nobody else will.
///
/// Known only where all peers are in this context: all that they have sent is in the socket's own
/// queues then, while over a network more may be on its way. `None` if it can't be known.
pub(super) fn count(socket: &zmq::Socket, record: &Record) -> Option<u64> {
    let can_tell = kind::receives_freely(record.kind) && record.is_inproc_only();
    if !can_tell || !record.minds_unread() {
        return None;
    }
    let limit = Instant::now() + AT_MOST;
    let mut frame = zmq::Message::new();
    let mut messages = 0;
    loop {
        match socket.recv(&mut frame, zmq::DONTWAIT) {
            Ok(()) => messages += u64::from(!frame.get_more()),
            Err(zmq::Error::EAGAIN) => return Some(messages),
            Err(zmq::Error::EINTR) => {}
            Err(_) => return None,
        }
        // Its peers may go on sending, into the room that this makes.
        if Instant::now() > limit {
            return None;
        }
    }
}
