//! What a service's publisher can be told reaches the publisher.
#![cfg(feature = "ack")]
#![expect(clippy::expect_used, reason = "a helper of tests fails by panicking")]

use linger::linger_ack::{Candidate, Denied, MemberOutcome, Presence};
use linger::{Coordinator, Phases, Service, Subscriber};
use std::time::{Duration, Instant};

/// A service that leaves this process's signals and its end alone.
fn service() -> Service {
    let coordinator = Coordinator::builder()
        .phases(Phases::zmq_service())
        .budget(Duration::from_secs(2));
    Service::builder("quotes")
        .coordinator(coordinator)
        .start()
        .expect("started")
}

#[test]
fn names_eviction_and_the_authorizer_are_passed_through() {
    let service = service();
    let quotes = service
        .publisher("quotes")
        .window(8, 1 << 20)
        .publish_limit(Duration::from_secs(20))
        .evict_after(Duration::from_millis(50))
        .durable("durable")
        .expect("expected", ["E"])
        .authorizer(|candidate: &Candidate<'_>| match candidate.name() {
            "durable" => Ok(()),
            _ => Err(Denied::new("unknown")),
        })
        .bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
        .expect("bound");
    let limit = Instant::now() + Duration::from_secs(20);
    let connect = |name: &str| {
        let subscriber = Subscriber::builder(name).subscribe("T");
        let subscriber = subscriber.connect(quotes.data_endpoint(), quotes.control_endpoint());
        subscriber.expect("connected")
    };
    let members = || {
        let members = quotes.members().into_iter();
        let members = members.map(|member| (member.name, member.presence));
        members.collect::<Vec<_>>()
    };
    let expected = ("expected".to_owned(), Presence::Absent);
    assert_eq!(members(), std::slice::from_ref(&expected));

    let durable = connect("durable");
    quotes.wait_for_members(1, limit).expect("it joins");
    for _ in 0..9 {
        quotes.publish("T", "x").expect("accepted: it is evicted");
    }
    assert_eq!(quotes.counters().evicted, 1);
    quotes.wait_for_members(1, limit).expect("it joins anew");
    let _ = durable.close_by(limit);
    let durable = ("durable".to_owned(), Presence::Absent);
    while members() != [expected.clone(), durable.clone()] {
        assert!(Instant::now() < limit, "it is durable: {:?}", members());
        std::thread::yield_now();
    }

    let _stranger = connect("stranger");
    while quotes.counters().denied == 0 {
        assert!(Instant::now() < limit, "nobody is asked");
        std::thread::yield_now();
    }

    service.shutdown();
    let report = service.run_blocking();
    let acks = report.publisher("quotes").expect("closed");
    let mut outcomes = acks.members.iter().map(|member| member.outcome);
    assert!(outcomes.any(|outcome| outcome == MemberOutcome::Evicted));
    assert!(acks.member("stranger").is_none());
}
