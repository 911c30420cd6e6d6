//! Prefixes that come, go and overlap while the publisher floods.

use crate::common::{eventually, soon};
use linger_ack::linger_registry::Registry;
use linger_ack::{Level, Publisher, PublisherBuilder, Quorum, Subscriber};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

const TOPICS: [&str; 6] = ["a/0", "a/1", "a/10", "b/0", "b/1", "c"];

/// What is done to the prefixes, in turn.
const CHANGES: [(bool, &str); 16] = [
    (true, "a/"),
    (true, "a/1"),
    (false, "a/"),
    (true, "b"),
    (true, "b/0"),
    (false, "a/1"),
    (true, ""),
    (false, "b"),
    (false, "b/0"),
    (true, "a/"),
    (false, ""),
    (true, "c"),
    (false, "a/"),
    (true, "a/"),
    (false, "c"),
    (true, "c"),
];

/// How many messages a topic gets at least before its prefix is given up again.
const PERIOD: u64 = 50;

/// How far each topic is. A message is begun before it is accepted, and done after.
#[derive(Default)]
struct Counts {
    begun: [AtomicU64; TOPICS.len()],
    done: [AtomicU64; TOPICS.len()],
    stop: AtomicBool,
}

fn flood(publisher: Publisher, counts: Arc<Counts>) -> JoinHandle<()> {
    thread::spawn(move || {
        for number in 1.. {
            for (at, topic) in TOPICS.iter().enumerate() {
                counts.begun[at].store(number, Ordering::SeqCst);
                let payload = format!("{topic} {number}");
                let sequence = publisher.publish(topic, payload).expect("accepted");
                assert_eq!(sequence, number);
                counts.done[at].store(number, Ordering::SeqCst);
            }
            if counts.stop.load(Ordering::SeqCst) {
                break;
            }
        }
    })
}

/// Which sequences of a topic must have come: more than the first, up to the second.
type Periods = BTreeMap<&'static str, Vec<(u64, u64)>>;

/// Changes prefixes under flood; says what has to have come by the end.
fn change(subscriber: &Subscriber, counts: &Counts) -> Periods {
    let mut periods = Periods::new();
    let mut open = BTreeMap::<&str, u64>::new();
    let mut granted = Vec::<&str>::new();
    for (is_added, prefix) in CHANGES {
        if is_added {
            assert_eq!(subscriber.subscribe(prefix), Ok(true));
            let waited = subscriber.wait_until_subscribed(prefix, soon());
            assert_eq!(waited, Ok(()));
            granted.push(prefix);
            for (at, topic) in TOPICS.into_iter().enumerate() {
                if topic.starts_with(prefix) {
                    let base = counts.begun[at].load(Ordering::SeqCst);
                    open.entry(topic).or_insert(base);
                }
            }
        } else {
            granted.retain(|other| *other != prefix);
            for (at, topic) in TOPICS.into_iter().enumerate() {
                let is_left = granted.iter().any(|prefix| topic.starts_with(prefix));
                if !topic.starts_with(prefix) || is_left {
                    continue;
                }
                let base = open.remove(topic).expect("it was matched");
                let done = || counts.done[at].load(Ordering::SeqCst);
                eventually("the flood goes on", || done() >= base + PERIOD);
                periods.entry(topic).or_default().push((base, done()));
            }
            assert!(subscriber.unsubscribe(prefix));
        }
        let wanted: Vec<_> = subscriber.prefixes();
        let mut expected = granted.clone();
        expected.sort_unstable();
        assert_eq!(wanted, expected);
    }
    for (topic, base) in open {
        periods.entry(topic).or_default().push((base, u64::MAX));
    }
    periods
}

fn run(publisher: PublisherBuilder, data: &str, control: &str, level: Level, registry: &Registry) {
    // So that it is the subscriber that sets the pace.
    let publisher = publisher.window(2_048, 32 << 20).registry(registry);
    let publisher = publisher.bind(data, control).expect("bound");
    let subscriber = Subscriber::builder("a").level(level).registry(registry);
    let subscriber = subscriber.connect(publisher.data_endpoint(), publisher.control_endpoint());
    let subscriber = Arc::new(subscriber.expect("connected"));
    assert!(subscriber.wait_until_member(soon()));
    let counts = Arc::new(Counts::default());
    let flooding = flood(publisher.clone(), Arc::clone(&counts));
    let consuming = {
        let subscriber = Arc::clone(&subscriber);
        thread::spawn(move || {
            let mut came = BTreeMap::<String, Vec<u64>>::new();
            for delivery in subscriber.deliveries() {
                let delivery = delivery.expect("nothing is gone");
                let topic = String::from_utf8(delivery.topic().to_vec()).expect("text");
                let sequence = delivery.sequence();
                let payload = format!("{topic} {sequence}");
                assert_eq!(delivery.payload(), payload.as_bytes());
                came.entry(topic).or_default().push(sequence);
                delivery.ack();
            }
            came
        })
    };

    let periods = change(&subscriber, &counts);
    counts.stop.store(true, Ordering::SeqCst);
    flooding.join().expect("no panic");
    let report = publisher.close_by(soon(), Quorum::All);
    assert!(report.is_drained(), "{report}");
    let came = consuming.join().expect("no panic");
    for (at, topic) in TOPICS.into_iter().enumerate() {
        let came = came.get(topic).expect("it was matched");
        assert!(
            came.is_sorted_by(|one, next| one < next),
            "{topic}: in order, each once"
        );
        let last = counts.done[at].load(Ordering::SeqCst);
        for &(base, end) in &periods[topic] {
            let end = end.min(last);
            let owed = came.iter().filter(|&&n| base < n && n <= end).count() as u64;
            assert_eq!(owed, end - base, "{topic}: all of {base}..={end}");
        }
    }
    let report = subscriber.close_by(soon());
    assert!(report.is_clean(), "{report}");
    let counters = report.links[0].counters;
    assert_eq!((counters.broken, counters.gone), (0, 0));
    assert!(registry.close_by(soon()).is_clean());
}

#[test]
fn over_tcp_each_message_comes_once_and_none_is_missing_from_the_grant_on() {
    run(
        Publisher::builder("p"),
        "tcp://127.0.0.1:*",
        "tcp://127.0.0.1:*",
        Level::Processed,
        &Registry::new(),
    );
}

#[test]
fn with_bare_topics_and_at_the_level_received_it_is_the_same() {
    run(
        Publisher::builder("p").bare_topics(true),
        "tcp://127.0.0.1:*",
        "tcp://127.0.0.1:*",
        Level::Received,
        &Registry::new(),
    );
}

#[test]
fn over_inproc_it_is_the_same() {
    run(
        Publisher::builder("p"),
        "inproc://data",
        "inproc://control",
        Level::Processed,
        &Registry::new(),
    );
}

#[test]
fn over_ipc_at_the_level_received_it_is_the_same() {
    let folder = std::env::temp_dir().join(format!("linger-ack-sub-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let ipc = |name: &str| format!("ipc://{}", folder.join(name).display());
    run(
        Publisher::builder("p"),
        &ipc("data"),
        &ipc("control"),
        Level::Received,
        &Registry::new(),
    );
    std::fs::remove_dir_all(&folder).expect("the folder is there");
}
