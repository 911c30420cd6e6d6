//! Quorums of names, and of acknowledgements by name.

use crate::peer::{Bench, mark, ms};
use linger_ack_proto::{Expected, Outcome, Quorum, Verdict};

fn named(names: &[&str]) -> Quorum {
    Quorum::Named(names.iter().map(|name| (*name).to_owned()).collect())
}

fn verdict(bench: &Bench, quorum: &Quorum) -> Verdict {
    let target = bench.publisher.target();
    bench.publisher.verdict(&target, quorum)
}

#[test]
fn who_is_named_must_have_joined_and_acknowledged_and_others_need_not() {
    let mut bench = Bench::new();
    let mut a = bench.member("a", &["t"]);
    bench.member("slow", &["t"]);
    bench.publish("t");
    assert_eq!(verdict(&bench, &named(&["a"])), Verdict::Pending);
    bench.ack(&mut a, 1, 1);
    assert_eq!(verdict(&bench, &named(&["a"])), Verdict::Met);
    assert_eq!(verdict(&bench, &named(&["a", "b"])), Verdict::Pending);
    bench.member("b", &["t"]);
    assert_eq!(verdict(&bench, &named(&["a", "b"])), Verdict::Met);
    assert_eq!(verdict(&bench, &Quorum::All), Verdict::Pending);
    bench.publisher.begin_close(bench.now);
    let report = bench.publisher.finish(named(&["a", "b"]));
    assert_eq!(report.outcome, Outcome::Drained);
}

#[test]
fn a_name_that_left_with_debts_bars_though_it_came_back() {
    let mut bench = Bench::new();
    let mut a = bench.member("a", &["t"]);
    bench.publish("t");
    bench.bye(&mut a, vec![]);
    let mut again = bench.member("a", &["t"]);
    bench.publish("t");
    bench.ack(&mut again, 1, 2);
    assert_eq!(verdict(&bench, &named(&["a"])), Verdict::Impossible);
}

#[test]
fn a_name_that_left_with_all_acknowledged_has_joined() {
    let mut bench = Bench::new();
    let mut a = bench.member("a", &["t"]);
    bench.publish("t");
    bench.bye(&mut a, vec![mark(1, 1)]);
    assert_eq!(verdict(&bench, &named(&["a"])), Verdict::Met);
}

#[test]
fn a_debt_after_the_target_bars_only_what_is_after_it() {
    let mut bench = Bench::new();
    let mut a = bench.member("a", &["t"]);
    bench.publish("t");
    bench.ack(&mut a, 1, 1);
    let target = bench.publisher.target();
    bench.publish("t");
    bench.bye(&mut a, vec![]);
    let before = bench.publisher.verdict(&target, &named(&["a"]));
    assert_eq!(before, Verdict::Met);
    assert_eq!(verdict(&bench, &named(&["a"])), Verdict::Impossible);
}

#[test]
fn after_a_close_began_who_never_joined_never_will() {
    let mut bench = Bench::with(|config| {
        config.expected = vec![Expected::new("late").expect("a name").prefix("t")];
    });
    bench.member("a", &["t"]);
    bench.publisher.begin_close(bench.now);
    assert_eq!(verdict(&bench, &named(&["b"])), Verdict::Impossible);
    assert_eq!(
        verdict(&bench, &named(&["late"])),
        Verdict::Pending,
        "it may still come"
    );
    assert_eq!(verdict(&bench, &named(&["late", "b"])), Verdict::Impossible);
    let mut late = bench.candidate("late", &["t"]);
    bench.joined(&mut late);
    assert_eq!(verdict(&bench, &named(&["late"])), Verdict::Met);
}

#[test]
fn an_expected_name_whose_time_is_over_bars() {
    let mut bench = Bench::with(|config| {
        config.expected = vec![Expected::new("late").expect("a name").prefix("t")];
    });
    bench.publish("t");
    bench.pass(ms(60_000));
    assert_eq!(verdict(&bench, &named(&["late"])), Verdict::Impossible);
    assert_eq!(verdict(&bench, &Quorum::All), Verdict::Impossible);
}

#[test]
fn a_candidate_of_a_name_that_may_owe_some_of_it_keeps_it_pending() {
    let mut bench = Bench::new();
    let mut a = bench.member("a", &["t"]);
    let mut newer = bench.candidate("a", &["t"]);
    bench.publish("t");
    bench.ack(&mut a, 1, 1);
    assert_eq!(verdict(&bench, &named(&["a"])), Verdict::Pending);
    bench.joined(&mut newer);
    assert_eq!(verdict(&bench, &named(&["a"])), Verdict::Pending);
    bench.ack(&mut newer, 1, 1);
    assert_eq!(verdict(&bench, &named(&["a"])), Verdict::Met);
}

#[test]
fn two_sessions_of_one_name_are_one_acknowledgement() {
    let mut bench = Bench::new();
    let mut older = bench.member("a", &["t"]);
    let mut newer = bench.candidate("a", &["t"]);
    bench.publish("t");
    bench.ack(&mut older, 1, 1);
    bench.joined(&mut newer);
    bench.ack(&mut newer, 1, 1);
    assert_eq!(verdict(&bench, &Quorum::AtLeast(1)), Verdict::Met);
    assert_eq!(verdict(&bench, &Quorum::AtLeast(2)), Verdict::Impossible);
}

#[test]
fn no_name_at_all_is_no_condition() {
    let mut bench = Bench::new();
    bench.member("a", &["t"]);
    bench.publish("t");
    assert_eq!(verdict(&bench, &named(&[])), Verdict::Met);
}
