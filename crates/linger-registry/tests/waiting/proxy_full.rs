//! A proxy whose messages find no room.

use std::time::{Duration, Instant};

use crate::owner::asleep;
use crate::sleeps::sleeps_now_and_then;
use crate::support::{after, ample};
use linger_registry::{Proxy, ProxyError, Registry, Socket, zmq};

/// A socket with room for one message each way, bound in-process.
fn narrow(registry: &Registry, kind: zmq::SocketType, endpoint: &str) -> Socket {
    let socket = registry.socket(kind).group("proxy").open().unwrap();
    socket.set_sndhwm(1).unwrap();
    socket.set_rcvhwm(1).unwrap();
    socket.bind(endpoint).unwrap();
    socket
}

fn peer(registry: &Registry, kind: zmq::SocketType, endpoint: &str) -> Socket {
    let socket = registry.socket(kind).group("edge").open().unwrap();
    socket.set_sndhwm(1).unwrap();
    socket.set_rcvhwm(1).unwrap();
    socket.connect(endpoint).unwrap();
    socket
}

/// Sends numbers until there is no more room for a good while; how many it took.
fn fill(socket: &Socket) -> u32 {
    let mut number = 0_u32;
    while socket
        .send_by(number.to_be_bytes(), after(Duration::from_millis(200)))
        .is_ok()
    {
        number += 1;
    }
    number
}

#[test]
fn a_full_backend_holds_the_frontend_back_and_nothing_is_lost() {
    let registry = Registry::new();
    let frontend = narrow(&registry, zmq::PULL, "inproc://frontend");
    let backend = narrow(&registry, zmq::PUSH, "inproc://backend");
    let source = peer(&registry, zmq::PUSH, "inproc://frontend");
    let sink = peer(&registry, zmq::PULL, "inproc://backend");
    let broker = asleep("broker", move || {
        let mut proxy = Proxy::new(&frontend, &backend);
        proxy.run_until_stopped().unwrap();
        let at_stop = proxy.in_hand();
        let finished = proxy.finish_by(ample());
        (at_stop, finished, proxy.in_hand(), proxy.to_backend())
    });
    let sent = fill(&source);
    // Two queues of 2 messages each (1 on either end), and one in hand.
    assert!((3..=5).contains(&sent), "{sent}");
    registry.stop("proxy");
    for number in 0..sent {
        assert_eq!(sink.recv_bytes(0).unwrap(), number.to_be_bytes());
    }
    let (at_stop, finished, in_hand, passed) = broker.join().unwrap();
    assert_eq!((at_stop, finished, in_hand), (1, Ok(()), 0));
    assert_eq!(passed, u64::from(sent));
}

#[test]
fn a_full_backend_does_not_hold_the_other_direction_back() {
    let registry = Registry::new();
    let frontend = narrow(&registry, zmq::DEALER, "inproc://frontend");
    let backend = narrow(&registry, zmq::DEALER, "inproc://backend");
    let client = peer(&registry, zmq::DEALER, "inproc://frontend");
    let server = peer(&registry, zmq::DEALER, "inproc://backend");
    let broker = asleep("broker", move || {
        let mut proxy = Proxy::new(&frontend, &backend);
        proxy.run_until_stopped().unwrap();
        (proxy.to_frontend(), proxy.in_hand())
    });
    let sent = fill(&client);
    for number in 0..1_000_u32 {
        server.send_by(number.to_be_bytes(), ample()).unwrap();
        let answer = client.recv_by(ample()).unwrap();
        assert_eq!(*answer, number.to_be_bytes());
    }
    // And it goes on when there is room again.
    for number in 0..sent {
        assert_eq!(*server.recv_by(ample()).unwrap(), number.to_be_bytes());
    }
    client.send_by("more", ample()).unwrap();
    assert_eq!(&*server.recv_by(ample()).unwrap(), b"more");
    registry.stop("proxy");
    assert_eq!(broker.join().unwrap(), (1_000, 0));
}

#[test]
fn with_nobody_to_take_it_the_deadline_ends_it_and_the_message_stays_in_hand() {
    let registry = Registry::new();
    let frontend = narrow(&registry, zmq::PULL, "inproc://frontend");
    let backend = narrow(&registry, zmq::PUSH, "inproc://backend");
    let source = peer(&registry, zmq::PUSH, "inproc://frontend");
    source.send("kept", 0).unwrap();
    let mut proxy = Proxy::new(&frontend, &backend);
    let deadline = after(Duration::from_millis(30));
    let error = proxy.finish_by(deadline).unwrap_err();
    assert!(Instant::now() >= deadline);
    assert!(Instant::now() < deadline + Duration::from_secs(5));
    let ProxyError::TimedOut { in_hand: 1, .. } = error else {
        panic!("{error}")
    };
    let sink = peer(&registry, zmq::PULL, "inproc://backend");
    proxy.finish_by(ample()).unwrap();
    assert_eq!(proxy.in_hand(), 0);
    assert_eq!(sink.recv_bytes(0).unwrap(), b"kept");
}

#[test]
fn a_mandatory_router_with_one_full_peer_neither_loses_nor_spins() {
    let registry = Registry::new();
    let frontend = narrow(&registry, zmq::PULL, "inproc://frontend");
    let backend = narrow(&registry, zmq::ROUTER, "inproc://backend");
    backend.set_router_mandatory(true).unwrap();
    let source = peer(&registry, zmq::PUSH, "inproc://frontend");
    let named = |name: &str| {
        let socket = registry.socket(zmq::DEALER).group("edge").open().unwrap();
        socket.set_identity(name.as_bytes()).unwrap();
        socket.set_rcvhwm(1).unwrap();
        socket.connect("inproc://backend").unwrap();
        socket.send("here", 0).unwrap();
        backend.recv_multipart(0).unwrap();
        socket
    };
    let slow = named("slow");
    let _idle = named("idle");
    let broker = asleep("misled broker", move || {
        let mut proxy = Proxy::new(&frontend, &backend);
        proxy.run_until_stopped().unwrap();
        let finished = proxy.finish_by(ample());
        (finished, proxy.to_backend())
    });
    let mut sent = 0_u32;
    let soon = || after(Duration::from_millis(200));
    while source
        .send_multipart_by(&[&b"slow"[..], &sent.to_be_bytes()], soon())
        .is_ok()
    {
        sent += 1;
    }
    // The router calls itself writable all this time.
    sleeps_now_and_then("misled broker");
    for number in 0..sent {
        assert_eq!(slow.recv_bytes(0).unwrap(), number.to_be_bytes());
    }
    registry.stop("proxy");
    assert_eq!(broker.join().unwrap(), (Ok(()), u64::from(sent)));
}
