//! PLAIN and CURVE, as far as the libzmq that is linked has them.

use crate::common::soon;
use linger_ack::linger_registry::{Registry, Socket};
use linger_ack::{ConnectError, SecurityError, Subscriber, zmq};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// Lets in whoever knows the password, and says who asked and whether that was so.
fn doorkeeper(registry: &Registry) -> Receiver<(Vec<u8>, bool)> {
    let socket = registry.socket(zmq::REP).name("zap").open().expect("open");
    socket.bind("inproc://zeromq.zap.01").expect("bound");
    let (tell, asked) = channel();
    thread::spawn(move || {
        // Version, request, domain, address, identity, mechanism, user, password.
        while let Ok(request) = socket.recv_multipart(0) {
            let is_known = request[5] == b"PLAIN" && request[7] == b"sesame";
            let code: &[u8] = if is_known { b"200" } else { b"400" };
            let user = request[6].clone();
            let answer: [&[u8]; 6] = [b"1.0", &request[1], code, b"", &user, b""];
            if socket.send_multipart(answer, 0).is_err() {
                break;
            }
            let _ = tell.send((user, is_known));
        }
    });
    asked
}

/// The control port of a publisher that asks for PLAIN; its data port.
fn ports(registry: &Registry) -> (Socket, Socket) {
    let data = registry.socket(zmq::PUB).name("data").open();
    let control = registry.socket(zmq::ROUTER).name("control").open();
    let (data, control) = (data.expect("open"), control.expect("open"));
    for socket in [&data, &control] {
        socket.set_plain_server(true).expect("set");
        socket.bind("tcp://127.0.0.1:*").expect("bound");
    }
    control.set_rcvtimeo(60_000).expect("set");
    (data, control)
}

fn endpoint(socket: &Socket) -> String {
    socket.last_endpoint().expect("it is bound")
}

#[test]
fn plain_shows_user_and_password_on_both_connections_and_says_hello_once_it_is_in() {
    let registry = Registry::new();
    let asked = doorkeeper(&registry);
    let (data, control) = ports(&registry);
    let connect = |name: &str, password: &str| {
        let builder = Subscriber::builder(name).plain(name, password);
        let subscriber = builder.connect(&endpoint(&data), &endpoint(&control));
        subscriber.expect("connected")
    };
    let known = |known: bool, user: &[u8]| {
        let (who, is_known) = asked
            .recv_timeout(Duration::from_secs(60))
            .expect("it asks");
        assert_eq!((&who[..], is_known), (user, known));
    };
    let thief = connect("thief", "guessed");
    known(false, b"thief");
    known(false, b"thief");
    assert!(!thief.close_by(soon()).is_clean());
    drop(thief);

    // Some more of the thief's knocks may be there still.
    let risk = connect("risk-1", "sesame");
    let mut let_in = 0;
    while let_in < 2 {
        let (who, is_known) = asked
            .recv_timeout(Duration::from_secs(60))
            .expect("it asks");
        assert_eq!(is_known, who == b"risk-1");
        let_in += usize::from(is_known);
    }
    let frames = control.recv_multipart(0).expect("in time");
    let hello = frames.last().expect("HELLO");
    let names_it = |name: &[u8]| hello.windows(name.len()).any(|part| part == name);
    assert!(names_it(b"risk-1") && !names_it(b"thief"));
    drop((data, control));
    let _ = risk.close_by(soon());
}

#[test]
fn without_curve_in_libzmq_it_is_refused_by_name_and_before_any_socket_is_opened() {
    let registry = Registry::new();
    let key = [7; 32];
    let builder = Subscriber::builder("s").registry(&registry);
    let built = builder
        .curve(key, key, key)
        .connect("tcp://127.0.0.1:1", "tcp://127.0.0.1:2");
    if zmq::has("curve") == Some(true) {
        let _ = built.expect("connected").close_by(soon());
        return;
    }
    let error = built.expect_err("there is none");
    let ConnectError::Security { source, .. } = &error else {
        panic!("{error}");
    };
    let lacking = SecurityError::Unsupported { mechanism: "CURVE" };
    assert_eq!(*source, lacking);
    assert_eq!(
        error.to_string(),
        "subscriber s: this libzmq was built without CURVE"
    );
    assert!(registry.snapshot().is_empty());
}

#[test]
fn passwords_that_libzmq_would_refuse_are_named_and_not_shown() {
    let builder = Subscriber::builder("s").plain("user", "hunter2".repeat(40));
    assert!(!format!("{builder:?}").contains("hunter2"));
    let error = builder.connect("tcp://127.0.0.1:1", "tcp://127.0.0.1:2");
    assert_eq!(
        error.expect_err("too long").to_string(),
        "subscriber s: the password must have 1 to 255 bytes, not 280"
    );
}
