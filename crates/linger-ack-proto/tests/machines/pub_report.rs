//! What a report says, in numbers and in words.

use crate::peer::{Bench, ms};
use linger_ack_proto::{MemberReport, Outcome, Quorum};

#[test]
fn a_drain_is_called_one_and_counted() {
    let mut bench = Bench::new();
    bench.publish("t"); // to nobody
    let mut peer = bench.member("a", &["t"]);
    bench.publish("t");
    bench.publish("t");
    bench.ack(&mut peer, 1, 3);
    let report = bench.publisher.finish(Quorum::All);
    assert!(report.is_drained());
    assert_eq!(report.summary(), "drained: 3 accepted, 1 owed to nobody");
    let text = "drained: 3 accepted, 1 owed to nobody\n  a: acked, 2 owed, 0 not processed";
    assert_eq!(report.to_string(), text);
    assert!(!report.member("a").is_some_and(MemberReport::has_gone));
}

#[test]
fn what_is_behind_and_what_is_gone_is_named_range_by_range() {
    let mut bench = Bench::with(|config| {
        config.window_messages = 8;
        config.durable = vec!["d".into()];
    });
    let mut peer = bench.member("d", &["t"]);
    for _ in 0..6 {
        bench.publish("t");
    }
    bench.ack(&mut peer, 1, 1);
    bench.pass(ms(6_500));
    while bench.publisher.counters().let_go == 0 {
        bench.publish("t");
    }
    let published = bench.publisher.counters().accepted;
    let report = bench.publisher.finish(Quorum::All);
    assert!(!report.is_drained());
    assert_eq!(report.outcome, Outcome::Behind);
    let member = report.member("d").expect("named");
    assert!(member.has_gone());
    assert_eq!(
        (member.owed(), member.unacked()),
        (published, published - 1)
    );
    let gone = member.topics[0].gone[0];
    let text = format!(
        "behind: {published} accepted, 0 owed to nobody\n  \
         d: absent, {published} owed, {} not processed\n    t: 2..={published}\n    t: {gone} gone",
        published - 1
    );
    assert_eq!(report.to_string(), text);
}
