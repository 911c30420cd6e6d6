//! What a publisher tells of its members and of its window.

use crate::common::{bind, connect, eventually, joined, member, next, soon};
use linger_ack::{Level, Presence, Publisher, Quorum, Subscriber};
use std::time::Instant;

#[test]
fn members_are_told_with_what_they_have_received_and_not_acknowledged() {
    let begun = Instant::now();
    let ticks = bind(Publisher::builder("ticks"));
    let slow = member(&ticks, "slow");
    let builder = Subscriber::builder("quick").subscribe("T");
    let quick = joined(connect(&ticks, builder.level(Level::Received)));
    for payload in ["1", "2", "3"] {
        ticks.publish("T", payload).expect("accepted");
    }
    next(&slow).ack();
    eventually("both have said what they received", || {
        let members = ticks.members();
        members[0].received_only == 2 && members[1].acked == 3
    });
    let members = ticks.members();
    let names = members.iter().map(|member| &member.name[..]);
    assert_eq!(names.collect::<Vec<_>>(), ["slow", "quick"]);
    let slow = &members[0];
    assert_eq!((slow.owed, slow.acked, slow.outstanding), (3, 1, 2));
    assert_eq!(slow.presence, Presence::Present);
    let levels = [members[0].level, members[1].level];
    assert_eq!(levels, [Level::Processed, Level::Received]);
    assert_eq!((members[1].outstanding, members[1].received_only), (0, 0));
    for member in &members {
        let since = member.since.expect("it joined");
        let heard = member.heard.expect("it spoke");
        assert!(begun < since && since <= heard && heard <= Instant::now());
        assert!(!member.suspected);
    }
    drop(quick);
}

#[test]
fn the_window_is_told_in_messages_and_in_bytes() {
    let ticks = bind(Publisher::builder("ticks").window(8, 1_000));
    let subscriber = member(&ticks, "a");
    assert!(!ticks.is_full());
    for _ in 0..8 {
        ticks.publish("T", "12345").expect("accepted");
    }
    let outstanding = ticks.outstanding();
    assert_eq!((outstanding.messages, outstanding.bytes), (8, 40));
    assert_eq!(
        outstanding.to_string(),
        "8 of 8 messages, 40 of 1,000 bytes"
    );
    assert!(ticks.is_full());
    next(&subscriber).ack();
    eventually("there is room", || !ticks.is_full());
    assert_eq!(ticks.outstanding().messages, 7);
    for _ in 0..7 {
        next(&subscriber).ack();
    }
    let report = ticks.close_by(soon(), Quorum::All);
    assert!(report.is_drained(), "{report}");
    assert_eq!(ticks.outstanding().bytes, 0);
}
