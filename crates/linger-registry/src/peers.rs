//! Counting the peers of a socket from what its monitor says.

use std::fmt;

use crate::event::Event;

/// The connections of a socket that was opened with [`observe`](crate::SocketBuilder::observe).
///
/// Counted are connections that completed the handshake of ZMTP 3 (libzmq 4.0 and newer), over
/// TCP or IPC. What stays in-process makes no events. A connection that this side ends, by
/// `disconnect` or by a `ROUTER`'s handover, makes none either, and is counted on as there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Peers {
    /// How many there are now.
    pub now: u64,
    /// How many were there and ended, each time that they did: by the peer, or by the network.
    pub lost: u64,
}

impl fmt::Display for Peers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} peers, {} lost", self.now, self.lost)
    }
}

/// Peers, as the events of a monitor come in.
///
/// A failed handshake makes a disconnection too, and neither says whose it was: a port scanner's
/// must not look like a lost peer.
#[derive(Debug, Default)]
pub(crate) struct PeerCount {
    peers: Peers,
    /// Connections, whether their handshake is done or not.
    connections: u64,
    /// Failed handshakes whose disconnection has not come.
    failing: u64,
}

impl PeerCount {
    pub(crate) fn peers(&self) -> Peers {
        self.peers
    }

    pub(crate) fn on(&mut self, event: Event) {
        match event {
            Event::Connected => self.connections += 1,
            Event::HandshakeSucceeded => self.peers.now += 1,
            Event::HandshakeFailed => self.failing += 1,
            Event::Disconnected => self.disconnected(),
            Event::Stopped | Event::Other => {}
        }
    }

    fn disconnected(&mut self) {
        let all_are_peers = self.peers.now >= self.connections;
        self.connections = self.connections.saturating_sub(1);
        if self.peers.now == 0 || (self.failing > 0 && !all_are_peers) {
            self.failing = self.failing.saturating_sub(1);
        } else {
            self.peers.now -= 1;
            self.peers.lost += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Event::{Connected, Disconnected, HandshakeFailed, HandshakeSucceeded};
    use super::*;

    fn after(events: &[Event]) -> Peers {
        let mut count = PeerCount::default();
        for event in events {
            count.on(*event);
        }
        count.peers()
    }

    #[test]
    fn a_peer_that_comes_and_goes_and_comes_again_was_lost_once() {
        let events = [
            Connected,
            HandshakeSucceeded,
            Disconnected,
            Connected,
            HandshakeSucceeded,
        ];
        assert_eq!(after(&events), Peers { now: 1, lost: 1 });
    }

    #[test]
    fn a_failed_handshake_is_no_lost_peer() {
        let probe = [Connected, HandshakeFailed, Disconnected];
        assert_eq!(after(&probe), Peers::default());
        let beside_a_peer = [&[Connected, HandshakeSucceeded][..], &probe].concat();
        assert_eq!(after(&beside_a_peer), Peers { now: 1, lost: 0 });
    }

    #[test]
    fn a_peer_that_goes_while_a_stranger_shakes_hands_is_lost() {
        let events = [Connected, HandshakeSucceeded, Connected, Disconnected];
        assert_eq!(after(&events), Peers { now: 0, lost: 1 });
    }

    #[test]
    fn a_failure_that_is_never_followed_up_does_not_hide_a_lost_peer() {
        let events = [Connected, HandshakeSucceeded, HandshakeFailed, Disconnected];
        assert_eq!(after(&events), Peers { now: 0, lost: 1 });
    }
}
