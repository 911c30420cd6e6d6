//! Sending until the stop or a deadline.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::owner::asleep;
use crate::sleeps::sleeps_now_and_then;
use crate::support::{after, ample, eventually, pair};
use linger_registry::{Registry, SendError, Socket, zmq};

/// A `PUSH` that is full: a connection to come, with room for one message.
fn full(registry: &Registry) -> Socket {
    let push = registry.socket(zmq::PUSH).name("full").open().unwrap();
    push.set_sndhwm(1).unwrap();
    push.connect("tcp://127.0.0.1:1").unwrap();
    push.send_by("fills it", Instant::now()).unwrap();
    push
}

fn stopped() -> SendError {
    SendError::Stopped {
        socket: "full".into(),
    }
}

fn timed_out() -> SendError {
    SendError::TimedOut {
        socket: "full".into(),
    }
}

#[test]
fn what_has_room_is_sent() {
    let registry = Registry::new();
    let (push, pull) = pair(&registry);
    push.send_until_stopped("one").unwrap();
    push.send_by(b"two", ample()).unwrap();
    push.send_multipart_until_stopped(&["three", "four"])
        .unwrap();
    push.send_multipart_by(&[vec![5], vec![6]], ample())
        .unwrap();
    registry.stop("default");
    push.send_past_stop_by(String::from("seven"), ample())
        .unwrap();
    push.send_multipart_past_stop_by(&[&b"eight"[..], b""], ample())
        .unwrap();
    let expected: [&[&[u8]]; 6] = [
        &[b"one"],
        &[b"two"],
        &[b"three", b"four"],
        &[&[5], &[6]],
        &[b"seven"],
        &[b"eight", b""],
    ];
    for frames in expected {
        assert_eq!(pull.recv_multipart(0).unwrap(), frames);
    }
}

#[test]
fn no_frames_are_nothing_to_send() {
    let registry = Registry::new();
    let (push, pull) = pair(&registry);
    push.send_multipart_until_stopped(&[""; 0]).unwrap();
    push.send_until_stopped("first").unwrap();
    assert_eq!(pull.recv_bytes(0).unwrap(), b"first");
}

#[test]
fn it_waits_for_room() {
    let registry = Registry::new();
    let pull = registry.socket(zmq::PULL).open().unwrap();
    let push = registry.socket(zmq::PUSH).open().unwrap();
    push.set_sndhwm(1).unwrap();
    pull.set_rcvhwm(1).unwrap();
    pull.bind("inproc://room").unwrap();
    push.connect("inproc://room").unwrap();
    let owner = asleep("sender", move || {
        (0..1_000_u32).try_for_each(|number| push.send_until_stopped(number.to_be_bytes()))
    });
    for number in 0..1_000_u32 {
        assert_eq!(pull.recv_bytes(0).unwrap(), number.to_be_bytes());
    }
    owner.join().unwrap().unwrap();
}

#[test]
fn the_stop_wakes_it_and_the_message_is_still_its_owners() {
    let waits: [fn(&Socket, &str) -> SendError; 4] = [
        |socket, text| socket.send_until_stopped(text).unwrap_err(),
        |socket, text| socket.send_by(text, ample()).unwrap_err(),
        |socket, text| {
            socket
                .send_multipart_until_stopped(&[text, text])
                .unwrap_err()
        },
        |socket, text| socket.send_multipart_by(&[text], ample()).unwrap_err(),
    ];
    for wait in waits {
        let registry = Registry::new();
        let push = full(&registry);
        let owner = asleep("sender", move || {
            let text = String::from("kept");
            (wait(&push, &text), text)
        });
        registry.stop("default");
        let (error, text) = owner.join().unwrap();
        assert_eq!((&error, text.as_str()), (&stopped(), "kept"));
        assert!(error.is_stopped() && !error.is_timed_out());
    }
}

#[test]
fn after_the_stop_a_producer_is_refused_even_if_there_is_room() {
    let registry = Registry::new();
    let (push, _pull) = pair(&registry);
    registry.stop("default");
    assert!(push.send_until_stopped("more").unwrap_err().is_stopped());
    assert!(push.send_by("more", ample()).unwrap_err().is_stopped());
}

#[test]
fn the_deadline_ends_it_and_not_before() {
    let waits: [fn(&Socket, Instant) -> SendError; 4] = [
        |socket, deadline| socket.send_by("x", deadline).unwrap_err(),
        |socket, deadline| socket.send_past_stop_by("x", deadline).unwrap_err(),
        |socket, deadline| socket.send_multipart_by(&["x", "y"], deadline).unwrap_err(),
        |socket, deadline| {
            socket
                .send_multipart_past_stop_by(&["x", "y"], deadline)
                .unwrap_err()
        },
    ];
    let registry = Registry::new();
    let push = full(&registry);
    for wait in waits {
        let deadline = after(Duration::from_millis(30));
        let error = wait(&push, deadline);
        assert!(Instant::now() >= deadline);
        assert!(Instant::now() < deadline + Duration::from_secs(5));
        assert_eq!(error, timed_out());
        assert!(error.is_timed_out() && !error.is_stopped());
    }
}

#[test]
fn the_end_of_the_context_ends_it_too() {
    let registry = Registry::new();
    let push = full(&registry);
    let owner = asleep("sender", move || push.send_past_stop_by("x", ample()));
    let _ = registry.close_by(after(Duration::from_millis(500)));
    assert_eq!(owner.join().unwrap(), Err(stopped()));
}

#[test]
fn a_socket_that_cannot_send_is_named() {
    let registry = Registry::new();
    let pull = registry.socket(zmq::PULL).name("one way").open().unwrap();
    let error = pull.send_until_stopped("x").unwrap_err();
    let expected = SendError::Zmq {
        socket: "one way".into(),
        source: zmq::Error::ENOTSUP,
    };
    assert_eq!(error, expected);
    assert_eq!(error.to_string(), "socket `one way` can't send");
}

/// Runs something when libzmq has had the frames before it.
struct Trap<'a> {
    text: &'a str,
    spring: &'a dyn Fn(),
}

impl AsRef<[u8]> for Trap<'_> {
    fn as_ref(&self) -> &[u8] {
        (self.spring)();
        self.text.as_bytes()
    }
}

/// The only peer is lost in the middle of a message, before its frame `at`, and another one comes.
/// What that one got of it, and of the next message.
fn lose_peer(at: usize) -> Vec<Vec<Vec<u8>>> {
    let registry = Registry::new();
    let dealer = registry.socket(zmq::DEALER).open().unwrap();
    dealer.bind("tcp://127.0.0.1:*").unwrap();
    let open = || {
        let peer = registry.socket(zmq::DEALER).open().unwrap();
        peer.connect(&dealer.last_endpoint().unwrap()).unwrap();
        peer
    };
    let first = open();
    // As long as this is not read, libzmq does not quite give the peer up, and tells of its loss.
    first.send("unread", 0).unwrap();
    while dealer.poll(zmq::POLLIN, 10_000).unwrap() == 0 {}
    let first = Cell::new(Some(first));
    let second = Cell::new(None);
    let lose = || {
        if let Some(first) = first.take() {
            drop(first);
            eventually("the first peer is gone", || registry.snapshot().len() == 1);
            // Whether its loss has come through by now is up to libzmq.
            dealer.get_events().unwrap();
            second.set(Some(open()));
        }
    };
    let nothing = || {};
    let frames: Vec<_> = ["a", "b", "c"]
        .into_iter()
        .enumerate()
        .map(|(number, text)| Trap {
            text,
            spring: if number == at { &lose } else { &nothing },
        })
        .collect();
    dealer.send_multipart_by(&frames, ample()).unwrap();
    let second = second.take().unwrap();
    // Once it has heard of the second peer, it has of the first one's loss, which came before.
    second.send("here", 0).unwrap();
    while &*dealer.recv_by(ample()).unwrap() != b"here" {}
    dealer.send_multipart_by(&["x", "y"], ample()).unwrap();
    let mut got = Vec::new();
    while got.last().is_none_or(|last: &Vec<Vec<u8>>| last.len() != 2) {
        let frames = second.recv_multipart_by(ample()).unwrap();
        got.push(frames.iter().map(|frame| frame.to_vec()).collect());
    }
    got
}

#[test]
fn a_message_whose_peer_is_lost_in_the_middle_goes_whole_to_another_or_not_at_all() {
    let whole: [&[&[u8]]; 2] = [&[b"a", b"b", b"c"], &[b"x", b"y"]];
    for at in [1, 2] {
        eventually("libzmq tells of the loss", || {
            let got = lose_peer(at);
            assert!(got == whole || got == whole[1..], "{at} {got:?}");
            got == whole
        });
    }
}

#[test]
fn a_mandatory_router_waits_for_the_peer_that_is_full() {
    let registry = Registry::new();
    let router = registry.socket(zmq::ROUTER).open().unwrap();
    router.set_router_mandatory(true).unwrap();
    router.set_sndhwm(1).unwrap();
    router.bind("inproc://router").unwrap();
    let open = |name: &str| {
        let peer = registry.socket(zmq::DEALER).open().unwrap();
        peer.set_identity(name.as_bytes()).unwrap();
        peer.set_rcvhwm(1).unwrap();
        peer.connect("inproc://router").unwrap();
        peer.send("here", 0).unwrap();
        router.recv_multipart(0).unwrap();
        peer
    };
    let slow = open("slow");
    let _idle = open("idle");
    let mut sent = 0;
    while router
        .send_multipart_by(&["slow", "x"], Instant::now())
        .is_ok()
    {
        sent += 1;
    }
    // The other peer has room, and so libzmq calls the socket writable.
    assert!(router.get_events().unwrap().contains(zmq::POLLOUT));
    let deadline = after(Duration::from_millis(30));
    let refused = router.send_multipart_by(&["slow", "x"], deadline);
    assert!(refused.unwrap_err().is_timed_out() && Instant::now() >= deadline);

    let owner = asleep("misled sender", move || {
        router
            .send_multipart_until_stopped(&["slow", "last"])
            .unwrap();
        router
    });
    sleeps_now_and_then("misled sender");
    for _ in 0..sent {
        assert_eq!(slow.recv_bytes(0).unwrap(), b"x");
    }
    assert_eq!(slow.recv_bytes(0).unwrap(), b"last");
    let router = owner.join().unwrap();
    let nobody = router.send_multipart_until_stopped(&["nobody", "x"]);
    assert!(
        matches!(nobody, Err(SendError::Zmq { source, .. }) if source == zmq::Error::EHOSTUNREACH)
    );
}
