//! Two sockets that may talk: encrypted, authorised, closed like any others.

use std::thread;
use std::time::Duration;

use linger_registry::{Outcome, Registry, zmq};

use crate::doorkeeper::Doorkeeper;
use crate::keys::{Keys, guarded};
use crate::soon;
use crate::wire::Wire;

/// More than a handshake is long, and nothing that a random byte string holds.
const PAYLOAD: &[u8] = b"a payload that nobody else may read";

#[test]
fn an_admitted_pair_talks_encrypted_and_closes_clean() {
    let (server, client) = (Keys::draw(), Keys::draw());
    let registry = Registry::new();
    let doorkeeper = Doorkeeper::start(&registry, vec![("worker-1", client)]);
    let (pull, endpoint) = guarded(&registry, &server);
    let wire = Wire::tapped(&endpoint);

    let elsewhere = Registry::new();
    let push = elsewhere
        .socket(zmq::PUSH)
        .name("out")
        .open()
        .expect("opened");
    client.show(&push, server.public).expect("shown");
    push.connect(&wire.endpoint).expect("connected");
    push.send(PAYLOAD, 0).expect("sent");
    let mut message = pull.recv_by(soon()).expect("received");
    assert_eq!(&message[..], PAYLOAD);
    assert_eq!(message.gets("User-Id"), Some("worker-1"));
    assert_eq!((doorkeeper.admitted(), doorkeeper.rejected()), (1, 0));
    assert!(!wire.shows(PAYLOAD));

    drop(push);
    let report = elsewhere.close_by(soon());
    assert!(report.is_clean(), "{report}");
    drop(pull);
    let report = registry.close_by(soon());
    assert!(report.is_clean(), "{report}");
    doorkeeper.join();
}

#[test]
fn without_keys_the_same_tap_reads_all() {
    let registry = Registry::new();
    let pull = registry.socket(zmq::PULL).open().expect("opened");
    pull.bind("tcp://127.0.0.1:*").expect("bound");
    let wire = Wire::tapped(&pull.last_endpoint().expect("an endpoint"));
    let push = registry.socket(zmq::PUSH).open().expect("opened");
    push.connect(&wire.endpoint).expect("connected");
    push.send(PAYLOAD, 0).expect("sent");
    let message = pull.recv_by(soon()).expect("received");
    assert_eq!(&message[..], PAYLOAD);
    assert!(wire.shows(PAYLOAD));
    drop((push, pull));
    let report = registry.close_by(soon());
    assert!(report.is_clean(), "{report}");
}

#[test]
fn what_is_queued_before_the_handshake_arrives_if_the_doorkeeper_stops_last() {
    let (server, client) = (Keys::draw(), Keys::draw());
    let registry = Registry::new();
    registry.close_order(["out", "in", crate::doorkeeper::GROUP]);
    let doorkeeper = Doorkeeper::start(&registry, vec![("worker-1", client)]);
    let (pull, endpoint) = guarded(&registry, &server);
    let push = registry.socket(zmq::PUSH).name("out").group("out");
    let push = push.linger(Duration::from_secs(15)).open().expect("opened");
    client.show(&push, server.public).expect("shown");
    push.connect(&endpoint).expect("connected");
    for _ in 0..100 {
        push.send(PAYLOAD, 0).expect("queued");
    }
    // Closed at once, most likely before anybody has shaken hands.
    drop(push);
    // What has left its queue may still be on its way: only who reads on gets it.
    let received = thread::spawn(move || {
        pull.set_rcvtimeo(20_000).expect("set");
        (0..100).all(|_| pull.recv_bytes(0).is_ok_and(|message| message == PAYLOAD))
    });
    let report = registry.close_by(soon());
    assert!(received.join().expect("it does not panic"));
    let out = report.socket("out").expect("it is in the report");
    assert!(matches!(out.outcome(), Outcome::Emptied { .. }), "{report}");
    assert!(report.is_clean(), "{report}");
    assert_eq!((doorkeeper.admitted(), doorkeeper.rejected()), (1, 0));
    doorkeeper.join();
}
