//! In the parent: it works on, whatever the child does with what it has, and however long it lives.

use std::io::{ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use linger_registry::{ContextOutcome, Outcome, Registry, Socket, zmq};

use crate::alone;
use crate::child::{Side, end, split};
use crate::support::{ample, eventually, pair, stuck};

const LINGER: Duration = Duration::from_millis(300);

fn carry(push: &Socket, pull: &Socket) {
    push.send_by("a message", ample()).unwrap();
    assert_eq!(&*pull.recv_by(ample()).unwrap(), b"a message");
}

#[test]
fn it_works_on_after_a_child_has_dropped_all_it_inherited() {
    let _alone = alone();
    let registry = Registry::new();
    let (push, pull) = pair(&registry);
    let elsewhere = zmq::Context::new();
    let take = |name: &str| {
        let socket = elsewhere.socket(zmq::PAIR).unwrap();
        registry.adopt(socket).context(&elsewhere).name(name)
    };
    let adopted = take("adopted").take().unwrap();
    let untaken = take("untaken");
    let watched = registry.socket(zmq::PUB).observe().open().unwrap();
    watched.bind("tcp://127.0.0.1:*").unwrap();
    let late = stuck(&registry, "late", LINGER);
    let group = registry.group("default");
    carry(&push, &pull);
    match split() {
        Side::Parent(child) => {
            child.ends_well();
            carry(&push, &pull);
            assert!(!group.is_stopped());
            assert_eq!(registry.snapshot().len(), 5);
            drop((push, pull, adopted, untaken, watched, late));
            let report = registry.close_by(ample());
            let others = report.sockets().iter().filter(|it| it.name() != "late");
            assert_eq!(others.filter(|it| it.outcome().is_clean()).count(), 4);
            let expired = Outcome::Expired { linger: LINGER };
            assert_eq!(*report.socket("late").unwrap().outcome(), expired);
            assert!(matches!(report.context(), ContextOutcome::Ended { .. }));
        }
        Side::Child(_) => end(move || {
            group.stop();
            pull.discard();
            drop((push, adopted, untaken, watched, late));
            let _ = registry.close_by(ample());
            drop(registry);
        }),
    }
}

#[test]
fn a_stop_is_seen_while_a_child_lives_that_has_the_descriptors_too() {
    let _alone = alone();
    let registry = Registry::new();
    let pull = registry.socket(zmq::PULL).open().unwrap();
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let group = pull.group().clone();
    match split() {
        Side::Parent(child) => {
            let (ended, end) = mpsc::channel();
            let owner = thread::spawn(move || {
                ended.send(pull.messages().count()).unwrap();
            });
            group.stop();
            let count = end.recv_timeout(Duration::from_secs(10));
            child.ends_well();
            assert_eq!(count, Ok(0));
            owner.join().unwrap();
            assert!(registry.close_by(ample()).is_clean());
        }
        Side::Child(mut parent) => end(move || parent.stay()),
    }
}

#[test]
fn its_connections_stay_open_as_long_as_the_child_lives() {
    let _alone = alone();
    let registry = Registry::new();
    let pull = registry.socket(zmq::PULL).open().unwrap();
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.last_endpoint().unwrap();
    let mut peer = TcpStream::connect(endpoint.strip_prefix("tcp://").unwrap()).unwrap();
    // The greeting of libzmq, which has accepted it then.
    peer.read_exact(&mut [0]).unwrap();
    match split() {
        Side::Parent(child) => {
            drop(pull);
            assert!(registry.close_by(ample()).is_clean());
            peer.set_read_timeout(Some(Duration::from_millis(200)))
                .unwrap();
            let open = peer.read_to_end(&mut Vec::new()).unwrap_err();
            assert_eq!(open.kind(), ErrorKind::WouldBlock);
            child.ends_well();
            eventually("it is closed", || matches!(peer.read(&mut [0; 64]), Ok(0)));
        }
        Side::Child(mut parent) => end(move || {
            drop((pull, registry));
            parent.stay();
        }),
    }
}

#[test]
fn its_ports_stay_taken_as_long_as_the_child_lives() {
    let _alone = alone();
    let registry = Registry::new();
    let pull = registry.socket(zmq::PULL).open().unwrap();
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.last_endpoint().unwrap();
    let address = endpoint.strip_prefix("tcp://").unwrap().to_owned();
    match split() {
        Side::Parent(child) => {
            drop(pull);
            assert!(registry.close_by(ample()).is_clean());
            let taken = TcpListener::bind(&address).unwrap_err();
            assert_eq!(taken.kind(), ErrorKind::AddrInUse);
            child.ends_well();
            eventually("the port is free", || TcpListener::bind(&address).is_ok());
        }
        Side::Child(mut parent) => end(move || {
            drop((pull, registry));
            parent.stay();
        }),
    }
}
