//! What a subscriber tells of its publishers while it goes on.

use crate::common::{connect, next, publisher, soon};
use linger_ack::linger_registry::Registry;
use linger_ack::{EndReason, Publisher, Quorum, Subscriber, SubscriberEvent};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

type Events = Receiver<(String, SubscriberEvent)>;

fn watched() -> (linger_ack::SubscriberBuilder, Events) {
    let (tell, events) = channel();
    let builder = Subscriber::builder("a").on_event(move |publisher, event| {
        let _ = tell.send((publisher.to_owned(), event.clone()));
    });
    (builder, events)
}

/// The next event that is one of these.
fn expect(events: &Events, is_it: impl Fn(&SubscriberEvent) -> bool) -> SubscriberEvent {
    loop {
        let event = events.recv_timeout(Duration::from_secs(60));
        let (_, event) = event.expect("it happens");
        if is_it(&event) {
            return event;
        }
    }
}

#[test]
pub(crate) fn a_life_is_told_from_its_joining_to_its_end() {
    let ticks = publisher();
    let (builder, events) = watched();
    let subscriber = connect(builder.subscribe("A"), &ticks);
    assert!(subscriber.wait_until_member(soon()));
    assert_eq!(subscriber.subscribe("B"), Ok(true));
    assert_eq!(subscriber.wait_until_subscribed("B", soon()), Ok(()));
    ticks.publish("B", "1").expect("accepted");
    next(&subscriber).abandon();
    let report = ticks.close_by(soon(), Quorum::All);
    assert!(!report.is_drained(), "{report}");
    let _ = subscriber.close_by(soon());
    drop(subscriber);
    let events: Vec<_> = events.into_iter().collect();
    assert!(
        events
            .iter()
            .all(|(publisher, _)| publisher == ticks.data_endpoint())
    );
    let told: Vec<_> = events.into_iter().map(|(_, event)| event).collect();
    let prefix = bytes::Bytes::from_static(b"B");
    let expected = [
        SubscriberEvent::Joined,
        SubscriberEvent::Subscribe {
            prefix: prefix.clone(),
        },
        SubscriberEvent::Subscribed { prefix },
        SubscriberEvent::Abandoned {
            topic: "B".into(),
            sequence: 1,
        },
        SubscriberEvent::EndOfStream,
        SubscriberEvent::Ended {
            reason: EndReason::Confirmed,
        },
    ];
    assert_eq!(told, expected);
}

#[test]
fn what_is_told_may_panic_and_may_call_the_subscriber() {
    let ticks = publisher();
    let (tell, told) = channel::<Subscriber>();
    let (answer, answers) = channel();
    let mut is_first = true;
    let builder = Subscriber::builder("a")
        .subscribe("A")
        .on_event(move |_, event| {
            if std::mem::take(&mut is_first) {
                panic!("the application's own");
            }
            if matches!(event, SubscriberEvent::Subscribed { .. }) {
                let subscriber = told.recv().expect("it is handed over");
                // No lock is held.
                let _ = answer.send((subscriber.memberships(), subscriber));
            }
        });
    let subscriber = connect(builder, &ticks);
    assert!(subscriber.wait_until_member(soon()), "it goes on");
    ticks.publish("A", "1").expect("accepted");
    next(&subscriber).ack();
    assert_eq!(subscriber.subscribe("B"), Ok(true));
    tell.send(subscriber).expect("it waits");
    let (members, subscriber) = answers
        .recv_timeout(Duration::from_secs(60))
        .expect("it is called again");
    assert_eq!(members, 1);
    assert!(subscriber.close_by(soon()).is_clean());
}

/// The ports are free once the sockets that held them are gone.
fn bind_when_free(data: &str, control: &str) -> Publisher {
    let limit = soon();
    loop {
        match Publisher::builder("second").bind(data, control) {
            Ok(publisher) => return publisher,
            Err(error) => assert!(std::time::Instant::now() < limit, "{error}"),
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_restarted_publisher_is_told_with_the_last_marks_of_the_old_epoch() {
    let registry = Registry::new();
    let first = Publisher::builder("first")
        .registry(&registry)
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
        .expect("bound");
    let (data, control) = (
        first.data_endpoint().to_owned(),
        first.control_endpoint().to_owned(),
    );
    let (builder, events) = watched();
    let subscriber = connect(builder.subscribe("A"), &first);
    assert!(subscriber.wait_until_member(soon()));
    for payload in ["1", "2", "3"] {
        first.publish("A", payload).expect("accepted");
    }
    next(&subscriber).ack();
    next(&subscriber).ack();
    let held = next(&subscriber);
    // The context ends under the publisher: no FIN, as if it had been killed.
    let report = registry.close_by(std::time::Instant::now() + Duration::from_millis(200));
    assert!(!report.is_clean(), "{report}");
    drop(first);

    let second = bind_when_free(&data, &control);
    let restarted = expect(&events, |event| {
        matches!(event, SubscriberEvent::Restarted { .. })
    });
    let SubscriberEvent::Restarted { marks, .. } = restarted else {
        panic!("{restarted:?}");
    };
    assert_eq!(marks.len(), 1);
    assert_eq!(
        (&marks[0].topic[..], marks[0].received, marks[0].processed),
        (&b"A"[..], 3, 2)
    );
    expect(&events, |event| *event == SubscriberEvent::Joined);
    second.publish("A", "4").expect("accepted");
    let delivery = next(&subscriber);
    assert_eq!(
        (&delivery.payload()[..], delivery.sequence()),
        (&b"4"[..], 1)
    );
    held.ack(); // of the old epoch: it counts for nobody
    let error = second.flush_by(std::time::Instant::now(), Quorum::All);
    assert!(error.is_err(), "what is new is not acknowledged");
    delivery.ack();
    let counters = subscriber.links().next().expect("one").counters();
    assert_eq!(counters.restarts, 1);
    let report = second.close_by(soon(), Quorum::All);
    assert!(report.is_drained(), "{report}");
}
