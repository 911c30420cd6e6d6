//! Names that go and come back, and names that are expected.

use crate::common::{Events, after_ms, bind, eventually, member, over_each_transport, soon, take};
use linger_ack::{
    Event, Expected, FlushError, Level, MemberOutcome, OpenError, Outcome, Presence, Publisher,
    Quorum, Subscriber,
};
use std::time::Duration;

#[test]
fn a_durable_name_that_comes_back_is_paid_what_it_was_owed() {
    over_each_transport("durable", |ports| {
        let (builder, events) = Events::of(Publisher::builder("ticks").durable("risk-1"));
        let ticks = ports.bind(builder);
        let first = ports.member(&ticks, "risk-1");
        ticks.publish("T", "1").expect("accepted");
        assert_eq!(take(&first, 1), ["1"]);
        assert!(first.close_by(soon()).is_clean());
        eventually("it is absent", || {
            ticks.members()[0].presence == Presence::Absent
        });
        for payload in ["2", "3"] {
            ticks.publish("T", payload).expect("accepted");
        }
        assert_eq!(ticks.members()[0].outstanding, 2);
        let error = ticks.flush_by(after_ms(50), Quorum::All);
        let error = error.expect_err("it is away").to_string();
        assert_eq!(
            error,
            "not flushed by the deadline: 0/1 acked, 2 outstanding, slowest: risk-1 (1 of 3, absent)"
        );

        let again = ports.member(&ticks, "risk-1");
        assert_eq!(take(&again, 2), ["2", "3"]);
        ticks.flush_by(soon(), Quorum::All).expect("it has it all");
        let report = ticks.close_by(soon(), Quorum::All);
        assert_eq!(report.outcome, Outcome::Drained, "{report}");
        assert_eq!(report.counters.returned, 1);
        let name = || "risk-1".to_owned();
        let joined = |returned| Event::Joined {
            name: name(),
            returned,
        };
        assert_eq!(events.next(), joined(false));
        assert!(matches!(
            events.next(),
            Event::Absent { unacked: 0, name } if name == "risk-1"
        ));
        assert_eq!(events.next(), joined(true));
        assert!(again.close_by(soon()).is_clean());
    });
}

#[test]
fn a_durable_name_that_stays_away_for_too_long_is_named_with_what_it_lacks() {
    let builder = Publisher::builder("ticks").durable("risk-1");
    let (builder, events) = Events::of(builder.durable_for(Duration::from_millis(50)));
    let ticks = bind(builder);
    let first = member(&ticks, "risk-1");
    ticks.publish("T", "1").expect("accepted");
    let _ = first.close_by(soon());
    let departed = loop {
        if let Event::Departed { .. } = &events.next() {
            break ticks.members();
        }
    };
    assert_eq!(departed, []);
    let report = ticks.close_by(soon(), Quorum::All);
    assert_eq!(report.outcome, Outcome::Behind);
    let entry = report.member("risk-1").expect("named");
    assert_eq!(
        (entry.outcome, entry.unacked()),
        (MemberOutcome::Expired, 1)
    );
}

#[test]
fn an_expected_name_that_comes_late_gets_everything_from_the_start() {
    over_each_transport("expected", |ports| {
        let ticks = ports.bind(Publisher::builder("ticks").expect("risk-1", ["EUR"]));
        for (topic, payload) in [("EURUSD", "1"), ("USDJPY", "2"), ("EURGBP", "3")] {
            ticks.publish(topic, payload).expect("accepted");
        }
        let members = ticks.members();
        assert_eq!(members.len(), 1, "expected, and not here");
        assert_eq!(members[0].presence, Presence::Absent);
        assert_eq!((members[0].outstanding, members[0].heard), (2, None));
        let named = || Quorum::Named(vec!["risk-1".to_owned()]);
        let error = ticks.flush_by(after_ms(50), named());
        assert!(
            matches!(error, Err(FlushError::Deadline { .. })),
            "{error:?}"
        );

        let builder = Subscriber::builder("risk-1").subscribe("EUR");
        let late = ports.connect(&ticks, builder);
        let mut payloads = take(&late, 2);
        payloads.sort_unstable();
        assert_eq!(payloads, ["1", "3"]);
        ticks.flush_by(soon(), named()).expect("it came");
        let report = ticks.close_by(soon(), named());
        assert!(report.is_drained(), "{report}");
        assert!(late.close_by(soon()).is_clean());
    });
}

#[test]
fn an_expected_name_that_never_comes_bars_the_quorum_and_is_named() {
    let expected = Expected::new("risk-1").expect("a name").prefix("");
    let expected = expected.level(Level::Received);
    let ticks = bind(Publisher::builder("ticks").expected(expected));
    ticks.publish("T", "1").expect("accepted");
    let report = ticks.close_by(after_ms(100), Quorum::All);
    assert_eq!(report.outcome, Outcome::Behind);
    let entry = report.member("risk-1").expect("named");
    assert_eq!((entry.outcome, entry.unacked()), (MemberOutcome::Absent, 1));
    assert_eq!((entry.session, entry.level), (None, Level::Received));
}

#[test]
fn an_expected_name_that_cannot_be_is_an_error_of_bind() {
    let builder = || Publisher::builder("ticks").expect("", ["T"]);
    let bind = |builder: linger_ack::PublisherBuilder| {
        builder.bind("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
    };
    let error = bind(builder()).expect_err("no name");
    assert!(matches!(error, OpenError::Config { .. }), "{error}");
    let error = error.to_string();
    assert_eq!(
        error,
        "publisher ticks: a member's name has 1 to 255 bytes, not 0: \"\""
    );
    let error = bind(Publisher::builder("ticks").expect("a", [b"\xFF"]));
    assert!(matches!(error, Err(OpenError::Config { .. })), "{error:?}");
    let whole = builder().config(linger_ack::PublisherConfig::default());
    let _ = bind(whole).expect("all settings were replaced");
}
