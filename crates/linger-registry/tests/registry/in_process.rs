//! What is queued between two sockets of one registry when they are closed.

use std::thread;

use linger_registry::{Outcome, Registry, Socket, zmq};

use crate::support::{ample, eventually};

fn queue(registry: &Registry, kinds: [zmq::SocketType; 2]) -> (Socket, Socket) {
    let to = registry.socket(kinds[1]).name("to").open().unwrap();
    to.bind("inproc://queue").unwrap();
    let from = registry.socket(kinds[0]).name("from").open().unwrap();
    if kinds[1] == zmq::SUB {
        to.set_subscribe(b"").unwrap();
    }
    from.connect("inproc://queue").unwrap();
    (from, to)
}

#[test]
fn a_receiver_may_read_what_is_queued_though_the_close_has_begun() {
    let registry = Registry::new();
    let (from, to) = queue(&registry, [zmq::PUSH, zmq::PULL]);
    for _ in 0..500 {
        from.send("queued", 0).unwrap();
    }
    drop(from);
    let reader = thread::spawn(move || {
        eventually("the group stops", || to.group().is_stopped());
        let mut read = 0;
        while to.recv_bytes(zmq::DONTWAIT).is_ok() {
            read += 1;
        }
        read
    });
    let report = registry.close_by(ample());
    assert_eq!(reader.join().unwrap(), 500);
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.socket("to").unwrap().info().unread(), Some(0));
}

#[test]
fn what_a_receiver_leaves_is_counted_by_messages_and_is_not_clean() {
    for kinds in [
        [zmq::PUSH, zmq::PULL],
        [zmq::DEALER, zmq::ROUTER],
        [zmq::ROUTER, zmq::DEALER],
        [zmq::PAIR, zmq::PAIR],
        [zmq::PUB, zmq::SUB],
    ] {
        let registry = Registry::new();
        let (from, to) = queue(&registry, kinds);
        if kinds[0] == zmq::ROUTER {
            // It knows its peer by what that says first.
            to.send("hello", 0).unwrap();
            let name = from.recv_multipart(0).unwrap().remove(0);
            for _ in 0..7 {
                from.send_multipart([&*name, b"two", b"frames"], 0).unwrap();
            }
        } else {
            if kinds[0] == zmq::PUB {
                // A publisher reads its subscriptions when it sends.
                eventually("the subscription is there", || {
                    from.send("first", 0).unwrap();
                    to.recv_bytes(zmq::DONTWAIT).is_ok()
                });
                while to.recv_bytes(zmq::DONTWAIT).is_ok() {}
            }
            for _ in 0..7 {
                from.send_multipart(["two", "frames"], 0).unwrap();
            }
        }
        drop(to);
        drop(from);
        let report = registry.close_by(ample());
        let to = report.socket("to").unwrap();
        assert_eq!(to.info().unread(), Some(7), "{kinds:?}\n{report}");
        assert!(matches!(
            to.outcome(),
            Outcome::Emptied { .. } | Outcome::Expired { .. }
        ));
        assert!(!report.is_clean(), "{report}");
    }
}

#[test]
fn over_a_network_and_for_what_is_of_no_use_it_is_unknown() {
    let registry = Registry::new();
    let (from, to) = queue(&registry, [zmq::PUSH, zmq::PULL]);
    from.send("of no use", 0).unwrap();
    to.discard();
    drop(from);
    let beats = registry
        .socket(zmq::PULL)
        .name("beats")
        .ignore_unread()
        .open()
        .unwrap();
    beats.bind("inproc://beats").unwrap();
    let heart = registry.socket(zmq::PUSH).open().unwrap();
    heart.connect("inproc://beats").unwrap();
    heart.send("beat", 0).unwrap();
    drop((heart, beats));
    let far = registry.socket(zmq::PULL).name("far").open().unwrap();
    far.bind("tcp://127.0.0.1:*").unwrap();
    drop(far);
    let report = registry.close_by(ample());
    assert_eq!(report.socket("to").unwrap().info().unread(), None);
    assert_eq!(report.socket("beats").unwrap().info().unread(), None);
    assert_eq!(report.socket("far").unwrap().info().unread(), None);
    assert!(report.is_clean(), "{report}");
}
