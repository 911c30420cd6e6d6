//! Expected names: absent from the start, and owed everything.

use crate::peer::{Bench, ms};
use linger_ack_proto::{
    Event, Expected, MemberOutcome, Outcome, Presence, PublisherConfig, Quorum, Verdict,
};

fn expecting(name: &str, prefix: &'static str) -> impl FnOnce(&mut PublisherConfig) {
    let expected = Expected::new(name).map(|expected| expected.prefix(prefix));
    |config: &mut PublisherConfig| config.expected = expected.into_iter().collect()
}

#[test]
fn a_name_that_is_expected_is_owed_everything_before_it_ever_came() {
    let mut bench = Bench::with(expecting("risk", "a"));
    bench.publish("a");
    bench.publish("b");
    assert_eq!(bench.publisher.counters().unowed, 1);
    let progress = bench.publisher.progress(bench.now);
    let member = progress.member("risk").expect("expected");
    assert_eq!((member.presence, member.outstanding), (Presence::Absent, 1));
    let mut peer = bench.peer("risk");
    assert_eq!(bench.hello(&mut peer, &["a", "b"]), [(1, 1), (2, 2)]);
    bench.joined(&mut peer);
    let joined = Event::Joined {
        name: "risk".into(),
        returned: false,
    };
    assert_eq!(bench.events.last(), Some(&joined));
    bench.ack(&mut peer, 1, 1);
    assert_eq!(bench.retained(), 0);
    let report = bench.publisher.finish(Quorum::Named(vec!["risk".into()]));
    assert_eq!(report.outcome, Outcome::Drained);
    assert_eq!(report.members.len(), 1, "the claim itself left nothing");
}

#[test]
fn who_was_expected_and_never_came_is_named_without_a_session() {
    let mut bench = Bench::with(expecting("risk", "a"));
    bench.publish("a");
    bench.publisher.begin_close(bench.now);
    let target = bench.publisher.target();
    assert_eq!(
        bench.publisher.verdict(&target, &Quorum::All),
        Verdict::Pending,
        "it may still come"
    );
    assert!(!bench.publisher.is_settled(&target));
    let report = bench.publisher.finish(Quorum::All);
    assert_eq!(report.outcome, Outcome::Behind, "not NoMembers");
    let member = report.member("risk").expect("named");
    assert_eq!(
        (member.session, member.outcome, member.unacked()),
        (None, MemberOutcome::Absent, 1)
    );
}

#[test]
fn the_clock_of_who_is_expected_begins_with_the_first_time_that_is_told() {
    let mut bench = Bench::with(expecting("risk", "a"));
    assert_eq!(bench.publisher.poll_timeout(), None);
    bench.now += ms(100_000);
    bench.publish("a");
    bench.pass(ms(59_999));
    assert_eq!(bench.retained(), 1);
    bench.pass(ms(1));
    assert_eq!(bench.retained(), 0);
}
