//! PLAIN and CURVE, as far as the libzmq that is linked has them.

use crate::common::{connect, eventually, next, soon};
use linger_ack::linger_registry::{Registry, Socket};
use linger_ack::{
    ConnectError, Publisher, Quorum, SecurityError, Subscriber, SubscriberEvent, UserIdIsName, zmq,
};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
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
fn with_plain_on_both_sides_a_stream_goes_from_end_to_end() {
    let registry = Registry::new();
    let _asked = doorkeeper(&registry);
    let ticks = Publisher::builder("ticks")
        .registry(&registry)
        .plain_server()
        .authorizer(UserIdIsName)
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
        .expect("bound");
    let refused = Arc::new(Mutex::new(0));
    let other = {
        let refused = Arc::clone(&refused);
        let builder = Subscriber::builder("risk-2").plain("risk-1", "sesame");
        let builder = builder.on_event(move |_, event| {
            let is_refused = matches!(event, SubscriberEvent::Refused { .. });
            *refused.lock().expect("no panic") += u32::from(is_refused);
        });
        connect(builder.subscribe("T"), &ticks)
    };
    eventually("it is refused: that is another's name", || {
        *refused.lock().expect("no panic") > 0
    });
    assert!(!other.close_by(soon()).is_clean());
    let builder = Subscriber::builder("risk-1").plain("risk-1", "sesame");
    let risk = connect(builder.subscribe("T"), &ticks);
    assert!(risk.wait_until_member(soon()));
    ticks.publish("T", "1").expect("accepted");
    next(&risk).ack();
    let report = ticks.close_by(soon(), Quorum::All);
    assert!(report.is_drained(), "{report}");
}

#[test]
fn with_curve_on_both_sides_a_stream_goes_from_end_to_end() {
    if zmq::has("curve") != Some(true) {
        return; // the next test says what happens then
    }
    let server = zmq::CurveKeyPair::new().expect("keys");
    let client = zmq::CurveKeyPair::new().expect("keys");
    let ticks = Publisher::builder("ticks")
        .curve_server(server.secret_key)
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
        .expect("bound");
    let builder = Subscriber::builder("risk-1").subscribe("T");
    let text = |key: &[u8]| zmq::z85_encode(key).expect("of that length");
    let builder = builder.curve(
        text(&server.public_key),
        client.public_key,
        text(&client.secret_key),
    );
    let risk = connect(builder, &ticks);
    let stranger = connect(Subscriber::builder("stranger").subscribe("T"), &ticks);
    assert!(risk.wait_until_member(soon()));
    ticks.publish("T", "1").expect("accepted");
    next(&risk).ack();
    let report = ticks.close_by(soon(), Quorum::All);
    assert!(report.is_drained(), "{report}");
    assert_eq!(report.members.len(), 1);
    assert_eq!(stranger.memberships(), 0);
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
