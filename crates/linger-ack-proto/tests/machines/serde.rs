//! Reports as JSON.

use crate::world::World;
use linger_ack_proto::Quorum;
use serde_json::json;

#[test]
fn a_report_reads_as_documented() {
    let mut world = World::new();
    let at = world.member("risk-1", "EUR");
    world.nodes[at].acks = false;
    world.publish("EUR\u{e9}", "1");
    world.publish("EUR\u{e9}", "2");
    world.pass(crate::world::ms(10));
    let now = world.now;
    let first = world.nodes[at].unacked.remove(0);
    world.nodes[at].acknowledge(now, first);
    world.pass(crate::world::ms(10));
    let progress = serde_json::to_value(world.publisher.progress(world.now)).expect("plain data");
    assert_eq!(
        progress,
        json!({"outstanding": 1, "members": [{
            "name": "risk-1", "presence": "present", "owed": 2, "acked": 1, "outstanding": 1,
            "received_only": 1, "level": "processed", "suspected": false
        }]})
    );
    let report = world.publisher.finish(Quorum::AtLeast(1));
    let mut report = serde_json::to_value(report).expect("plain data");
    let counters = report["counters"].take();
    assert_eq!(
        [
            &counters["accepted"],
            &counters["joined"],
            &counters["let_go"]
        ],
        [2, 1, 0]
    );
    assert_eq!(
        report,
        json!({
            "outcome": "behind",
            "quorum": {"at_least": 1},
            "epoch": "0000000000000000000000000000004d",
            "counters": null,
            "members": [{
                "name": "risk-1",
                "session": "00000000000000010000000000000000",
                "level": "processed",
                "outcome": "behind",
                "topics": [{
                    "topic": "EUR\\xc3\\xa9",
                    "number": 1,
                    "base": 1,
                    "last": 2,
                    "received": 2,
                    "processed": 1,
                    "level": "processed",
                    "gone": [],
                    "earlier": 0,
                    "earlier_ranges": []
                }]
            }],
            "departed_with_unacked": 0
        })
    );
}

#[test]
fn outcomes_and_quorums_are_words() {
    use linger_ack_proto::{Level, MemberOutcome, Outcome, SequenceRange};
    let words = json!([
        [Outcome::Drained, Outcome::NoMembers, Outcome::NothingOwed],
        [MemberOutcome::Superseded, MemberOutcome::Expired],
        Quorum::All,
        Level::Received,
        SequenceRange::new(2, 5)
    ]);
    assert_eq!(
        words,
        json!([
            ["drained", "no_members", "nothing_owed"],
            ["superseded", "expired"],
            "all",
            "received",
            {"first": 2, "last": 5}
        ])
    );
}

#[test]
fn what_was_abandoned_is_named_by_topic_and_ranges() {
    let mut hand = crate::hand::Hand::member(&["T"], vec![]);
    hand.data("T\u{e9}", 1, 1);
    for delivery in hand.deliveries() {
        hand.machine.abandon(hand.now, delivery);
    }
    let abandoned = serde_json::to_value(hand.machine.abandoned()).expect("plain data");
    assert_eq!(
        abandoned,
        json!([{"topic": "T\\xc3\\xa9", "ranges": [{"first": 1, "last": 1}]}])
    );
}
