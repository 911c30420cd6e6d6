//! Receiving until the group stops.

use std::sync::mpsc;
use std::thread;

use crate::support::{ample, pair};
use linger_registry::{Registry, zmq};

#[test]
fn they_arrive_and_end_when_the_group_stops() {
    let registry = Registry::new();
    let (push, pull) = pair(&registry);
    let (seen, heard) = mpsc::channel();
    let owner = thread::spawn(move || {
        for message in pull.messages() {
            seen.send(message.unwrap().to_vec()).unwrap();
        }
    });
    push.send("one", 0).unwrap();
    push.send("two", 0).unwrap();
    assert_eq!(heard.recv().unwrap(), b"one");
    assert_eq!(heard.recv().unwrap(), b"two");
    registry.stop("default");
    owner.join().unwrap();
    drop(push);
    assert!(registry.close_by(ample()).is_clean());
}

#[test]
fn a_close_ends_them_without_eterm() {
    let registry = Registry::new();
    let (push, pull) = pair(&registry);
    let (waiting, ready) = mpsc::channel();
    let owner = thread::spawn(move || {
        waiting.send(()).unwrap();
        pull.messages().map(Result::unwrap).count()
    });
    ready.recv().unwrap();
    drop(push);
    let report = registry.close_by(ample());
    assert_eq!(owner.join().unwrap(), 0);
    assert!(report.is_clean(), "{report}");
}

#[test]
fn a_stop_never_splits_a_message() {
    let registry = Registry::new();
    let (push, pull) = pair(&registry);
    push.send_multipart(["a", "b", "c"], 0).unwrap();
    push.send_multipart(["d", "e"], 0).unwrap();
    let mut frames = pull.messages();
    assert_eq!(&*frames.next().unwrap().unwrap(), b"a");
    registry.stop("default");
    assert_eq!(&*frames.next().unwrap().unwrap(), b"b");
    assert_eq!(&*frames.next().unwrap().unwrap(), b"c");
    assert!(frames.next().is_none());
    assert!(frames.next().is_none());
}

#[test]
fn multipart_messages_keep_their_frames_together() {
    let registry = Registry::new();
    let (push, pull) = pair(&registry);
    push.send_multipart(["a", "b", "c"], 0).unwrap();
    push.send("alone", 0).unwrap();
    let mut messages = pull.multipart_messages();
    let frames =
        |message: Vec<zmq::Message>| message.iter().map(|it| it.to_vec()).collect::<Vec<_>>();
    assert_eq!(
        frames(messages.next().unwrap().unwrap()),
        [b"a", b"b", b"c"]
    );
    assert_eq!(frames(messages.next().unwrap().unwrap()), [b"alone"]);
    registry.stop("default");
    assert!(messages.next().is_none());
}

#[test]
fn a_socket_that_cannot_receive_says_so_once() {
    let registry = Registry::new();
    let push = registry.socket(zmq::PUSH).open().unwrap();
    let mut messages = push.messages();
    assert_eq!(messages.next().unwrap().err(), Some(zmq::Error::ENOTSUP));
    assert!(messages.next().is_none());
}
