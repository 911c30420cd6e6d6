//! What a seed decides before anything happens.

use crate::rng::Rng;
use crate::schedule::{MS, SECOND, Time};
use bytes::Bytes;
use linger_ack_proto::{Expected, Level, PublisherConfig, SubscriberConfig};
use std::time::Duration;

const NAMES: [&str; 5] = ["one", "two", "three", "four", "five"];

/// What an application does with a message that finds the window full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhenFull {
    /// It waits for room, and tries again.
    Wait,
    /// It gives the message up.
    Refuse,
    /// It gives the message up, and at times has those evicted who hold the window back.
    Evict,
}

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) publishers: usize,
    pub(crate) subscribers: usize,
    pub(crate) most_subscribers: usize,
    pub(crate) topics: Vec<Bytes>,
    pub(crate) prefixes: Vec<Bytes>,
    pub(crate) config: PublisherConfig,
    /// PUB's high-water mark, if it is not what the publisher asks for.
    pub(crate) pub_hwm: Option<usize>,
    pub(crate) sub_hwm: usize,
    pub(crate) dealer_hwm: usize,
    pub(crate) router_hwm: usize,
    pub(crate) latency: Time,
    pub(crate) jitter: Time,
    pub(crate) fault_time: Time,
    pub(crate) faults: u64,
    pub(crate) produce_every: Time,
    pub(crate) burst: u64,
    pub(crate) padding: u64,
    pub(crate) when_full: WhenFull,
    /// How many of a hundred names are given twice.
    pub(crate) namesakes: u64,
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

impl Plan {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        let has_many_topics = rng.below(150) == 0;
        let config = publisher_config(rng, has_many_topics);
        let topics = match has_many_topics {
            true => (0..rng.between(1_000, 2_500))
                .map(|n| format!("t{n:04}").into())
                .collect(),
            false => ["a", "ab", "abc", "b", "bc", "c"]
                .map(|name| Bytes::from_static(name.as_bytes()))
                .to_vec(),
        };
        let prefixes: &[&str] = match has_many_topics {
            true => &["", "t", "t0", "t1", "t00", "t12"],
            false => &["", "a", "ab", "b", "c", "x"],
        };
        let subscribers = 1 + rng.index(4);
        let fault_time = rng.between(1, 8) * SECOND / 2;
        Self {
            publishers: if rng.percent(12) { 2 } else { 1 },
            subscribers,
            most_subscribers: subscribers + 3,
            topics,
            prefixes: prefixes
                .iter()
                .map(|prefix| Bytes::copy_from_slice(prefix.as_bytes()))
                .collect(),
            config,
            pub_hwm: rng.percent(20).then(|| 2 + rng.index(30)),
            sub_hwm: rng.pick(&[2, 16, 1_000, 1_000]),
            dealer_hwm: rng.pick(&[1, 4, 1_000, 1_000]),
            router_hwm: rng.pick(&[4, 64, 1_024, 1_024]),
            latency: rng.pick(&[100, 100, 1_000, 5 * MS, 30 * MS]),
            jitter: rng.pick(&[1, 50, 2 * MS]),
            fault_time,
            faults: rng.between(2, 30),
            produce_every: rng.pick(&[5 * MS, 20 * MS, 50 * MS, 150 * MS]),
            burst: rng.pick(&[1, 3, 8]),
            padding: rng.pick(&[0, 0, 8, 200]),
            when_full: rng.pick(&[WhenFull::Wait, WhenFull::Refuse, WhenFull::Evict]),
            namesakes: rng.pick(&[0, 0, 20]),
        }
    }

    /// A subscriber; its name is one that nobody has, but for some.
    pub(crate) fn subscriber_config(&self, rng: &mut Rng, at: usize) -> SubscriberConfig {
        let name = match rng.percent(self.namesakes) {
            true => rng.pick(&NAMES).to_owned(),
            false => match NAMES.get(at) {
                Some(name) => (*name).to_owned(),
                None => format!("n{at}"),
            },
        };
        let Ok(mut config) = SubscriberConfig::new(name) else {
            unreachable!("the names are valid")
        };
        for _ in 0..=rng.below(2) {
            let prefix = self.prefixes[rng.index(self.prefixes.len())].clone();
            config = config.subscribe(prefix);
        }
        config.level = rng.pick(&[Level::Received, Level::Processed, Level::Processed]);
        config.pending_messages = rng.pick(&[1, 4, 64, 1_024]);
        config.reorder_messages = rng.pick(&[1, 4, 65_536]);
        config.reorder_bytes = rng.pick(&[64, 4_096, 1 << 20]);
        config.redeliveries = rng.pick(&[0, 1, 3]);
        config.ack_delay = ms(rng.pick(&[0, 1, 5, 50]));
        config.retry_first = ms(rng.pick(&[5, 50, 50]));
        config.retry_longest = ms(rng.pick(&[50, 500, 1_000]));
        config.farewell = ms(rng.pick(&[100, 1_000]));
        config
    }
}

fn publisher_config(rng: &mut Rng, has_many_topics: bool) -> PublisherConfig {
    let mut config = PublisherConfig::default();
    config.window_messages = rng.pick(&[8, 16, 64, 1_000]);
    config.expiry = ms(rng.pick(&[300, 600, 1_500]));
    config.join_within = ms(rng.pick(&[300, 1_000]));
    config.join_grace = ms(rng.pick(&[0, 20, 250]));
    config.sync_after = ms(rng.pick(&[10, 50, 100]));
    config.entries_per_part = match has_many_topics {
        true => rng.pick(&[100, 1_024]),
        false => rng.pick(&[1, 2, 3, 1_024]),
    };
    config.repair_messages = rng.pick(&[1, 2, 5, 512]);
    config.repair_bytes = rng.pick(&[1_024, 1 << 20]);
    if rng.percent(20) {
        config.window_bytes = rng.pick(&[300, 4_000]);
        config.max_payload = 300;
    }
    if rng.percent(5) {
        config.max_members = 2;
    }
    if rng.percent(5) {
        config.max_candidates = 1;
    }
    config.bare_topics = rng.percent(10);
    config.durable_for = ms(rng.pick(&[200, 1_000, 3_000]));
    if rng.percent(30) {
        config.durable = vec!["one".to_owned(), "two".to_owned()];
    }
    if rng.percent(15) {
        let name = rng.pick(&["one", "three"]);
        if let Ok(expected) = Expected::new(name) {
            let expected = expected.prefix(rng.pick(&["", "a", "b"]));
            config.expected = vec![expected.level(rng.pick(&[Level::Received, Level::Processed]))];
        }
    }
    if rng.percent(5) {
        config.max_topics = 4;
    }
    config
}
