//! Every type of socket, watched or not, opened and closed: all that was taken is given back.
//!
//! For very many, see `tests/counts.rs`.

use linger_registry::{Registry, Socket, SocketBuilder, zmq};

use crate::support::{ample, eventually, pair};
use crate::{descriptors, threads};

const CYCLES: usize = 2_000;
const REGISTRIES: usize = 150;

fn kind(number: usize) -> zmq::SocketType {
    let kinds = [
        zmq::PUSH,
        zmq::PULL,
        zmq::PUB,
        zmq::SUB,
        zmq::XPUB,
        zmq::XSUB,
        zmq::DEALER,
        zmq::ROUTER,
        zmq::REQ,
        zmq::REP,
        zmq::PAIR,
    ];
    kinds[number % kinds.len()]
}

fn built(registry: &Registry, number: usize) -> SocketBuilder {
    let builder = registry.socket(kind(number));
    match number % 10 {
        3 => builder.observe(),
        7 => builder.unobserved(),
        _ => builder,
    }
}

/// Some idle, some bound, some connected to nobody; every hundredth time a pair with messages.
fn cycle(registry: &Registry, number: usize) {
    let socket = built(registry, number).open().unwrap();
    match number % 4 {
        0 => socket.bind("tcp://127.0.0.1:*").unwrap(),
        1 => socket.connect("tcp://127.0.0.1:1").unwrap(),
        2 => socket.bind(&format!("inproc://cycle {number}")).unwrap(),
        _ => {}
    }
    if number % 100 == 0 {
        let (push, pull) = pair(registry);
        carry(&push, &pull);
    }
}

fn carry(push: &Socket, pull: &Socket) {
    for message in ["one", "two", "three"] {
        push.send_by(message, ample()).unwrap();
    }
    assert_eq!(&*pull.recv_by(ample()).unwrap(), b"one");
}

pub(crate) fn sockets_of_every_type_on_one_registry() {
    let registry = Registry::new();
    let first = registry.socket(zmq::PAIR).open().unwrap();
    let open = (descriptors(), threads());
    for number in 0..CYCLES {
        cycle(&registry, number);
        // A context has room for 1,023 sockets, and names are free when their sockets have ended.
        if registry.snapshot().len() > 100 {
            eventually("few are left", || registry.snapshot().len() < 50);
        }
    }
    eventually("only the first is left", || registry.snapshot().len() == 1);
    eventually("as with one socket", || (descriptors(), threads()) == open);
    drop(first);
    let report = registry.close_by(ample());
    assert!(report.omitted().count > 900, "{:?}", report.omitted());
}

pub(crate) fn registries_with_and_without_a_close() {
    let before = threads();
    for number in 0..REGISTRIES {
        let registry = Registry::new();
        cycle(&registry, number);
        match number % 3 {
            // Dropped without a close: it ends in the background.
            0 => drop(registry),
            _ => {
                let report = registry.close_by(ample());
                assert!(report.sockets().len() < 4);
            }
        }
        if number % 50 == 0 {
            eventually("the background comes to its end", || {
                threads() < before + 30
            });
        }
    }
}
