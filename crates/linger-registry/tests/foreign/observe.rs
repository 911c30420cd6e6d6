//! Sockets that are watched from their opening to their end, or not at all.

use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use crate::support::{ample, eventually};
use linger_registry::{Outcome, Peers, Registry, Socket, zmq};

fn peers(socket: &Socket) -> (u64, u64) {
    let Peers { now, lost, .. } = socket.peers().unwrap();
    (now, lost)
}

/// An observed `PUSH`, bound, with so much queued that its peer can't have got it all.
fn bound(registry: &Registry, name: &str) -> Socket {
    let push = registry
        .socket(zmq::PUSH)
        .name(name)
        .linger(Duration::from_secs(10))
        .observe()
        .open()
        .unwrap();
    push.set_sndhwm(0).unwrap();
    push.bind("tcp://127.0.0.1:*").unwrap();
    push
}

/// Where it is bound, as std wants it.
fn address(socket: &Socket) -> String {
    let endpoint = socket.last_endpoint().unwrap();
    endpoint.trim_start_matches("tcp://").to_owned()
}

/// A peer that takes a message or two, and then no more before it is asked to.
fn slow_peer(context: &zmq::Context) -> zmq::Socket {
    let pull = context.socket(zmq::PULL).unwrap();
    pull.set_linger(0).unwrap();
    pull.set_rcvhwm(1).unwrap();
    pull
}

fn queue_much(push: &Socket) {
    for _ in 0..2_000 {
        push.send(vec![0; 20_000], 0).unwrap();
    }
}

#[test]
fn a_peer_that_stays_and_reads_is_not_lost() {
    let registry = Registry::new();
    let push = bound(&registry, "push");
    let context = zmq::Context::new();
    let pull = slow_peer(&context);
    pull.connect(&push.last_endpoint().unwrap()).unwrap();
    eventually("the peer is there", || peers(&push) == (1, 0));
    queue_much(&push);
    drop(push);
    let reader = thread::spawn(move || {
        for _ in 0..2_000 {
            pull.recv_bytes(0).unwrap();
        }
        pull
    });
    let report = registry.close_by(ample());
    let pull = reader.join().unwrap();
    assert!(
        matches!(
            report.socket("push").unwrap().outcome(),
            Outcome::Emptied { .. }
        ),
        "{report}"
    );
    let counted = report.socket("push").unwrap().info().peers().unwrap();
    assert_eq!((counted.now, counted.lost), (1, 0));
    drop(pull);
}

#[test]
fn a_peer_that_goes_while_a_bound_socket_lingers_is_lost_and_with_it_the_queue() {
    let registry = Registry::new();
    let push = bound(&registry, "push");
    let context = zmq::Context::new();
    let pull = slow_peer(&context);
    pull.connect(&push.last_endpoint().unwrap()).unwrap();
    eventually("the peer is there", || peers(&push) == (1, 0));
    queue_much(&push);
    let address = address(&push);
    drop(push);
    // libzmq lingers in vain for a peer that goes just when the socket is closed.
    eventually("it lingers", || TcpStream::connect(&address).is_err());
    drop(pull);
    let report = registry.close_by(ample());
    let push = report.socket("push").unwrap();
    assert!(
        matches!(push.outcome(), Outcome::PeerLost { .. }),
        "{report}"
    );
    let counted = push.info().peers().unwrap();
    assert_eq!((counted.now, counted.lost), (0, 1));
    assert!(!report.is_clean());
    assert!(report.to_string().contains("PEER LOST"), "{report}");
}

#[test]
fn a_bound_socket_whose_last_peer_went_before_the_close_has_lost_it() {
    let registry = Registry::new();
    let push = bound(&registry, "push");
    let context = zmq::Context::new();
    let pull = slow_peer(&context);
    pull.connect(&push.last_endpoint().unwrap()).unwrap();
    eventually("the peer is there", || peers(&push) == (1, 0));
    queue_much(&push);
    drop(pull);
    // The event comes a little before libzmq drops what was queued; closed in between, it would
    // linger in vain.
    eventually("the queue is dropped", || {
        push.send("for nobody", zmq::DONTWAIT) == Err(zmq::Error::EAGAIN)
    });
    eventually("the peer is gone", || peers(&push) == (0, 1));
    drop(push);
    let report = registry.close_by(ample());
    let push = report.socket("push").unwrap();
    assert!(
        matches!(push.outcome(), Outcome::PeerLost { .. }),
        "{report}"
    );
}

#[test]
fn a_connected_socket_keeps_its_queue_for_a_peer_that_comes_again() {
    let registry = Registry::new();
    let push = registry
        .socket(zmq::PUSH)
        .name("push")
        .linger(Duration::from_secs(10))
        .observe()
        .open()
        .unwrap();
    let context = zmq::Context::new();
    let first = context.socket(zmq::PULL).unwrap();
    first.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = first.get_last_endpoint().unwrap().unwrap();
    push.set_reconnect_ivl(10).unwrap();
    push.connect(&endpoint).unwrap();
    eventually("the peer is there", || peers(&push) == (1, 0));
    drop(first);
    eventually("the peer is gone", || peers(&push) == (0, 1));
    push.send("for the next", 0).unwrap();
    let second = context.socket(zmq::PULL).unwrap();
    eventually("the port is free", || second.bind(&endpoint).is_ok());
    eventually("the peer is back", || peers(&push) == (1, 1));
    drop(push);
    assert_eq!(second.recv_bytes(0).unwrap(), b"for the next");
    let report = registry.close_by(ample());
    let push = report.socket("push").unwrap();
    assert!(
        matches!(push.outcome(), Outcome::Emptied { .. }),
        "{report}"
    );
}

#[test]
fn a_stranger_that_hangs_up_is_no_lost_peer() {
    let registry = Registry::new();
    let push = bound(&registry, "push");
    let context = zmq::Context::new();
    let pull = slow_peer(&context);
    let endpoint = push.last_endpoint().unwrap();
    pull.connect(&endpoint).unwrap();
    eventually("the peer is there", || peers(&push) == (1, 0));
    for _ in 0..3 {
        drop(TcpStream::connect(address(&push)).unwrap());
    }
    // Behind the strangers' in the backlog: once it is there, they have been.
    let second = slow_peer(&context);
    second.connect(&endpoint).unwrap();
    eventually("the second is there", || peers(&push).0 == 2);
    drop(second);
    eventually("the second is gone", || peers(&push) == (1, 1));
}

#[test]
fn a_receiver_has_nothing_to_lose() {
    let registry = Registry::new();
    let pull = registry
        .socket(zmq::PULL)
        .name("pull")
        .observe()
        .open()
        .unwrap();
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let context = zmq::Context::new();
    let push = context.socket(zmq::PUSH).unwrap();
    push.connect(&pull.last_endpoint().unwrap()).unwrap();
    eventually("the peer is there", || peers(&pull) == (1, 0));
    drop(push);
    eventually("the peer is gone", || peers(&pull) == (0, 1));
    drop(pull);
    let report = registry.close_by(ample());
    assert!(report.is_clean(), "{report}");
}

#[test]
fn an_own_monitor_on_an_observed_socket_is_refused() {
    let registry = Registry::new();
    let pull = registry.socket(zmq::PULL).observe().open().unwrap();
    let all = i32::from(zmq::SocketEvent::ALL.to_raw());
    assert_eq!(pull.monitor("inproc://own", all), Err(zmq::Error::EBUSY));
    assert!(pull.peers().is_some());
}

#[test]
fn an_own_monitor_through_deref_ends_the_observation_and_is_left_alone() {
    let registry = Registry::new();
    let reader = registry.socket(zmq::PAIR).name("reader").open().unwrap();
    let pull = registry
        .socket(zmq::PULL)
        .name("pull")
        .observe()
        .open()
        .unwrap();
    let stopped = zmq::SocketEvent::MONITOR_STOPPED.to_raw();
    let closed = zmq::SocketEvent::CLOSED.to_raw();
    (*pull)
        .monitor("inproc://own", i32::from(stopped | closed))
        .unwrap();
    reader.connect("inproc://own").unwrap();
    reader.set_rcvtimeo(10_000).unwrap();
    eventually("ours has ended", || pull.peers().is_none());
    pull.bind("tcp://127.0.0.1:*").unwrap();
    drop(pull);
    for expected in [closed, stopped] {
        let event = reader.recv_multipart(0).unwrap();
        assert_eq!(event[0][..2], expected.to_ne_bytes());
    }
    drop(reader);
    let report = registry.close_by(ample());
    assert_eq!(
        *report.socket("pull").unwrap().outcome(),
        Outcome::Unobserved
    );
}

#[test]
fn an_own_monitor_through_deref_on_another_is_ended_by_ours_at_the_close() {
    let registry = Registry::new();
    let reader = registry.socket(zmq::PAIR).name("reader").open().unwrap();
    let pull = registry.socket(zmq::PULL).name("pull").open().unwrap();
    let stopped = zmq::SocketEvent::MONITOR_STOPPED.to_raw();
    let closed = zmq::SocketEvent::CLOSED.to_raw();
    (*pull)
        .monitor("inproc://own", i32::from(stopped | closed))
        .unwrap();
    reader.connect("inproc://own").unwrap();
    reader.set_rcvtimeo(10_000).unwrap();
    pull.bind("tcp://127.0.0.1:*").unwrap();
    drop(pull);
    // It stops before the socket is closed, and so says nothing of that.
    let event = reader.recv_multipart(0).unwrap();
    assert_eq!(event[0][..2], stopped.to_ne_bytes());
    drop(reader);
    let report = registry.close_by(ample());
    assert!(report.is_clean(), "{report}");
}

#[test]
fn an_own_monitor_reads_on_to_the_end() {
    let registry = Registry::new();
    let reader = registry.socket(zmq::PAIR).name("reader").open().unwrap();
    let pull = registry.socket(zmq::PULL).name("pull").open().unwrap();
    let stopped = zmq::SocketEvent::MONITOR_STOPPED.to_raw();
    let closed = zmq::SocketEvent::CLOSED.to_raw();
    pull.monitor("inproc://own", i32::from(stopped | closed))
        .unwrap();
    reader.connect("inproc://own").unwrap();
    reader.set_rcvtimeo(10_000).unwrap();
    pull.bind("tcp://127.0.0.1:*").unwrap();
    drop(pull);
    for expected in [closed, stopped] {
        let event = reader.recv_multipart(0).unwrap();
        assert_eq!(event[0][..2], expected.to_ne_bytes());
    }
    drop(reader);
    let report = registry.close_by(ample());
    assert_eq!(
        *report.socket("pull").unwrap().outcome(),
        Outcome::Unobserved
    );
}

#[test]
fn unobserved_it_is_closed_without_a_monitor() {
    let registry = Registry::new();
    drop(
        registry
            .socket(zmq::PULL)
            .name("quick")
            .unobserved()
            .open()
            .unwrap(),
    );
    let report = registry.close_by(ample());
    assert_eq!(
        *report.socket("quick").unwrap().outcome(),
        Outcome::Unobserved
    );
    assert!(!report.is_clean());
}

#[test]
fn observed_and_held_to_the_end_it_does_not_hold_the_context() {
    let registry = Registry::new();
    let deaf = registry
        .socket(zmq::PULL)
        .name("deaf")
        .observe()
        .open()
        .unwrap();
    deaf.bind("tcp://127.0.0.1:*").unwrap();
    let owner = thread::spawn(move || deaf.recv_bytes(0));
    let report = registry.close_by(crate::support::after(Duration::from_secs(3)));
    assert_eq!(owner.join().unwrap(), Err(zmq::Error::ETERM));
    let deaf = report.socket("deaf").unwrap();
    assert!(
        matches!(deaf.outcome(), Outcome::ClosedLate { .. }),
        "{report}"
    );
}

#[test]
fn observed_and_given_away_its_end_is_seen() {
    let registry = Registry::new();
    let given = registry
        .socket(zmq::PUSH)
        .name("given")
        .observe()
        .open()
        .unwrap();
    drop(given.into_zmq());
    let report = registry.close_by(ample());
    assert_eq!(
        *report.socket("given").unwrap().outcome(),
        Outcome::Ended {
            receive_only: false
        }
    );
}
