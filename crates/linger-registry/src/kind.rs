//! Socket types by name: `zmq` has no `Display` for them, and no `Serialize`.

/// What an adopted socket is called whose type can't be had.
pub(crate) const UNKNOWN: &str = "adopted";

const ALL: [zmq::SocketType; 12] = [
    zmq::PAIR,
    zmq::PUB,
    zmq::SUB,
    zmq::REQ,
    zmq::REP,
    zmq::DEALER,
    zmq::ROUTER,
    zmq::PULL,
    zmq::PUSH,
    zmq::XPUB,
    zmq::XSUB,
    zmq::STREAM,
];

/// As libzmq's manual writes it.
pub(crate) fn upper(kind: zmq::SocketType) -> &'static str {
    match kind {
        zmq::PAIR => "PAIR",
        zmq::PUB => "PUB",
        zmq::SUB => "SUB",
        zmq::REQ => "REQ",
        zmq::REP => "REP",
        zmq::DEALER => "DEALER",
        zmq::ROUTER => "ROUTER",
        zmq::PULL => "PULL",
        zmq::PUSH => "PUSH",
        zmq::XPUB => "XPUB",
        zmq::XSUB => "XSUB",
        zmq::STREAM => "STREAM",
    }
}

/// What a generated name begins with.
pub(crate) fn lower(kind: zmq::SocketType) -> &'static str {
    match kind {
        zmq::PAIR => "pair",
        zmq::PUB => "pub",
        zmq::SUB => "sub",
        zmq::REQ => "req",
        zmq::REP => "rep",
        zmq::DEALER => "dealer",
        zmq::ROUTER => "router",
        zmq::PULL => "pull",
        zmq::PUSH => "push",
        zmq::XPUB => "xpub",
        zmq::XSUB => "xsub",
        zmq::STREAM => "stream",
    }
}

/// Nothing that a user sent can be queued in such a socket.
pub(crate) fn never_sends(kind: zmq::SocketType) -> bool {
    matches!(kind, zmq::SUB | zmq::PULL)
}

/// Messages of its peers' users can be read from it at any time, whatever it did before.
pub(crate) fn receives_freely(kind: zmq::SocketType) -> bool {
    matches!(
        kind,
        zmq::PAIR | zmq::SUB | zmq::XSUB | zmq::PULL | zmq::DEALER | zmq::ROUTER
    )
}

/// Whether names that are numbered may begin so.
pub(crate) fn is_prefix(prefix: &str) -> bool {
    prefix == UNKNOWN || ALL.iter().any(|&kind| lower(kind) == prefix)
}
