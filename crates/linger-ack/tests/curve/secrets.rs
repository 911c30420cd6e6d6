//! What must not be read: on the wire, in logs, in debug output.

use crate::keys::Keys;
use crate::scene::{Scene, eventually, soon};
use crate::wire::Wire;
use linger_ack::{Publisher, Quorum, Subscriber, zmq};
use parking_lot::Mutex;
use std::fmt::{self, Write as _};
use std::sync::Arc;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata};

#[test]
fn who_taps_both_wires_reads_neither_payloads_nor_topics_nor_names() {
    let payload = b"a payload that nobody else may read";
    for is_secret in [false, true] {
        let server = Keys::draw();
        let mut builder = Publisher::builder("ticks");
        let mut member = Subscriber::builder("a telling name").subscribe("a telling topic");
        member = member.credentials("an open secret");
        if is_secret {
            builder = builder.curve_server(server.secret);
            member = Keys::draw().of(member, server.public);
        }
        let ticks = builder.bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*");
        let ticks = ticks.expect("bound");
        let data = Wire::tapped(ticks.data_endpoint());
        let control = Wire::tapped(ticks.control_endpoint());
        let member = member.connect(&data.endpoint, &control.endpoint);
        let member = member.expect("connected");
        assert!(member.wait_until_member(soon()));
        ticks
            .publish("a telling topic", &payload[..])
            .expect("accepted");
        let delivery = member.next_by(soon()).expect("not gone").expect("in time");
        assert_eq!(&delivery.payload()[..], payload);
        delivery.ack();
        assert!(ticks.close_by(soon(), Quorum::All).is_drained());
        assert!(data.len() > 0 && control.len() > 0);
        // Without keys all of it shows: that is how we know that the tap works.
        assert_eq!(data.shows(payload), !is_secret);
        assert_eq!(data.shows(b"a telling topic"), !is_secret);
        assert_eq!(control.shows(b"a telling name"), !is_secret);
        assert_eq!(control.shows(b"an open secret"), !is_secret);
    }
}

/// All that is logged, at whatever level and by whatever crate.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, "{}={value:?} ", field.name());
    }
}

impl tracing::Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut log = self.0.lock();
        event.record(&mut Line(&mut log));
        log.push('\n');
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// The ways in which bytes may be written down.
fn written(bytes: &[u8]) -> Vec<String> {
    let hex = |upper: bool| {
        bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = match upper {
                true => write!(text, "{byte:02X}"),
                false => write!(text, "{byte:02x}"),
            };
            text
        })
    };
    let list = format!("{bytes:?}");
    let mut ways = vec![hex(false), hex(true), bytes.escape_ascii().to_string()];
    ways.push(list.trim_matches(['[', ']']).to_owned());
    ways.extend(zmq::z85_encode(bytes).ok());
    ways
}

#[test]
fn secret_keys_and_credentials_are_in_no_log_and_in_no_debug_output() {
    let log = Log::default();
    tracing::subscriber::set_global_default(log.clone()).expect("the only one");
    let mut scene = Scene::new();
    let credentials = b"nobody but the authorizer";
    let risk = |scene: &Scene| {
        let builder = Subscriber::builder("risk-1").subscribe("T");
        let builder = builder.credentials(&credentials[..]);
        scene.risk_1.of(builder, scene.server.public)
    };
    let server = Publisher::builder("ticks").curve_server(scene.server.secret);
    let shown = format!("{server:?} {:?}", risk(&scene));
    let member = scene.connect(risk(&scene));
    assert!(member.wait_until_member(soon()));
    let impostor = scene.subscriber("risk-1", &scene.risk_2);
    eventually("a denial is logged", || {
        let log = log.0.lock();
        log.contains("denied") && log.contains("User-Id")
    });
    let shown = format!("{shown} {member:?} {impostor:?} {:?}", scene.ticks);
    scene.stream(&member);
    let secrets = [
        scene.server.secret,
        scene.risk_1.secret,
        scene.risk_2.secret,
    ];
    drop(impostor);
    scene.close();
    // A panic must not hold the lock: other tests log, too.
    let log = log.0.lock().clone();
    assert!(log.contains("member joined"), "it is logged at all: {log}");
    let secrets = secrets.iter().map(|secret| &secret[..]);
    for secret in secrets.chain([&credentials[..]]) {
        for way in written(secret) {
            assert!(!log.contains(&way), "{way} in {log}");
            assert!(!shown.contains(&way), "{way} in {shown}");
        }
    }
}
