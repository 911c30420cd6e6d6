//! Options of libzmq that lose messages, or look as if they kept them.

use std::fmt;

use crate::kind;

/// An option, set on a socket, that does not do what its name promises.
///
/// The registry looks for them when a socket was bound or connected, and again when it is closed. It
/// warns once for each, with a tracing event that names the socket, and lists them in its
/// [info](crate::SocketInfo::traps). Each was seen on the libzmq that is linked: `cargo xtask lab`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Trap {
    /// `ZMQ_CONFLATE` on a socket that sends: its last message is lost at close, whatever the
    /// linger.
    Conflate,
    /// `ZMQ_IMMEDIATE` on a socket that sends: its queue is dropped when the peer disconnects.
    Immediate,
    /// `ZMQ_TCP_KEEPALIVE` with the libzmq that `zmq` compiles, which is built without it.
    ///
    /// Heartbeats (`ZMQ_HEARTBEAT_IVL`, `_TIMEOUT`) see a peer that is gone.
    Keepalive,
    /// A linger of -1, set past the registry, which sets its own at the close.
    ///
    /// It counts in one case only: if the owner has to be woken by `ETERM`, when nothing can be set
    /// any more; and then it may hold the context for ever.
    LingerForEver,
}

/// All there are, by their place in a [`Set`].
const ALL: [Trap; 4] = [
    Trap::Conflate,
    Trap::Immediate,
    Trap::Keepalive,
    Trap::LingerForEver,
];

impl Trap {
    /// What to do about it.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::Conflate => {
                "CONFLATE loses the last message at close, whatever the linger: set it on the receiver alone"
            }
            Self::Immediate => {
                "IMMEDIATE drops the queue when the peer disconnects: leave it off where that matters"
            }
            Self::Keepalive => {
                "TCP_KEEPALIVE is ignored by the libzmq that the crate `zmq` compiles: set heartbeats"
            }
            Self::LingerForEver => {
                "a linger of -1 does not count at close: say so when the socket is opened"
            }
        }
    }

    fn is_set_on(self, socket: &zmq::Socket, kind: zmq::SocketType) -> bool {
        let sends = !kind::never_sends(kind);
        match self {
            Self::Conflate => sends && socket.is_conflate() == Ok(true),
            Self::Immediate => sends && socket.is_immediate() == Ok(true),
            Self::Keepalive => socket.get_tcp_keepalive() == Ok(1) && is_compiled_along(),
            Self::LingerForEver => sends && socket.get_linger() == Ok(-1),
        }
    }
}

/// Whether the libzmq that is linked is the one that the crate `zmq` compiles, as far as it can be
/// told: that one is built without CURVE, while the systems' have it.
fn is_compiled_along() -> bool {
    zmq::has("curve") != Some(true)
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Conflate => "CONFLATE",
            Self::Immediate => "IMMEDIATE",
            Self::Keepalive => "KEEPALIVE",
            Self::LingerForEver => "LINGER -1",
        })
    }
}

/// Traps, each at most once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Set(u8);

impl Set {
    /// Those that are set on this socket now.
    pub(crate) fn on(socket: &zmq::Socket, kind: zmq::SocketType) -> Self {
        let found = |set: u8, (place, trap): (usize, &Trap)| {
            set | u8::from(trap.is_set_on(socket, kind)) << place
        };
        Self(ALL.iter().enumerate().fold(0, found))
    }

    pub(crate) fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    pub(crate) fn bits(self) -> u8 {
        self.0
    }

    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Trap> {
        let is_in = move |place: &usize| self.0 & 1 << place != 0;
        (0..ALL.len()).filter(is_in).map(|place| ALL[place])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(kind: zmq::SocketType, set: impl Fn(&zmq::Socket) -> zmq::Result<()>) -> Vec<Trap> {
        let socket = zmq::Context::new().socket(kind).unwrap();
        socket.set_linger(0).unwrap();
        set(&socket).unwrap();
        Set::on(&socket, kind).iter().collect()
    }

    #[test]
    fn each_is_found_where_it_is_one() {
        assert_eq!(on(zmq::PUSH, |_| Ok(())), []);
        assert_eq!(on(zmq::PUSH, |it| it.set_conflate(true)), [Trap::Conflate]);
        assert_eq!(on(zmq::SUB, |it| it.set_conflate(true)), []);
        assert_eq!(
            on(zmq::DEALER, |it| it.set_immediate(true)),
            [Trap::Immediate]
        );
        assert_eq!(on(zmq::PULL, |it| it.set_immediate(true)), []);
        let keepalive = on(zmq::SUB, |it| it.set_tcp_keepalive(1));
        assert_eq!(keepalive == [Trap::Keepalive], is_compiled_along());
        assert_eq!(on(zmq::PULL, |it| it.set_linger(-1)), []);
        let all = |it: &zmq::Socket| {
            it.set_conflate(true)?;
            it.set_immediate(true)?;
            it.set_tcp_keepalive(1)?;
            it.set_linger(-1)
        };
        let found = on(zmq::PUB, all);
        assert_eq!(found.len(), ALL.len() - usize::from(!is_compiled_along()));
    }

    #[test]
    fn what_was_found_before_is_not_new() {
        let (before, now) = (Set(0b0101), Set(0b1101));
        assert_eq!(
            now.without(before).iter().collect::<Vec<_>>(),
            [Trap::LingerForEver]
        );
        assert_eq!(Set::default().iter().count(), 0);
    }
}
