//! Whole streams over real sockets.
#![expect(clippy::expect_used, reason = "a helper of tests fails by panicking")]

use linger_ack::{Level, MemberOutcome, Outcome, Publisher, Quorum, Subscriber, SubscriberReport};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

fn publisher(name: &str) -> Publisher {
    Publisher::builder(name)
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
        .expect("bound")
}

/// Takes everything from a publisher until end of stream, acknowledging it.
fn consume(
    publisher: &Publisher,
    name: &str,
    prefix: &str,
    level: Level,
) -> JoinHandle<(Vec<Vec<u8>>, SubscriberReport)> {
    let data = publisher.data_endpoint().to_owned();
    let control = publisher.control_endpoint().to_owned();
    let builder = Subscriber::builder(name).subscribe(prefix).level(level);
    thread::spawn(move || {
        let subscriber = builder.connect(&data, &control).expect("connected");
        let mut payloads = Vec::new();
        for delivery in subscriber.deliveries() {
            let delivery = delivery.expect("nothing is gone");
            payloads.push(delivery.payload().to_vec());
            delivery.ack();
        }
        (payloads, subscriber.close_by(soon()))
    })
}

#[test]
fn everything_arrives_in_order_and_the_report_says_so() {
    const MESSAGES: u32 = 50_000;
    let ticks = publisher("ticks");
    let all = consume(&ticks, "all", "", Level::Processed);
    let some = consume(&ticks, "some", "EUR", Level::Received);
    ticks.wait_for_members(2, soon()).expect("both join");
    for n in 0..MESSAGES {
        let topic = if n % 2 == 0 { "EURUSD" } else { "USDJPY" };
        ticks.publish(topic, &n.to_be_bytes()).expect("accepted");
    }
    let report = ticks.close_by(soon(), Quorum::All);
    assert_eq!(report.outcome, Outcome::Drained, "{report}");
    assert_eq!(report.counters.accepted, u64::from(MESSAGES));
    let member = report.member("some").expect("named");
    assert_eq!(
        (member.owed(), member.unacked()),
        (u64::from(MESSAGES) / 2, 0)
    );

    let (payloads, report) = all.join().expect("no panic");
    assert_eq!(payloads.len(), MESSAGES as usize);
    // Two topics may interleave; each is in order.
    for parity in 0..2 {
        let numbers = payloads
            .iter()
            .map(|p| u32::from_be_bytes(p[..].try_into().expect("four")));
        let topic: Vec<u32> = numbers.filter(|n| n % 2 == parity).collect();
        assert!(topic.is_sorted());
    }
    assert!(report.is_clean(), "{report}");
    let (payloads, report) = some.join().expect("no panic");
    assert_eq!(payloads.len(), MESSAGES as usize / 2);
    assert!(report.is_clean(), "{report}");
}

#[test]
fn a_subscriber_may_be_there_before_its_publisher() {
    let early = publisher("to learn two free ports");
    let (data, control) = (
        early.data_endpoint().to_owned(),
        early.control_endpoint().to_owned(),
    );
    let _ = early.close_by(soon(), Quorum::All);
    drop(early);

    let subscriber = Subscriber::builder("early")
        .subscribe("T")
        .connect(&data, &control);
    let subscriber = subscriber.expect("connected");
    let ticks = Publisher::builder("late")
        .bind(&data, &control)
        .expect("bound");
    ticks.wait_for_members(1, soon()).expect("it joins");
    ticks.publish("T", "1").expect("accepted");
    let delivery = subscriber
        .next_by(soon())
        .expect("not gone")
        .expect("in time");
    assert_eq!(&delivery.payload()[..], b"1");
    delivery.ack();
    assert!(ticks.close_by(soon(), Quorum::All).is_drained());
}

#[test]
fn one_subscriber_hears_two_publishers() {
    let first = publisher("first");
    let second = publisher("second");
    let subscriber = Subscriber::builder("both")
        .subscribe("")
        .publisher(first.data_endpoint(), first.control_endpoint())
        .connect(second.data_endpoint(), second.control_endpoint())
        .expect("connected");
    assert!(subscriber.wait_until_member(soon()));
    for n in 0..100u8 {
        first.publish("a", &[n]).expect("accepted");
        second.publish("a", &[n]).expect("accepted");
    }
    let closing = [first, second]
        .map(|publisher| thread::spawn(move || publisher.close_by(soon(), Quorum::All)));
    let mut from = std::collections::BTreeMap::<String, Vec<u8>>::new();
    for delivery in subscriber.deliveries() {
        let delivery = delivery.expect("nothing is gone");
        from.entry(delivery.publisher().to_owned())
            .or_default()
            .push(delivery.payload()[0]);
        delivery.ack();
    }
    assert_eq!(from.len(), 2);
    assert!(
        from.values()
            .all(|payloads| payloads.iter().copied().eq(0..100))
    );
    for closing in closing {
        assert!(closing.join().expect("no panic").is_drained());
    }
    assert!(subscriber.close_by(soon()).is_clean());
}

#[test]
fn flush_waits_for_the_application_and_not_for_a_close() {
    let ticks = publisher("ticks");
    let subscriber = Subscriber::builder("a").subscribe("T");
    let subscriber = subscriber.connect(ticks.data_endpoint(), ticks.control_endpoint());
    let subscriber = subscriber.expect("connected");
    ticks.wait_for_members(1, soon()).expect("it joins");
    ticks.publish("T", "1").expect("accepted");
    let delivery = subscriber
        .next_by(soon())
        .expect("not gone")
        .expect("in time");
    let error = ticks.flush_by(Instant::now() + Duration::from_millis(50), Quorum::All);
    let text = error.expect_err("held by the application").to_string();
    assert_eq!(
        text,
        "not flushed by the deadline: 0/1 acked, 1 outstanding, slowest: a (0 of 1)"
    );
    delivery.ack();
    ticks.flush_by(soon(), Quorum::All).expect("acknowledged");
    ticks.publish("T", "2").expect("still open");
}

#[test]
fn deliveries_are_acknowledged_by_other_threads_in_any_order() {
    let ticks = publisher("ticks");
    let subscriber = Subscriber::builder("workers").subscribe("T");
    let subscriber = subscriber.connect(ticks.data_endpoint(), ticks.control_endpoint());
    let subscriber = subscriber.expect("connected");
    ticks.wait_for_members(1, soon()).expect("it joins");
    for n in 0..1_000u32 {
        ticks.publish("T", &n.to_be_bytes()).expect("accepted");
    }
    let mut held = Vec::new();
    while held.len() < 1_000 {
        held.push(
            subscriber
                .next_by(soon())
                .expect("not gone")
                .expect("in time"),
        );
    }
    let odd: Vec<_> = (0..held.len() / 2).map(|at| held.remove(at + 1)).collect();
    let workers = [odd, held].map(|mut deliveries| {
        thread::spawn(move || {
            deliveries.reverse();
            deliveries.into_iter().for_each(linger_ack::Delivery::ack);
        })
    });
    let report = ticks.close_by(soon(), Quorum::All);
    assert!(report.is_drained(), "{report}");
    for worker in workers {
        worker.join().expect("no panic");
    }
}

#[test]
fn what_is_dropped_without_an_ack_is_named_on_both_sides() {
    let ticks = publisher("ticks");
    let subscriber = Subscriber::builder("careless").subscribe("T");
    let subscriber = subscriber.connect(ticks.data_endpoint(), ticks.control_endpoint());
    let subscriber = subscriber.expect("connected");
    ticks.wait_for_members(1, soon()).expect("it joins");
    for n in 0..3u8 {
        ticks.publish("T", &[n]).expect("accepted");
    }
    let closing = {
        let ticks = ticks.clone();
        thread::spawn(move || ticks.close_by(soon(), Quorum::All))
    };
    for (at, delivery) in subscriber.deliveries().enumerate() {
        let delivery = delivery.expect("nothing is gone");
        if at == 1 {
            drop(delivery);
        } else {
            delivery.ack();
        }
    }
    let report = subscriber.close_by(soon());
    assert_eq!((report.abandoned, report.is_clean()), (1, false));
    let report = closing.join().expect("no panic");
    assert_eq!(report.outcome, Outcome::Behind);
    let member = report.member("careless").expect("named");
    assert_eq!(member.outcome, MemberOutcome::Left);
    let range = member.topics[0].unacked().expect("named");
    assert_eq!((range.first(), range.last()), (2, 3));
}

#[test]
fn ipc_and_inproc_work_as_tcp_does() {
    let folder = std::env::temp_dir().join(format!("linger-ack-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let registry = linger_registry::Registry::new();
    let ipc = |name: &str| format!("ipc://{}", folder.join(name).display());
    for (data, control) in [
        (ipc("data"), ipc("control")),
        ("inproc://data".to_owned(), "inproc://control".to_owned()),
    ] {
        let ticks = Publisher::builder("p")
            .registry(&registry)
            .bind(&data, &control);
        let ticks = ticks.expect("bound");
        let subscriber = Subscriber::builder("s").registry(&registry).subscribe("T");
        let subscriber = subscriber.connect(&data, &control).expect("connected");
        ticks.wait_for_members(1, soon()).expect("it joins");
        ticks.publish("T", "1").expect("accepted");
        subscriber
            .next_by(soon())
            .expect("not gone")
            .expect("in time")
            .ack();
        let report = ticks.close_by(soon(), Quorum::All);
        assert!(report.is_drained(), "{data}: {report}");
        assert!(subscriber.close_by(soon()).is_clean());
    }
    let report = registry.close_by(soon());
    assert!(report.is_clean(), "{report}");
    std::fs::remove_dir_all(&folder).expect("the folder is there");
}
