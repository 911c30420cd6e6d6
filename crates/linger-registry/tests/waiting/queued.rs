//! What is there already, without waiting.

use std::time::Duration;

use crate::support::{after, ample, eventually, pair};
use linger_registry::{Registry, RegistryState, Socket, zmq};

/// A pair in-process: what was sent is there.
fn inproc(registry: &Registry) -> (Socket, Socket) {
    let pull = registry.socket(zmq::PULL).open().unwrap();
    pull.bind("inproc://queued").unwrap();
    let push = registry.socket(zmq::PUSH).open().unwrap();
    push.connect("inproc://queued").unwrap();
    (push, pull)
}

#[test]
fn after_the_stop_an_owner_can_finish_what_was_accepted() {
    let registry = Registry::new();
    let (push, pull) = inproc(&registry);
    for number in 0..500_u32 {
        push.send(&number.to_be_bytes()[..], 0).unwrap();
    }
    registry.stop("default");
    assert_eq!(pull.messages().count(), 0);
    let left: Vec<_> = pull.queued().map(|it| it.unwrap().to_vec()).collect();
    let sent: Vec<_> = (0..500_u32).map(|it| it.to_be_bytes().to_vec()).collect();
    assert_eq!(left, sent);
    drop((push, pull));
    let report = registry.close_by(ample());
    assert!(report.is_clean(), "{report}");
}

#[test]
fn it_ends_at_once_where_nothing_is_queued() {
    let registry = Registry::new();
    let (_push, pull) = pair(&registry);
    assert!(pull.queued().next().is_none());
    assert!(pull.queued_multipart().next().is_none());
}

#[test]
fn what_is_left_over_stays_queued() {
    let registry = Registry::new();
    let (push, pull) = inproc(&registry);
    for text in ["a", "b", "c"] {
        push.send(text, 0).unwrap();
    }
    assert_eq!(pull.queued().take(2).count(), 2);
    let rest: Vec<_> = pull.queued().map(Result::unwrap).collect();
    assert_eq!(rest.len(), 1);
    assert_eq!(&*rest[0], b"c");
}

#[test]
fn messages_are_kept_together() {
    let registry = Registry::new();
    let (push, pull) = inproc(&registry);
    push.send_multipart(["a", "b"], 0).unwrap();
    push.send("alone", 0).unwrap();
    registry.stop("default");
    let lengths: Vec<_> = pull
        .queued_multipart()
        .map(|message| message.unwrap().len())
        .collect();
    assert_eq!(lengths, [2, 1]);
}

#[test]
fn a_socket_that_cannot_receive_says_so_once() {
    let registry = Registry::new();
    let push = registry.socket(zmq::PUSH).open().unwrap();
    let mut queued = push.queued();
    assert_eq!(queued.next().unwrap().err(), Some(zmq::Error::ENOTSUP));
    assert!(queued.next().is_none());
    let mut queued = push.queued_multipart();
    assert_eq!(queued.next().unwrap().err(), Some(zmq::Error::ENOTSUP));
    assert!(queued.next().is_none());
}

#[test]
fn once_the_context_ends_there_is_nothing_left() {
    let registry = Registry::new();
    let (push, pull) = inproc(&registry);
    push.send("never read", 0).unwrap();
    let _ = registry.close_by(after(Duration::from_millis(50)));
    eventually("the context begins to end", || {
        pull.get_events() == Err(zmq::Error::ETERM)
    });
    assert!(pull.queued().next().is_none());
    drop((push, pull));
    eventually("the context ends", || {
        registry.state() == RegistryState::Closed
    });
}
