//! Receiving until the stop or a deadline.

use std::time::{Duration, Instant};

use crate::owner::asleep;
use crate::support::{after, ample, pair, stuck};
use linger_registry::{RecvError, Registry, Socket, zmq};

fn stopped(socket: &str) -> RecvError {
    let socket = socket.to_owned();
    RecvError::Stopped { socket }
}

fn timed_out(socket: &str) -> RecvError {
    let socket = socket.to_owned();
    RecvError::TimedOut { socket }
}

fn bytes(frames: &[zmq::Message]) -> Vec<&[u8]> {
    frames.iter().map(|frame| &**frame).collect()
}

#[test]
fn what_arrives_is_received() {
    let registry = Registry::new();
    let (push, pull) = pair(&registry);
    let owner = asleep("receiver", move || {
        let first = pull.recv_until_stopped().unwrap();
        let second = pull.recv_by(ample()).unwrap();
        let third = pull.recv_past_stop_by(ample()).unwrap();
        [first, second, third].map(|frame| frame.to_vec())
    });
    for text in ["one", "two", "three"] {
        push.send(text, 0).unwrap();
    }
    let received = owner.join().unwrap();
    assert_eq!(received, [&b"one"[..], b"two", b"three"]);
}

#[test]
fn a_message_is_received_with_all_its_frames() {
    let registry = Registry::new();
    let (push, pull) = pair(&registry);
    for _ in 0..3 {
        push.send_multipart(["a", "", "c"], 0).unwrap();
    }
    let expected: [&[u8]; 3] = [b"a", b"", b"c"];
    assert_eq!(
        bytes(&pull.recv_multipart_until_stopped().unwrap()),
        expected
    );
    assert_eq!(bytes(&pull.recv_multipart_by(ample()).unwrap()), expected);
    assert_eq!(
        bytes(&pull.recv_multipart_past_stop_by(ample()).unwrap()),
        expected
    );
}

#[test]
fn the_stop_wakes_it() {
    let waits: [fn(&Socket) -> RecvError; 4] = [
        |socket| socket.recv_until_stopped().unwrap_err(),
        |socket| socket.recv_by(ample()).unwrap_err(),
        |socket| socket.recv_multipart_until_stopped().unwrap_err(),
        |socket| socket.recv_multipart_by(ample()).unwrap_err(),
    ];
    for wait in waits {
        let registry = Registry::new();
        let (_push, pull) = pair(&registry);
        let owner = asleep("receiver", move || wait(&pull));
        registry.stop("default");
        let error = owner.join().unwrap();
        assert_eq!(error, stopped("pull"));
        assert!(error.is_stopped() && !error.is_timed_out());
    }
}

#[test]
fn the_deadline_ends_it_and_not_before() {
    let registry = Registry::new();
    let (_push, pull) = pair(&registry);
    let waits: [fn(&Socket, Instant) -> RecvError; 4] = [
        |socket, deadline| socket.recv_by(deadline).unwrap_err(),
        |socket, deadline| socket.recv_past_stop_by(deadline).unwrap_err(),
        |socket, deadline| socket.recv_multipart_by(deadline).unwrap_err(),
        |socket, deadline| socket.recv_multipart_past_stop_by(deadline).unwrap_err(),
    ];
    for wait in waits {
        let deadline = after(Duration::from_millis(30));
        let error = wait(&pull, deadline);
        assert!(Instant::now() >= deadline);
        assert!(Instant::now() < deadline + Duration::from_secs(5));
        assert_eq!(error, timed_out("pull"));
        assert!(error.is_timed_out() && !error.is_stopped());
    }
}

#[test]
fn a_deadline_in_the_past_asks_without_waiting() {
    let registry = Registry::new();
    let (push, pull) = pair(&registry);
    let past = Instant::now();
    assert_eq!(pull.recv_by(past), Err(timed_out("pull")));
    push.send("here", 0).unwrap();
    while pull.poll(zmq::POLLIN, 10_000).unwrap() == 0 {}
    assert_eq!(&*pull.recv_by(past).unwrap(), b"here");
}

#[test]
fn after_the_stop_what_is_queued_is_for_those_who_ask_past_it() {
    let registry = Registry::new();
    let (push, pull) = pair(&registry);
    push.send("queued", 0).unwrap();
    while pull.poll(zmq::POLLIN, 10_000).unwrap() == 0 {}
    registry.stop("default");
    assert_eq!(pull.recv_until_stopped(), Err(stopped("pull")));
    assert_eq!(pull.recv_by(ample()), Err(stopped("pull")));
    assert_eq!(&*pull.recv_past_stop_by(ample()).unwrap(), b"queued");
    push.send("later", 0).unwrap();
    assert_eq!(&*pull.recv_past_stop_by(ample()).unwrap(), b"later");
}

#[test]
fn the_stop_never_comes_between_two_frames() {
    let registry = Registry::new();
    let (push, pull) = pair(&registry);
    push.send_multipart(["a", "b", "c"], 0).unwrap();
    push.send("next", 0).unwrap();
    assert_eq!(&*pull.recv_until_stopped().unwrap(), b"a");
    registry.stop("default");
    assert_eq!(&*pull.recv_until_stopped().unwrap(), b"b");
    assert_eq!(&*pull.recv_by(ample()).unwrap(), b"c");
    assert_eq!(pull.recv_until_stopped(), Err(stopped("pull")));
}

#[test]
fn the_end_of_the_context_ends_it_too() {
    let registry = Registry::new();
    let (_push, pull) = pair(&registry);
    let owner = asleep("receiver", move || pull.recv_past_stop_by(ample()));
    let _ = registry.close_by(after(Duration::from_millis(500)));
    assert_eq!(owner.join().unwrap(), Err(stopped("pull")));
}

#[test]
fn a_socket_that_cannot_receive_is_named() {
    let registry = Registry::new();
    let push = stuck(&registry, "one way", Duration::ZERO);
    let error = push.recv_until_stopped().unwrap_err();
    let expected = RecvError::Zmq {
        socket: "one way".into(),
        source: zmq::Error::ENOTSUP,
    };
    assert_eq!(error, expected);
    assert_eq!(error.to_string(), "socket `one way` can't receive");
    let rep = registry.socket(zmq::REP).name("rep").open().unwrap();
    rep.bind("inproc://rep").unwrap();
    let req = registry.socket(zmq::REQ).name("req").open().unwrap();
    req.connect("inproc://rep").unwrap();
    assert!(
        matches!(req.recv_by(ample()), Err(RecvError::Zmq { source, .. }) if source == zmq::Error::EFSM)
    );
}
