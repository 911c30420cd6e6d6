//! PLAIN, CURVE and ZAP on both ports.

use crate::common::{Events, connect, eventually, joined, soon, take};
use linger_ack::linger_registry::Registry;
use linger_ack::proto::wire::Refusal;
use linger_ack::{
    Event, OpenError, Publisher, PublisherBuilder, Quorum, Subscriber, UserIdIsName, zmq,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

/// Answers ZAP as an application does; `judge` says which user a request is from.
fn zap(
    registry: &Registry,
    judge: impl Fn(&[Vec<u8>]) -> Option<Vec<u8>> + Send + 'static,
) -> JoinHandle<()> {
    let handler = registry.socket(zmq::REP).name("zap").group("zap");
    let handler = handler.open().expect("a socket");
    handler.bind("inproc://zeromq.zap.01").expect("bound");
    thread::spawn(move || {
        for request in handler.multipart_messages() {
            // Version, request, domain, address, routing id, mechanism, what that says.
            let request = request.expect("a request");
            let request: Vec<Vec<u8>> = request.into_iter().map(|frame| frame.to_vec()).collect();
            assert_eq!(request[3], b"127.0.0.1");
            let user = judge(&request);
            let status = if user.is_some() { "200" } else { "400" };
            let user = user.unwrap_or_default();
            let answer = [b"1.0", &request[1][..], status.as_bytes(), b"", &user, b""];
            handler.send_multipart(answer, 0).expect("sent");
        }
    })
}

/// Whoever has the password of a user is that user.
fn by_password(
    registry: &Registry,
    domain: &'static str,
    asked: &Arc<AtomicUsize>,
) -> JoinHandle<()> {
    let asked = Arc::clone(asked);
    zap(registry, move |request| {
        assert_eq!(request[2], domain.as_bytes());
        assert_eq!(request[5], b"PLAIN");
        asked.fetch_add(1, Ordering::Relaxed);
        let (user, password) = (&request[6], &request[7]);
        let is_right = *password == [user, &b"'s password"[..]].concat();
        is_right.then(|| user.clone())
    })
}

/// A subscriber that says at both ports who it is.
fn client(ticks: &Publisher, user: &str, name: &str) -> Subscriber {
    let builder = Subscriber::builder(name).subscribe("T");
    connect(ticks, builder.plain(user, format!("{user}'s password")))
}

fn bind(builder: PublisherBuilder, registry: &Registry) -> Publisher {
    let builder = builder.registry(registry).group("ticks");
    builder
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
        .expect("bound")
}

#[test]
fn with_plain_and_zap_a_name_is_bound_to_its_user() {
    let registry = Registry::new();
    let asked = Arc::new(AtomicUsize::new(0));
    let zap = by_password(&registry, "ticks", &asked);
    let builder = Publisher::builder("ticks")
        .plain_server()
        .zap_domain("ticks")
        .authorizer(UserIdIsName);
    let (builder, events) = Events::of(builder);
    let ticks = bind(builder, &registry);

    let liar = client(&ticks, "mallory", "risk-1");
    let refused = Event::Refused {
        name: "risk-1".to_owned(),
        why: Refusal::NotAuthorized,
    };
    assert_eq!(events.next(), refused);
    assert_eq!((ticks.member_count(), liar.memberships()), (0, 0));

    let risk = joined(client(&ticks, "risk-1", "risk-1"));
    assert!(asked.load(Ordering::Relaxed) >= 4, "on both ports");
    ticks.publish("T", "1").expect("accepted");
    assert_eq!(take(&risk, 1), ["1"]);
    let report = ticks.close_by(soon(), Quorum::All);
    assert!(report.is_drained(), "{report}");
    registry.stop("zap");
    zap.join().expect("no panic");
}

#[test]
fn without_a_password_that_is_right_nobody_is_heard() {
    let registry = Registry::new();
    let asked = Arc::new(AtomicUsize::new(0));
    let zap = by_password(&registry, "", &asked);
    let ticks = bind(Publisher::builder("ticks").plain_server(), &registry);
    let clients = Registry::new();
    let stranger = clients.socket(zmq::DEALER).open().expect("a socket");
    stranger
        .set_plain_username(Some("risk-1"))
        .expect("settable");
    stranger
        .set_plain_password(Some("a guess"))
        .expect("settable");
    stranger
        .connect(ticks.control_endpoint())
        .expect("connected");
    stranger.send("hello", 0).expect("queued");
    let open = clients.socket(zmq::DEALER).open().expect("a socket");
    open.connect(ticks.control_endpoint()).expect("connected");
    open.send("hello", 0).expect("queued");
    let _risk = joined(client(&ticks, "risk-1", "any name"));
    eventually("both that gave a password were judged", || {
        asked.load(Ordering::Relaxed) >= 3
    });
    assert_eq!(ticks.counters().broken, 0, "what it said never came");
    registry.stop("zap");
    zap.join().expect("no panic");
}

#[test]
fn curve_is_used_where_libzmq_has_it_and_refused_where_not() {
    let bind = |key: &[u8]| {
        let builder = Publisher::builder("ticks").curve_server(key);
        builder.bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
    };
    if zmq::has("curve") == Some(true) {
        let [server, client] = [(); 2].map(|()| zmq::CurveKeyPair::new().expect("keys"));
        let ticks = bind(&server.secret_key).expect("bound");
        let open = connect(&ticks, Subscriber::builder("open").subscribe("T"));
        let builder = Subscriber::builder("a").subscribe("T");
        let builder = builder.curve(server.public_key, client.public_key, client.secret_key);
        let subscriber = joined(connect(&ticks, builder));
        ticks.publish("T", "1").expect("accepted");
        assert_eq!(take(&subscriber, 1), ["1"]);
        assert_eq!(open.memberships(), 0, "it has no keys");
        let error = bind(b"short").expect_err("no key");
        let text = "publisher ticks: the secret key is neither 32 bytes nor 40 characters of Z85";
        assert_eq!(error.to_string(), text);
    } else {
        let error = bind(&[7; 32]).expect_err("it has no CURVE");
        assert!(matches!(error, OpenError::Security { .. }));
        let text = "publisher ticks: this libzmq was built without CURVE";
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn with_curve_and_zap_a_name_is_bound_to_its_key() {
    if zmq::has("curve") != Some(true) {
        let error = Publisher::builder("ticks").curve_server([7; 32]);
        let error = error.bind("inproc://data", "inproc://control");
        assert!(matches!(error, Err(OpenError::Security { .. })));
        return;
    }
    let [server, risk, mallory] = [(); 3].map(|()| zmq::CurveKeyPair::new().expect("keys"));
    let registry = Registry::new();
    let keys = [(risk.public_key, "risk-1"), (mallory.public_key, "mallory")];
    let zap = zap(&registry, move |request| {
        assert_eq!(request[5], b"CURVE");
        let known = keys.iter().find(|(key, _)| request[6] == key[..]);
        known.map(|(_, user)| user.as_bytes().to_vec())
    });
    let builder = Publisher::builder("ticks").curve_server(server.secret_key);
    let (builder, events) = Events::of(builder.authorizer(UserIdIsName));
    let ticks = bind(builder, &registry);
    let client = |keys: &zmq::CurveKeyPair| {
        let builder = Subscriber::builder("risk-1").subscribe("T");
        connect(
            &ticks,
            builder.curve(server.public_key, keys.public_key, keys.secret_key),
        )
    };
    let _liar = client(&mallory);
    let refused = Event::Refused {
        name: "risk-1".to_owned(),
        why: Refusal::NotAuthorized,
    };
    assert_eq!(events.next(), refused);
    let risk = joined(client(&risk));
    ticks.publish("T", "1").expect("accepted");
    assert_eq!(take(&risk, 1), ["1"]);
    let report = ticks.close_by(soon(), Quorum::All);
    assert!(report.is_drained(), "{report}");
    registry.stop("zap");
    zap.join().expect("no panic");
}

#[test]
fn a_domain_that_cannot_be_is_named_and_keys_are_not_shown() {
    let builder = Publisher::builder("ticks").plain_server();
    let error = builder.zap_domain("a\0b");
    let error = error.bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*");
    let error = error.expect_err("no domain");
    let text = r#"publisher ticks: the ZAP domain "a\0b" can't be one"#;
    assert_eq!(error.to_string(), text);
    let shown = format!("{:?}", Publisher::builder("ticks").curve_server([b'x'; 40]));
    assert!(shown.contains("curve"), "{shown}");
    assert!(!shown.contains("120") && !shown.contains("xxx"), "{shown}");
}

#[test]
fn over_inproc_there_is_nobody_to_ask() {
    let registry = Registry::new();
    let builder = Publisher::builder("ticks").registry(&registry);
    let _ticks = builder
        .plain_server()
        .bind("inproc://data", "inproc://control")
        .expect("bound");
    let builder = Subscriber::builder("a").registry(&registry);
    let subscriber = builder
        .subscribe("T")
        .connect("inproc://data", "inproc://control");
    let subscriber = subscriber.expect("connected");
    assert!(subscriber.wait_until_member(soon()));
}
