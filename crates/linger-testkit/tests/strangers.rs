//! Strangers on both ports while messages stream: no effect on members.

mod common;

use common::stranger::{Stranger, noise};
use common::{Folder, Publisher, Stopped, Subscriber};

/// Streams to one subscriber while strangers do what they do, then stops; nothing was lost.
fn beside_a_stream(strange: impl Fn(&Publisher)) -> Stopped {
    let folder = Folder::new();
    let publisher = Publisher::start(&[]);
    let subscriber = Subscriber::of(&folder, "one", &publisher, &[]);
    publisher.order("wait 1");
    publisher.say("stream 10000");
    subscriber.wait_until_processed(1_000);
    strange(&publisher);
    let published = publisher.wait_until_published(1);
    subscriber.wait_until_processed(published + 2_000);
    let stopped = publisher.stop().drained();
    assert_eq!(stopped.members(), 1, "{stopped}");
    subscriber.done();
    subscriber.has_exactly(stopped.accepted());
    stopped
}

#[test]
fn bytes_that_mean_nothing_on_either_port_change_nothing() {
    beside_a_stream(|publisher| {
        for seed in 0..40 {
            let endpoint = [&publisher.data, &publisher.control][usize::from(seed % 2 == 0)];
            let mut stranger = Stranger::connect(endpoint);
            if seed % 4 < 2 {
                // What every ZeroMQ connection begins with.
                stranger.say(b"\xFF\0\0\0\0\0\0\0\x01\x7F");
            }
            stranger.say(&noise(seed, 4_096));
        }
    });
}

#[test]
fn messages_that_mean_nothing_are_counted_and_change_nothing() {
    let stopped = beside_a_stream(|publisher| {
        let mut control = Stranger::greeted(&publisher.control, "DEALER");
        let mut data = Stranger::greeted(&publisher.data, "SUB");
        for seed in 0..100 {
            let length = usize::from(noise(seed, 1)[0]);
            control.frame(0, &noise(seed, length));
            data.frame(0, &noise(seed, length));
        }
        for at in 0..20 {
            control.frame(1, b"several");
            control.frame(0, b"parts");
            // Subscriptions, and ends of some that never were.
            data.frame(0, &[1, at]);
            data.frame(0, &[0, at, at]);
        }
    });
    assert_eq!(stopped.number("broken"), 120, "{stopped}");
}

#[test]
fn frames_beyond_all_bounds_are_hung_up_on() {
    beside_a_stream(|publisher| {
        for length in [u64::MAX, 1 << 62, 64 << 20] {
            for (endpoint, kind) in [(&publisher.control, "DEALER"), (&publisher.data, "SUB")] {
                let mut stranger = Stranger::greeted(endpoint, kind);
                stranger.announce(length);
                stranger.until_hung_up_on();
            }
        }
    });
}
