//! Sockets that were made elsewhere.

use std::time::{Duration, Instant};

use crate::support::{after, ample, bounded, clog, endless, eventually};
use linger_registry::{
    ContextOutcome, OpenError, Outcome, Registry, RegistryState, SocketState, zmq,
};

fn tcp_pair(context: &zmq::Context) -> (zmq::Socket, zmq::Socket) {
    let pull = context.socket(zmq::PULL).unwrap();
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let push = context.socket(zmq::PUSH).unwrap();
    push.connect(&pull.get_last_endpoint().unwrap().unwrap())
        .unwrap();
    (push, pull)
}

#[test]
fn with_its_context_its_end_is_seen_and_everything_queued_arrives() {
    let context = zmq::Context::new();
    let (push, pull) = tcp_pair(&context);
    let registry = Registry::new();
    let line = line!() + 1;
    let adoption = registry.adopt(push);
    let push = adoption.context(&context).name("out").take().unwrap();
    for number in 0..1_000_u32 {
        push.send(&number.to_be_bytes()[..], 0).unwrap();
    }
    drop(push);
    for number in 0..1_000_u32 {
        assert_eq!(pull.recv_bytes(0).unwrap(), number.to_be_bytes());
    }
    let report = registry.close_by(ample());
    let out = report.socket("out").unwrap();
    assert!(matches!(out.outcome(), Outcome::Emptied { .. }), "{report}");
    assert!(out.info().is_adopted());
    assert_eq!(out.info().kind(), zmq::PUSH);
    assert!(out.info().opened_at().file().ends_with("adopt.rs"));
    assert_eq!(out.info().opened_at().line(), line);
    assert!(report.is_clean(), "{report}");
}

#[test]
fn with_its_context_it_expires_after_the_linger_it_was_adopted_with() {
    let linger = Duration::from_millis(120);
    let context = zmq::Context::new();
    let push = context.socket(zmq::PUSH).unwrap();
    clog(&push);
    let registry = Registry::new();
    drop(
        registry
            .adopt(push)
            .context(&context)
            .name("lost")
            .linger(linger)
            .take()
            .unwrap(),
    );
    let report = registry.close_by(ample());
    assert_eq!(
        *report.socket("lost").unwrap().outcome(),
        Outcome::Expired { linger }
    );
    assert!(!report.is_clean());
}

#[test]
fn without_its_context_it_is_unobserved() {
    let context = zmq::Context::new();
    let push = context.socket(zmq::PUSH).unwrap();
    let registry = Registry::new();
    drop(registry.adopt(push).take().unwrap());
    let report = registry.close_by(ample());
    let adopted = report.socket("push-1").unwrap();
    assert_eq!(*adopted.outcome(), Outcome::Unobserved, "{report}");
    assert!(matches!(report.context(), ContextOutcome::Ended { .. }));
    // The user's context was not touched.
    assert!(context.socket(zmq::PUSH).is_ok());
}

#[test]
fn with_another_context_than_its_own_it_is_unobserved_and_both_go_on_working() {
    let context = zmq::Context::new();
    let other = zmq::Context::new();
    let (push, pull) = tcp_pair(&context);
    let registry = Registry::new();
    drop(
        registry
            .adopt(push)
            .context(&other)
            .name("out")
            .take()
            .unwrap(),
    );
    let report = registry.close_by(ample());
    let out = report.socket("out").unwrap();
    assert_eq!(*out.outcome(), Outcome::Unobserved, "{report}");
    // A monitor without a reader would block all closing in its context.
    drop(pull);
    bounded("the contexts end", move || drop((context, other)));
}

#[test]
fn the_last_owner_of_an_endless_context_is_dropped_without_blocking_anybody() {
    let context = endless();
    let socket = context.socket(zmq::PULL).unwrap();
    let registry = Registry::new();
    let last = registry.adopt(socket).name("last").take().unwrap();
    let own = registry.socket(zmq::PULL).name("own").open().unwrap();
    drop(context);
    bounded("the drop", move || drop(last));
    drop(own);

    let limit = Duration::from_millis(500);
    let began = Instant::now();
    let report = registry.close_by(began + limit);
    assert!(began.elapsed() < limit + Duration::from_millis(250));
    // Its drop is what ends its context, and does not come back.
    let last = report.socket("last").unwrap();
    assert!(
        matches!(last.outcome(), Outcome::Lingering { .. }),
        "{report}"
    );
    // The closer thread was not held up, and the registry's own context isn't held.
    let own = report.socket("own").unwrap();
    assert!(matches!(own.outcome(), Outcome::Emptied { .. }), "{report}");
    assert!(
        matches!(report.context(), ContextOutcome::Ended { .. }),
        "{report}"
    );
}

#[test]
fn the_last_clone_of_an_endless_context_is_dropped_without_blocking_anybody() {
    let context = endless();
    let socket = context.socket(zmq::PULL).unwrap();
    let registry = Registry::new();
    let last = registry
        .adopt(socket)
        .context(&context)
        .name("last")
        .take()
        .unwrap();
    drop(context);
    bounded("the drop", move || drop(last));
    let report = bounded("the close", move || registry.close_by(ample()));
    assert!(report.is_clean(), "{report}");
}

#[test]
fn dropped_only_after_the_close_it_blocks_nobody_either() {
    let context = endless();
    let socket = context.socket(zmq::PULL).unwrap();
    let registry = Registry::new();
    let late = registry.adopt(socket).name("late").take().unwrap();
    drop(context);
    let report = registry.close_by(after(Duration::from_millis(200)));
    let info = report.socket("late").unwrap();
    assert_eq!(*info.outcome(), Outcome::StillOpen, "{report}");
    assert_eq!(info.info().state(), SocketState::Open);
    assert!(
        matches!(report.context(), ContextOutcome::Ended { .. }),
        "{report}"
    );
    bounded("the drop", move || drop(late));
    eventually("it is gone", || registry.snapshot().is_empty());
}

#[test]
fn a_close_that_begins_cuts_its_linger() {
    let context = zmq::Context::new();
    let push = context.socket(zmq::PUSH).unwrap();
    clog(&push);
    let registry = Registry::new();
    let long = registry
        .adopt(push)
        .context(&context)
        .name("long")
        .linger(Duration::from_secs(3600))
        .take()
        .unwrap();
    let stop = long.group().clone();
    let owner = std::thread::spawn(move || {
        eventually("the group stops", || stop.is_stopped());
        drop(long);
    });
    let limit = Duration::from_secs(1);
    let report = registry.close_by(after(limit));
    owner.join().unwrap();
    match report.socket("long").unwrap().outcome() {
        Outcome::Expired { linger } => assert!(*linger < limit, "{report}"),
        other => panic!("{other:?}\n{report}"),
    }
}

#[test]
fn it_ends_its_loop_when_the_group_stops() {
    let context = zmq::Context::new();
    let (push, pull) = tcp_pair(&context);
    let registry = Registry::new();
    let pull = registry.adopt(pull).group("intake").take().unwrap();
    let (received, first) = std::sync::mpsc::channel();
    let owner = std::thread::spawn(move || {
        for message in pull.messages() {
            received.send(message.unwrap().to_vec()).unwrap();
        }
    });
    push.send("job", 0).unwrap();
    assert_eq!(first.recv_timeout(Duration::from_secs(10)).unwrap(), b"job");
    let report = registry.close_by(ample());
    owner.join().unwrap();
    assert_eq!(
        *report.socket("pull-1").unwrap().outcome(),
        Outcome::Unobserved
    );
}

#[test]
fn what_is_not_adopted_comes_back() {
    let context = zmq::Context::new();
    let registry = Registry::new();
    let first = context.socket(zmq::PUSH).unwrap();
    let _first = registry.adopt(first).name("twin").take().unwrap();
    let refused = registry
        .adopt(context.socket(zmq::DEALER).unwrap())
        .context(&context)
        .name("twin")
        .take()
        .unwrap_err();
    assert!(matches!(refused.reason(), OpenError::NameTaken { .. }));
    let socket = refused.into_socket();
    assert_eq!(socket.get_socket_type().unwrap(), zmq::DEALER);

    drop(_first);
    let _ = registry.close_by(ample());
    assert_eq!(registry.state(), RegistryState::Closed);
    let refused = registry.adopt(socket).take().unwrap_err();
    assert!(matches!(refused.reason(), OpenError::Closing { .. }));
    assert_eq!(refused.into_socket().get_linger().unwrap(), -1, "as it was");
}

#[test]
fn a_refusal_that_is_dropped_blocks_nobody() {
    let context = endless();
    let registry = Registry::new();
    let _ = registry.close_by(ample());
    let refused = registry
        .adopt(context.socket(zmq::PULL).unwrap())
        .context(&context)
        .take()
        .unwrap_err();
    let untaken = registry.adopt(context.socket(zmq::PULL).unwrap());
    drop(context);
    bounded("the drops", move || drop((refused, untaken)));
}

#[test]
fn a_context_that_its_owner_ends_meanwhile_gives_an_error_and_no_hang() {
    let mut context = zmq::Context::new();
    // So that no destructor ends it again.
    std::mem::forget(context.clone());
    let registry = Registry::new();
    let pull = context.socket(zmq::PULL).unwrap();
    let late = context.socket(zmq::PULL).unwrap();
    let pull = registry
        .adopt(pull)
        .context(&context)
        .name("in")
        .take()
        .unwrap();
    let ending = std::thread::spawn(move || context.destroy());
    assert_eq!(pull.recv_bytes(0), Err(zmq::Error::ETERM));
    // It knows once it was used.
    assert_eq!(late.recv_bytes(0), Err(zmq::Error::ETERM));
    let refused = registry.adopt(late).take().unwrap_err();
    assert!(matches!(
        refused.reason(),
        OpenError::Other {
            source: zmq::Error::ETERM,
            ..
        }
    ));
    drop((pull, refused));
    assert_eq!(ending.join().unwrap(), Ok(()));
    let report = registry.close_by(ample());
    assert_eq!(*report.socket("in").unwrap().outcome(), Outcome::Unobserved);
}

#[test]
fn a_monitor_that_it_came_with_is_left_alone_if_it_is_to_be() {
    let context = zmq::Context::new();
    let stopped = zmq::SocketEvent::MONITOR_STOPPED.to_raw();
    let closed = zmq::SocketEvent::CLOSED.to_raw();
    let watched = context.socket(zmq::PULL).unwrap();
    watched
        .monitor("inproc://watched", i32::from(stopped | closed))
        .unwrap();
    let reader = context.socket(zmq::PAIR).unwrap();
    reader.connect("inproc://watched").unwrap();
    reader.set_rcvtimeo(10_000).unwrap();
    watched.bind("tcp://127.0.0.1:*").unwrap();

    let registry = Registry::new();
    drop(
        registry
            .adopt(watched)
            .context(&context)
            .unobserved()
            .take()
            .unwrap(),
    );
    let report = registry.close_by(ample());
    assert_eq!(
        *report.socket("pull-1").unwrap().outcome(),
        Outcome::Unobserved
    );
    // Stopped by ours it would not have seen its socket close.
    for expected in [closed, stopped] {
        let event = reader.recv_multipart(0).unwrap();
        assert_eq!(event[0][..2], expected.to_ne_bytes());
    }
}

#[test]
fn what_it_was_connected_to_before_is_not_forgotten_when_it_is_judged() {
    let linger = Duration::from_millis(60);
    let context = zmq::Context::new();
    let push = context.socket(zmq::PUSH).unwrap();
    clog(&push);
    let registry = Registry::new();
    let adoption = registry.adopt(push).context(&context).name("lost");
    let push = adoption.linger(linger).take().unwrap();
    // All that the registry knows of it is in-process, where nothing expires.
    push.bind("inproc://later").unwrap();
    drop(push);
    let report = registry.close_by(ample());
    let outcome = report.socket("lost").unwrap().outcome();
    assert_eq!(*outcome, Outcome::Expired { linger }, "{report}");
}
