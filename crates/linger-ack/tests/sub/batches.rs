//! Deliveries taken and acknowledged several at once.

use crate::common::{config, connect, eventually, member, next, publisher, publisher_with, soon};
use linger_ack::{DeliveryBatch, Outcome, Publisher, Quorum, Subscriber};

fn publish(ticks: &Publisher, count: u32) {
    for number in 0..count {
        let payload = number.to_be_bytes().to_vec();
        ticks.publish("T", payload).expect("accepted");
    }
}

/// Publishes so many, and waits until all of them wait for the application.
fn ready(ticks: &Publisher, subscriber: &Subscriber, count: u32) {
    publish(ticks, count);
    let link = subscriber.links().next().expect("one");
    eventually("received", || link.counters().delivered == u64::from(count));
}

fn next_batch(subscriber: &Subscriber, most: usize) -> DeliveryBatch {
    let next = subscriber.next_batch_by(most, soon());
    next.expect("nothing is gone").expect("in time")
}

fn sequences(batch: &DeliveryBatch) -> Vec<u64> {
    batch.iter().map(|delivery| delivery.sequence()).collect()
}

#[test]
pub(crate) fn a_batch_is_what_is_ready_and_its_ack_is_that_of_all() {
    let ticks = publisher();
    let subscriber = member(&ticks, &["T"]);
    ready(&ticks, &subscriber, 10);
    let first = next_batch(&subscriber, 4);
    assert_eq!((first.len(), sequences(&first)), (4, vec![1, 2, 3, 4]));
    let rest = next_batch(&subscriber, 256);
    assert_eq!(sequences(&rest), [5, 6, 7, 8, 9, 10]);
    assert_eq!(rest.publisher(), ticks.data_endpoint());
    for (number, delivery) in (4_u32..).zip(rest.iter()) {
        assert_eq!(delivery.payload()[..], number.to_be_bytes());
        assert_eq!((&delivery.topic()[..], delivery.attempt()), (&b"T"[..], 1));
    }
    let link = subscriber.links().next().expect("one");
    rest.ack();
    assert_eq!(link.marks()[0].processed, 0, "the first are not");
    first.ack();
    assert_eq!(link.marks()[0].processed, 10);
    let report = ticks.close_by(soon(), Quorum::All);
    assert!(report.is_drained(), "{report}");
    assert!(subscriber.batches(256).next().is_none(), "it has ended");
    assert!(subscriber.close_by(soon()).is_clean());
}

#[test]
pub(crate) fn a_batch_never_waits_for_more_than_one_and_has_one_at_least() {
    let ticks = publisher();
    let subscriber = member(&ticks, &["T"]);
    for most in [256, 1, 0] {
        publish(&ticks, 1);
        let batch = next_batch(&subscriber, most);
        assert_eq!(batch.len(), 1);
        batch.ack();
    }
    let none = subscriber.next_batch_by(256, std::time::Instant::now());
    assert!(none.expect("nothing is gone").is_none());
}

#[test]
pub(crate) fn a_batch_that_is_dropped_is_abandoned_message_by_message() {
    let ticks = publisher();
    let subscriber = member(&ticks, &["T"]);
    ready(&ticks, &subscriber, 5);
    drop(next_batch(&subscriber, 3));
    next_batch(&subscriber, 3).ack();
    let report = ticks.close_by(soon(), Quorum::All);
    assert_eq!(report.outcome, Outcome::Behind, "{report}");
    let report = subscriber.close_by(soon());
    assert_eq!((report.abandoned, report.held), (3, 0), "{report}");
    assert_eq!(report.links[0].abandoned[0].ranges[0].to_string(), "1..=3");
}

#[test]
pub(crate) fn what_came_back_comes_alone_before_the_next_batch() {
    let ticks = publisher();
    let builder = Subscriber::builder("a").subscribe("T").redeliveries(1);
    let subscriber = connect(builder, &ticks);
    assert!(subscriber.wait_until_member(soon()));
    ready(&ticks, &subscriber, 6);
    drop(next_batch(&subscriber, 2));
    for sequence in [1, 2] {
        let again = next_batch(&subscriber, 256);
        assert_eq!(sequences(&again), [sequence]);
        again.ack();
    }
    let rest = next_batch(&subscriber, 256);
    assert_eq!(sequences(&rest), [3, 4, 5, 6]);
    rest.ack();
    assert!(ticks.close_by(soon(), Quorum::All).is_drained());
}

#[test]
pub(crate) fn the_messages_of_a_batch_can_be_acknowledged_one_by_one() {
    let ticks = publisher();
    let subscriber = member(&ticks, &["T"]);
    ready(&ticks, &subscriber, 4);
    let mut deliveries = next_batch(&subscriber, 256).into_deliveries();
    assert_eq!(deliveries.len(), 4);
    deliveries.next().expect("the first").ack();
    deliveries.next().expect("the second").ack();
    drop(deliveries);
    let link = subscriber.links().next().expect("one");
    assert_eq!(link.marks()[0].processed, 2);
    assert_eq!(link.abandoned()[0].ranges[0].to_string(), "3..=4");
}

#[test]
pub(crate) fn payloads_of_every_size_arrive_as_they_were_sent() {
    for bare in [false, true] {
        let ticks = publisher_with(config(|config| config.bare_topics = bare));
        let subscriber = member(&ticks, &["T"]);
        let sizes = [
            0, 1, 511, 512, 513, 4_095, 4_096, 8_191, 8_192, 8_193, 100_000,
        ];
        let payload = |at: usize| vec![u8::try_from(at % 251).expect("small"); sizes[at % 11]];
        for at in 0..110 {
            ticks.publish("T", payload(at)).expect("accepted");
        }
        for at in 0..110 {
            let delivery = next(&subscriber);
            assert_eq!(delivery.sequence(), at as u64 + 1, "bare topics: {bare}");
            assert!(delivery.payload()[..] == payload(at), "the {at}th");
            delivery.ack();
        }
        assert!(ticks.close_by(soon(), Quorum::All).is_drained());
        assert_eq!(subscriber.links().next().expect("one").counters().broken, 0);
        // Another of that name may follow only once it has ended.
        assert!(subscriber.close_by(soon()).is_clean());
    }
}
