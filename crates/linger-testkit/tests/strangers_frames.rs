//! Frames that are too long, cut in half, or of another version.

mod common;

use common::beside::{Beside, bound};
use common::impostor::Impostor;
use common::stranger::{Stranger, noise};
use linger::linger_ack::proto::wire::{ToPublisher, ToSubscriber};

/// The longest that the control port takes in.
const LONGEST: usize = 1 << 20;

#[test]
fn frames_that_are_never_finished_hold_nothing_up() {
    let beside = Beside::a_stream();
    let mut held = Vec::new();
    for (endpoint, kind) in [
        (&beside.publisher.control, "DEALER"),
        (&beside.publisher.data, "SUB"),
    ] {
        for length in [1, 9, 11, 64] {
            let mut half = Stranger::connect(endpoint);
            half.say(&b"\xFF\0\0\0\0\0\0\0\x01\x7F"[..length.min(10)]);
            held.push(half);
        }
        for length in [2_u64, 200, 4_096] {
            let mut half = Stranger::greeted(endpoint, kind);
            half.announce(length);
            half.say(&noise(length, usize::try_from(length / 2).unwrap()));
            held.push(half);
        }
        // The first part of a message whose last never comes.
        let mut part = Stranger::greeted(endpoint, kind);
        part.frame(1, b"several");
        held.push(part);
    }
    beside.goes_on();
    // Those that are dropped now are cut off in mid-frame; the others stay beyond the stop.
    held.truncate(8);
    beside.goes_on();
    beside.drains(bound(2));
    drop(held);
}

#[test]
fn the_longest_frames_that_are_taken_in_stay_within_a_bound() {
    let beside = Beside::a_stream();
    let frame = noise(1, LONGEST);
    let mut strangers = [(); 4].map(|()| Stranger::greeted(&beside.publisher.control, "DEALER"));
    for _ in 0..100 {
        for stranger in &mut strangers {
            stranger.long_frame(&frame);
        }
    }
    beside.goes_on();
    // What waits to be read of four connections, one more of each on its way, and a burst.
    let stopped = beside.drains(bound(0) + (4 * 17 + 2) * LONGEST as u64);
    // What still waits when the publisher stops goes with the sockets.
    let broken = stopped.number("broken");
    assert!(
        (400 - 4 * 17..=400).contains(&broken),
        "{broken}: {stopped}"
    );
}

#[test]
fn old_and_future_versions_are_told_which_one_is_spoken_and_change_nothing() {
    let beside = Beside::a_stream();
    let mut peer = Impostor::connect(&beside.publisher, 7);
    let hello = peer.hello("one");
    let header = linger::linger_ack::proto::wire::Header {
        epoch: peer.epoch,
        session: peer.session,
    };
    for what in [hello, ToPublisher::Beat] {
        let mut frame = what.encode(&header, 1).to_vec();
        for version in [0, 2, 3, 255] {
            frame[2] = version;
            peer.control.long_frame(&frame);
            let spoken = ToSubscriber::Versions {
                lowest: 1,
                highest: 1,
            };
            assert_eq!(peer.hears(), spoken);
            // Who knows what a frame of that version holds.
            let longer = [&frame[..], b"and something new"].concat();
            peer.control.long_frame(&longer);
            assert_eq!(peer.hears(), spoken);
        }
    }
    beside.goes_on();
    let stopped = beside.drains(bound(0));
    assert_eq!(stopped.report["counters"]["versions"], 16, "{stopped}");
}
