//! Connections are cut, stalled and refused.

mod common;

use common::{Folder, Publisher, Subscriber, relay, soon};
use linger_testkit::relay::Relay;
use std::time::{Duration, Instant};

/// A publisher with two subscribers, one of them behind a relay for each connection.
struct Streams {
    publisher: Publisher,
    data: Relay,
    control: Relay,
    relayed: Subscriber,
    direct: Subscriber,
    _folder: Folder,
}

impl Streams {
    /// Both have joined; streaming has begun.
    fn start(rate: u32) -> Self {
        let folder = Folder::new();
        let publisher = Publisher::start(&[]);
        let (data, data_endpoint) = relay(&publisher.data);
        let (control, control_endpoint) = relay(&publisher.control);
        let through = [(data_endpoint.as_str(), control_endpoint.as_str())];
        let relayed = Subscriber::start(&folder, "relayed", &through, &[]);
        let direct = Subscriber::of(&folder, "direct", &publisher, &[]);
        publisher.order("wait 2");
        publisher.say(&format!("stream {rate}"));
        Self {
            publisher,
            data,
            control,
            relayed,
            direct,
            _folder: folder,
        }
    }

    /// Streams on for longer than a second, as the other subscriber sees it.
    fn pass_a_second(&self, rate: u64) {
        let begun = Instant::now();
        let published = self.publisher.wait_until_published(1);
        // Lines come once for a thousand, so one that is read may be old.
        self.direct.wait_until_processed(published + 2 * rate);
        assert!(
            begun.elapsed() > Duration::from_secs(1),
            "the pace keeps it from being earlier"
        );
    }

    /// Stops in mid-stream; nothing was lost. How many messages had to be sent again.
    fn stop(self) -> u64 {
        let stopped = self.publisher.stop().drained();
        assert_eq!(stopped.members(), 2, "nobody had to join anew: {stopped}");
        for subscriber in [&self.relayed, &self.direct] {
            subscriber.done();
            subscriber.has_exactly(stopped.accepted());
        }
        stopped.number("repaired")
    }
}

fn is_connected(relay: &Relay) {
    let counters = relay.wait_until(soon(), |now| now.live > 0);
    assert!(counters.is_ok(), "nothing to cut: {counters:?}");
}

/// Three times in mid-stream.
fn cut(data: bool, control: bool) {
    let streams = Streams::start(20_000);
    let relays = [(data, &streams.data), (control, &streams.control)];
    let relays = || {
        relays
            .iter()
            .filter(|(cut, _)| *cut)
            .map(|(_, relay)| relay)
    };
    for round in 1..=3 {
        let published = streams.publisher.wait_until_published(round * 3_000);
        for relay in relays() {
            is_connected(relay);
            assert_eq!(relay.cut().cut, round, "each had one connection");
        }
        streams.relayed.wait_until_processed(published + 2_000);
        for relay in relays() {
            is_connected(relay);
        }
    }
    let repaired = streams.stop();
    assert!(!data || repaired > 0, "cutting data took nothing away");
}

#[test]
fn cutting_data_loses_nothing() {
    cut(true, false);
}

#[test]
fn cutting_control_loses_nothing() {
    cut(false, true);
}

#[test]
fn cutting_both_loses_nothing() {
    cut(true, true);
}

#[test]
fn a_cut_just_before_the_stop_loses_nothing() {
    let streams = Streams::start(20_000);
    streams.publisher.wait_until_published(5_000);
    is_connected(&streams.data);
    is_connected(&streams.control);
    assert_eq!(streams.data.cut().cut, 1);
    assert_eq!(streams.control.cut().cut, 1);
    streams.stop();
}

#[test]
fn data_that_stalls_for_more_than_a_second_loses_nothing() {
    let streams = Streams::start(4_000);
    streams.relayed.wait_until_processed(2_000);
    let held = streams.data.stall().downstream_bytes;
    streams.pass_a_second(4_000);
    let counters = streams.data.resume();
    assert_eq!(counters.downstream_bytes, held, "nothing passed meanwhile");
    let published = streams.publisher.wait_until_published(1);
    streams.relayed.wait_until_processed(published + 4_000);
    assert_eq!(streams.data.counters().accepted, 1, "it was never cut");
    streams.stop();
}

#[test]
fn a_second_without_any_reconnection_loses_nothing() {
    let streams = Streams::start(4_000);
    streams.relayed.wait_until_processed(2_000);
    for relay in [&streams.data, &streams.control] {
        relay.refuse();
        assert_eq!(relay.cut().cut, 1);
    }
    streams.pass_a_second(4_000);
    for relay in [&streams.data, &streams.control] {
        let counters = relay.accept();
        assert!(counters.refused > 0, "it tried to come back: {counters:?}");
        assert_eq!(counters.accepted, 1, "and was let in: {counters:?}");
    }
    let published = streams.publisher.wait_until_published(1);
    streams.relayed.wait_until_processed(published + 4_000);
    let repaired = streams.stop();
    assert!(repaired >= 1_000, "a second's messages, not {repaired}");
}
