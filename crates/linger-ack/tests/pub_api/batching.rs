//! Small messages of one topic travel together.

use crate::common::{
    Ports, bind, eventually, joined, member, next, over_each_transport, soon, take,
};
use linger_ack::linger_registry::{Registry, Socket};
use linger_ack::proto::wire::{BatchEnvelope, Envelope, Members};
use linger_ack::{Batching, OpenError, Publisher, PublisherBuilder, Quorum, Subscriber, zmq};
use std::thread;
use std::time::Duration;

/// No timer of a batch falls due while a test runs.
const NEVER: Duration = Duration::from_secs(10);

fn builder(batching: Batching) -> PublisherBuilder {
    Publisher::builder("ticks").batching(batching)
}

/// A payload that tells which one it is, with many lengths.
fn payload(n: usize) -> String {
    let len = [0, 1, 40, 300, 3_000, 20_000][n % 6];
    format!("{n}{}", "x".repeat(len))
}

#[test]
fn everything_comes_once_in_order_and_nothing_is_repaired() {
    const EACH: usize = 600;
    for bare in [false, true] {
        over_each_transport(&format!("batching-{bare}"), |ports: &Ports| {
            let builder = builder(Batching::default().messages(32)).bare_topics(bare);
            let ticks = ports.bind(builder);
            let subscriber = ports.member(&ticks, "a");
            let names = ["A", "B", "C"];
            let publish = || {
                for n in 0..EACH {
                    for name in names.iter().take(1 + n % 3) {
                        ticks.publish(name, payload(n)).expect("accepted");
                    }
                }
            };
            let mut wanted = names.map(|_| Vec::new());
            for n in 0..EACH {
                (0..=n % 3).for_each(|topic| wanted[topic].push(payload(n)));
            }
            let mut come = names.map(|_| Vec::new());
            thread::scope(|scope| {
                scope.spawn(publish);
                for _ in 0..wanted.iter().map(Vec::len).sum() {
                    let delivery = next(&subscriber);
                    let text = String::from_utf8_lossy(delivery.payload()).into_owned();
                    let topic = usize::from(delivery.topic()[0] - b'A');
                    come[topic].push(text);
                    delivery.ack();
                }
            });
            assert!(come == wanted, "each topic in its order");
            let report = ticks.close_by(soon(), Quorum::All);
            assert!(report.is_drained(), "{report}");
            assert_eq!(report.counters.repaired, 0, "they came by themselves");
            let report = subscriber.close_by(soon());
            assert!(report.is_clean(), "{report}");
            assert_eq!(report.links[0].counters.duplicates, 0);
        });
    }
}

/// What comes on the data connection, whoever it is for: the sockets, and a plain reader.
fn plain(ticks: &Publisher) -> (Registry, Socket) {
    let registry = Registry::new();
    let plain = registry.socket(zmq::SUB).open().expect("a socket");
    plain.set_subscribe(b"").expect("subscribed");
    plain.set_rcvtimeo(20_000).expect("set");
    plain.connect(ticks.data_endpoint()).expect("connected");
    // It reads what somebody who joins is told; from then on it hears everything.
    eventually("it is subscribed", || {
        drop(member(ticks, "other"));
        plain.poll(zmq::POLLIN, 10).expect("polled") > 0
    });
    (registry, plain)
}

/// The next message that is not private.
fn read(plain: &zmq::Socket) -> Vec<Vec<u8>> {
    loop {
        let frames = plain.recv_multipart(0).expect("in time");
        if frames[0][0] != 0xFF {
            return frames;
        }
    }
}

#[test]
fn a_batch_that_is_full_is_one_message_on_the_wire_and_what_is_large_goes_alone() {
    let batching = Batching::default().messages(4).bytes(64).delay(NEVER);
    let ticks = bind(builder(batching));
    let (_registry, plain) = plain(&ticks);
    let topic = ticks.topic("T").expect("a topic");
    for n in 1..=4 {
        let published = match n % 2 {
            0 => topic.publish("small"),
            _ => ticks.publish("T", "small"),
        };
        assert_eq!(published, Ok(n));
    }
    let frames = read(&plain);
    let envelope = BatchEnvelope::decode(&frames[0]).expect("a batch");
    assert_eq!((envelope.first, envelope.count), (1, 4));
    let members = Members::decode(frames[1].clone().into(), 4).expect("whole");
    assert_eq!(members.collect::<Vec<_>>(), ["small"; 4]);
    // What is open goes before what does not fit, and alone it is a plain message.
    topic.publish("waits").expect("accepted");
    topic.publish(vec![0; 61]).expect("accepted");
    for (sequence, len) in [(5, 5), (6, 61)] {
        let frames = read(&plain);
        let envelope = Envelope::decode(&frames[0]).expect("a message");
        assert_eq!((envelope.sequence, frames[1].len()), (sequence, len));
    }
    // By their bytes: two of 27 and their lengths have 62.
    topic.publish(vec![1; 27]).expect("accepted");
    topic.publish(vec![2; 27]).expect("accepted");
    let frames = read(&plain);
    let envelope = BatchEnvelope::decode(&frames[0]).expect("a batch");
    assert_eq!((envelope.first, envelope.count), (7, 2));
}

#[test]
fn what_waits_for_company_is_sent_in_time_though_nothing_else_happens() {
    let ticks = bind(builder(Batching::default().delay(Duration::from_millis(5))));
    let subscriber = member(&ticks, "a");
    for round in 0..3 {
        for n in 0..3 {
            ticks
                .publish("T", format!("{round}-{n}"))
                .expect("accepted");
        }
        let wanted = [0, 1, 2].map(|n| format!("{round}-{n}"));
        assert_eq!(take(&subscriber, 3), wanted);
    }
    let report = ticks.close_by(soon(), Quorum::All);
    assert!(report.is_drained(), "{report}");
    assert_eq!(report.counters.repaired, 0, "they came by themselves");
}

#[test]
fn a_flush_and_a_close_send_what_waits() {
    let ticks = bind(builder(Batching::default().delay(NEVER)));
    let subscriber = member(&ticks, "a");
    let reader = thread::spawn(move || {
        let taken = take(&subscriber, 6);
        assert!(
            subscriber
                .next_by(soon())
                .expect("nothing is gone")
                .is_none()
        );
        taken
    });
    for n in 1..=3 {
        ticks.publish("T", n.to_string()).expect("accepted");
    }
    ticks.flush_by(soon(), Quorum::All).expect("heard");
    for n in 4..=6 {
        ticks.publish("T", n.to_string()).expect("accepted");
    }
    let report = ticks.close_by(soon(), Quorum::All);
    assert!(report.is_drained(), "{report}");
    assert_eq!(report.counters.repaired, 0, "they came by themselves");
    let taken = reader.join().expect("no panic");
    assert_eq!(taken, ["1", "2", "3", "4", "5", "6"]);
}

#[test]
fn a_window_that_is_full_sends_what_waits() {
    let builder = builder(Batching::default().delay(NEVER)).window(8, 1 << 20);
    let ticks = bind(builder.publish_limit(Duration::from_secs(20)));
    let subscriber = member(&ticks, "a");
    thread::scope(|scope| {
        scope.spawn(|| (0..50).for_each(|n| drop(ticks.publish("T", n.to_string()))));
        // The last two don't fill the window; nobody waits for them.
        let wanted: Vec<String> = (0..48).map(|n| n.to_string()).collect();
        assert_eq!(take(&subscriber, 48), wanted);
    });
    let report = ticks.close_by(soon(), Quorum::AtLeast(0));
    assert_eq!(report.counters.accepted, 50);
    assert_eq!(take(&subscriber, 2), ["48", "49"]);
}

#[test]
fn who_joins_while_a_batch_is_open_gets_what_comes_after() {
    let ticks = bind(builder(Batching::default().delay(NEVER)));
    let first = member(&ticks, "a");
    ticks.publish("T", "before").expect("accepted");
    ticks.publish("T", "it").expect("accepted");
    let builder = Subscriber::builder("b").subscribe("");
    let builder = builder.connect(ticks.data_endpoint(), ticks.control_endpoint());
    let second = joined(builder.expect("connected"));
    ticks.publish("T", "after").expect("accepted");
    let close = {
        let ticks = ticks.clone();
        thread::spawn(move || ticks.close_by(soon(), Quorum::All))
    };
    assert_eq!(take(&first, 3), ["before", "it", "after"]);
    assert_eq!(take(&second, 1), ["after"]);
    assert!(close.join().expect("no panic").is_drained());
}

#[test]
fn settings_outside_their_range_are_refused() {
    let error = builder(Batching::default().messages(1));
    let error = error.bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*");
    let error = error.expect_err("a batch of one");
    assert!(matches!(error, OpenError::Config { .. }), "{error}");
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn tasks_publish_batches_too() {
    let ticks = bind(builder(Batching::default().messages(8).delay(NEVER)));
    let subscriber = member(&ticks, "a");
    let ticks = ticks.into_async();
    let topic = ticks.topic("T").expect("a topic");
    for n in 0..20 {
        let published = match n % 2 {
            0 => topic.publish(n.to_string()).await,
            _ => ticks.publish("T", n.to_string()).await,
        };
        assert_eq!(published, Ok(n + 1));
    }
    let reader = thread::spawn(move || take(&subscriber, 20));
    let report = ticks.close_by(soon(), Quorum::All).await;
    assert!(report.is_drained(), "{report}");
    assert_eq!(report.counters.repaired, 0, "they came by themselves");
    let wanted: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    assert_eq!(reader.join().expect("no panic"), wanted);
}
