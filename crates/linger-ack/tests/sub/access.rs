//! Credentials, shown to an authorizer: who is let in, and with which prefixes.

use crate::common::{connect, eventually, next, soon};
use linger_ack::{
    Candidate, Denied, Publisher, Quorum, SubscribeError, Subscriber, SubscriberEvent,
};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// Lets in whoever knows the word, and nobody to what is secret.
fn guarded() -> Publisher {
    Publisher::builder("ticks")
        .authorizer(|candidate: &Candidate<'_>| {
            let is_secret = |prefix: &bytes::Bytes| prefix.starts_with(b"secret");
            match candidate.credentials() == b"sesame" {
                true if !candidate.prefixes().iter().any(is_secret) => Ok(()),
                true => Err(Denied::new("that is secret")),
                false => Err(Denied::new("unknown")),
            }
        })
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
        .expect("bound")
}

#[test]
fn who_shows_the_wrong_credentials_is_told_and_never_a_member() {
    let ticks = guarded();
    let (tell, told) = channel();
    let builder = Subscriber::builder("thief")
        .subscribe("T")
        .credentials("guess");
    let thief = connect(
        builder.on_event(move |_, event| drop(tell.send(event.clone()))),
        &ticks,
    );
    let event = told.recv_timeout(Duration::from_secs(60)).expect("told");
    assert!(
        matches!(event, SubscriberEvent::Refused { .. }),
        "{event:?}"
    );
    let link = thief.links().next().expect("one");
    eventually("it is counted", || link.counters().refused > 0);
    assert!(!thief.wait_until_member(Instant::now()));
    assert_eq!(ticks.member_count(), 0);

    let builder = Subscriber::builder("risk-1").subscribe("T");
    let risk = connect(builder.credentials("sesame"), &ticks);
    assert!(risk.wait_until_member(soon()));
    ticks.publish("T", "1").expect("accepted");
    next(&risk).ack();
    let report = ticks.close_by(soon(), Quorum::All);
    assert!(report.is_drained(), "{report}");
}

#[test]
fn a_prefix_that_is_not_for_this_member_is_refused_and_the_others_go_on() {
    let ticks = guarded();
    let builder = Subscriber::builder("risk-1").subscribe("T");
    let risk = connect(builder.credentials("sesame"), &ticks);
    assert!(risk.wait_until_member(soon()));
    for prefix in ["secret/plans", "U"] {
        assert_eq!(risk.subscribe(prefix), Ok(true));
    }
    let error = risk.wait_until_subscribed("secret/plans", soon());
    assert!(
        matches!(error, Err(SubscribeError::Refused { .. })),
        "{error:?}"
    );
    assert_eq!(risk.wait_until_subscribed("U", soon()), Ok(()));
    ticks.publish("secret/plans", "x").expect("accepted");
    for topic in ["T", "U"] {
        ticks.publish(topic, "1").expect("accepted");
        let delivery = next(&risk);
        assert_eq!(delivery.topic(), topic);
        delivery.ack();
    }
}
