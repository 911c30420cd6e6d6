//! What a socket monitor says.

use std::ops::Deref;

use zmq::SocketEvent;

/// An event of a monitor, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A connection was made or accepted.
    Connected,
    /// The peer at its other end speaks ZMTP 3, and may.
    HandshakeSucceeded,
    HandshakeFailed,
    /// A connection ended, but not by this side.
    Disconnected,
    /// The last: the socket is gone, or its monitor was replaced.
    Stopped,
    Other,
}

impl Event {
    /// The events of a monitor for life.
    pub(crate) fn of_life() -> i32 {
        [
            SocketEvent::CONNECTED,
            SocketEvent::ACCEPTED,
            SocketEvent::HANDSHAKE_SUCCEEDED,
            SocketEvent::HANDSHAKE_FAILED_NO_DETAIL,
            SocketEvent::HANDSHAKE_FAILED_PROTOCOL,
            SocketEvent::HANDSHAKE_FAILED_AUTH,
            SocketEvent::DISCONNECTED,
            SocketEvent::MONITOR_STOPPED,
        ]
        .into_iter()
        .fold(0, |mask, event| mask | i32::from(event.to_raw()))
    }

    /// The events of a monitor that is attached for the end.
    pub(crate) fn of_end() -> i32 {
        i32::from(SocketEvent::MONITOR_STOPPED.to_raw())
    }

    /// From the frames of one message.
    pub(crate) fn read(frames: &[impl Deref<Target = [u8]>]) -> Self {
        // Event number and value in the first frame, in native byte order.
        let Some([low, high, ..]) = frames.first().map(Deref::deref) else {
            return Self::Other;
        };
        let number = u16::from_ne_bytes([*low, *high]);
        // `SocketEvent::from_raw` panics on what it does not know.
        let is = |event: SocketEvent| event.to_raw() == number;
        if is(SocketEvent::CONNECTED) || is(SocketEvent::ACCEPTED) {
            Self::Connected
        } else if is(SocketEvent::HANDSHAKE_SUCCEEDED) {
            Self::HandshakeSucceeded
        } else if is(SocketEvent::HANDSHAKE_FAILED_NO_DETAIL)
            || is(SocketEvent::HANDSHAKE_FAILED_PROTOCOL)
            || is(SocketEvent::HANDSHAKE_FAILED_AUTH)
        {
            Self::HandshakeFailed
        } else if is(SocketEvent::DISCONNECTED) {
            Self::Disconnected
        } else if is(SocketEvent::MONITOR_STOPPED) {
            Self::Stopped
        } else {
            Self::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(event: SocketEvent) -> Vec<Vec<u8>> {
        let mut first = event.to_raw().to_ne_bytes().to_vec();
        first.extend([0; 4]);
        vec![first, b"tcp://127.0.0.1:5555".to_vec()]
    }

    #[test]
    fn both_ways_to_get_a_connection_are_one() {
        for event in [SocketEvent::CONNECTED, SocketEvent::ACCEPTED] {
            assert_eq!(Event::read(&message(event)), Event::Connected);
        }
    }

    #[test]
    fn what_is_unknown_or_too_short_is_no_event() {
        assert_eq!(Event::read(&message(SocketEvent::LISTENING)), Event::Other);
        assert_eq!(Event::read(&[vec![0xFF; 6]]), Event::Other);
        assert_eq!(Event::read(&[vec![4]]), Event::Other);
        let nothing: [Vec<u8>; 0] = [];
        assert_eq!(Event::read(&nothing), Event::Other);
    }
}
