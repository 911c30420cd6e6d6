//! A proxy that stops.

use std::time::Duration;

use crate::owner::asleep;
use crate::support::{after, ample};
use linger_registry::{Proxy, ProxyError, Registry, Socket, proxy_until_stopped, zmq};

/// A socket of the proxy in group `proxy`, bound, and one connected to it in group `edge`.
fn side(registry: &Registry, bound: zmq::SocketType, connected: zmq::SocketType) -> [Socket; 2] {
    let ours = registry.socket(bound).group("proxy").open().unwrap();
    ours.bind("tcp://127.0.0.1:*").unwrap();
    let theirs = registry.socket(connected).group("edge").open().unwrap();
    theirs.connect(&ours.last_endpoint().unwrap()).unwrap();
    [ours, theirs]
}

#[test]
fn requests_go_there_and_answers_come_back() {
    let registry = Registry::new();
    let [frontend, client] = side(&registry, zmq::ROUTER, zmq::REQ);
    let [backend, server] = side(&registry, zmq::DEALER, zmq::REP);
    let broker = asleep("broker", move || {
        let proxy = proxy_until_stopped(&frontend, &backend).unwrap();
        (proxy.to_backend(), proxy.to_frontend(), proxy.in_hand())
    });
    for number in 0..200_u32 {
        let request = [number.to_be_bytes().to_vec(), vec![7; 300], Vec::new()];
        client.send_multipart(&request, 0).unwrap();
        assert_eq!(server.recv_multipart(0).unwrap(), request);
        server.send_multipart(["yes", ""], 0).unwrap();
        let answer: [&[u8]; 2] = [b"yes", b""];
        assert_eq!(client.recv_multipart(0).unwrap(), answer);
    }
    registry.stop("proxy");
    assert_eq!(broker.join().unwrap(), (200, 200, 0));
    drop((client, server));
    let report = registry.close_by(ample());
    assert!(report.is_clean(), "{report}");
}

#[test]
fn messages_keep_their_frames_and_their_order() {
    let registry = Registry::new();
    let [frontend, source] = side(&registry, zmq::PULL, zmq::PUSH);
    let [backend, sink] = side(&registry, zmq::PUSH, zmq::PULL);
    let broker = asleep("broker", move || {
        let proxy = proxy_until_stopped(&frontend, &backend).unwrap();
        (proxy.to_backend(), proxy.to_frontend())
    });
    let message = |number: usize| vec![number.to_be_bytes().to_vec(); 1 + number % 4];
    let sender = asleep("source", move || {
        (0..20_000).try_for_each(|number| source.send_multipart(message(number), 0))
    });
    for number in 0..20_000 {
        assert_eq!(sink.recv_multipart(0).unwrap(), message(number));
    }
    sender.join().unwrap().unwrap();
    registry.stop("proxy");
    assert_eq!(broker.join().unwrap(), (20_000, 0));
}

#[test]
fn sockets_that_take_turns_are_given_theirs() {
    // A REQ takes one request at a time, and nothing comes from it before that.
    let registry = Registry::new();
    let [frontend, first] = side(&registry, zmq::ROUTER, zmq::REQ);
    let second = registry.socket(zmq::REQ).group("edge").open().unwrap();
    second.connect(&frontend.last_endpoint().unwrap()).unwrap();
    let [backend, server] = side(&registry, zmq::REQ, zmq::REP);
    let broker = asleep("broker", move || {
        let proxy = proxy_until_stopped(&frontend, &backend);
        proxy.map(|proxy| (proxy.to_backend(), proxy.to_frontend()))
    });
    first.send_until_stopped("one").unwrap();
    second.send_until_stopped("two").unwrap();
    for _ in 0..2 {
        let request = server.recv_multipart_by(ample()).unwrap();
        let frames: Vec<&[u8]> = request.iter().map(|frame| &**frame).collect();
        server.send_multipart_by(&frames, ample()).unwrap();
    }
    assert_eq!(&*first.recv_by(ample()).unwrap(), b"one");
    assert_eq!(&*second.recv_by(ample()).unwrap(), b"two");
    registry.stop("proxy");
    assert_eq!(broker.join().unwrap(), Ok((2, 2)));
}

#[test]
fn subscriptions_go_up_and_publications_down() {
    let registry = Registry::new();
    let [frontend, subscriber] = side(&registry, zmq::XPUB, zmq::SUB);
    let [backend, publisher] = side(&registry, zmq::XSUB, zmq::XPUB);
    let broker = asleep("broker", move || {
        let proxy = proxy_until_stopped(&frontend, &backend).unwrap();
        (proxy.to_backend(), proxy.to_frontend())
    });
    subscriber.set_subscribe(b"EUR").unwrap();
    assert_eq!(publisher.recv_bytes(0).unwrap(), b"\x01EUR");
    publisher.send_multipart(["USD", "1"], 0).unwrap();
    publisher.send_multipart(["EUR", "2"], 0).unwrap();
    let expected: [&[u8]; 2] = [b"EUR", b"2"];
    assert_eq!(subscriber.recv_multipart(0).unwrap(), expected);
    registry.stop("proxy");
    assert_eq!(broker.join().unwrap(), (1, 1));
}

#[test]
fn the_stop_of_either_group_ends_it() {
    for stopped in ["proxy", "other"] {
        let registry = Registry::new();
        let [frontend, _source] = side(&registry, zmq::PULL, zmq::PUSH);
        let backend = registry.socket(zmq::PUSH).group("other").open().unwrap();
        backend.bind("tcp://127.0.0.1:*").unwrap();
        let broker = asleep("broker", move || {
            proxy_until_stopped(&frontend, &backend).map(|proxy| proxy.in_hand())
        });
        registry.stop(stopped);
        assert_eq!(broker.join().unwrap(), Ok(0));
    }
}

#[test]
fn what_is_queued_at_the_stop_can_be_passed_on() {
    let registry = Registry::new();
    let [frontend, source] = side(&registry, zmq::PULL, zmq::PUSH);
    let [backend, sink] = side(&registry, zmq::PUSH, zmq::PULL);
    source.send_multipart(["one", "two"], 0).unwrap();
    while frontend.poll(zmq::POLLIN, 10_000).unwrap() == 0 {}
    registry.stop("proxy");
    let mut proxy = proxy_until_stopped(&frontend, &backend).unwrap();
    assert_eq!(proxy.to_backend(), 0, "stopped before it took anything");
    proxy.finish_by(ample()).unwrap();
    assert_eq!((proxy.to_backend(), proxy.in_hand()), (1, 0));
    let expected: [&[u8]; 2] = [b"one", b"two"];
    assert_eq!(sink.recv_multipart(0).unwrap(), expected);
}

#[test]
fn a_close_ends_it_long_before_its_reserve() {
    let registry = Registry::new();
    let [frontend, client] = side(&registry, zmq::ROUTER, zmq::DEALER);
    let [backend, server] = side(&registry, zmq::DEALER, zmq::ROUTER);
    drop((client, server));
    let broker = asleep("broker", move || {
        let mut proxy = proxy_until_stopped(&frontend, &backend)?;
        proxy.finish_by(ample())
    });
    let report = registry.close_by(ample());
    assert_eq!(broker.join().unwrap(), Ok(()));
    assert!(report.is_clean(), "{report}");
    assert!(report.took() < Duration::from_secs(10), "{report}");
}

#[test]
fn a_peer_that_a_mandatory_router_does_not_have_is_an_error_and_it_goes_on() {
    let registry = Registry::new();
    let [frontend, source] = side(&registry, zmq::PULL, zmq::PUSH);
    let [backend, sink] = side(&registry, zmq::ROUTER, zmq::DEALER);
    backend.set_router_mandatory(true).unwrap();
    sink.send("here", 0).unwrap();
    let here = backend.recv_multipart(0).unwrap().swap_remove(0);
    source.send_multipart(["nobody", "x"], 0).unwrap();
    source.send_multipart([&here[..], b"y"], 0).unwrap();
    let broker = asleep("broker", move || {
        let mut proxy = Proxy::new(&frontend, &backend);
        let first = proxy.run_until_stopped();
        (first, proxy.run_until_stopped(), proxy.to_backend())
    });
    assert_eq!(sink.recv_bytes(0).unwrap(), b"y");
    registry.stop("proxy");
    let (first, second, passed) = broker.join().unwrap();
    assert!(
        matches!(first, Err(ProxyError::Send { source, .. }) if source == zmq::Error::EHOSTUNREACH)
    );
    assert_eq!((second, passed), (Ok(()), 1));
}

#[test]
fn the_end_of_the_context_ends_it_too() {
    let registry = Registry::new();
    let [frontend, source] = side(&registry, zmq::PULL, zmq::PUSH);
    let backend = registry.socket(zmq::PUSH).open().unwrap();
    backend.bind("tcp://127.0.0.1:*").unwrap();
    source.send("nobody takes it", 0).unwrap();
    while frontend.poll(zmq::POLLIN, 10_000).unwrap() == 0 {}
    let broker = asleep("broker", move || {
        Proxy::new(&frontend, &backend).finish_by(ample())
    });
    let report = registry.close_by(after(Duration::from_millis(500)));
    let error = broker.join().unwrap().unwrap_err();
    assert!(
        matches!(error, ProxyError::TimedOut { in_hand: 1, .. }),
        "{error} {report}"
    );
}
