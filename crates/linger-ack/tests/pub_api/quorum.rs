//! Who must have acknowledged, for a flush and for a close.

use crate::common::{after_ms, bind, member, next, soon, take};
use linger_ack::{FlushError, MemberOutcome, Outcome, Publisher, Quorum, Subscriber};
use std::time::{Duration, Instant};

fn named(names: &[&str]) -> Quorum {
    Quorum::Named(names.iter().map(|name| (*name).to_owned()).collect())
}

/// One that has acknowledged the only message, and one that holds it.
fn one_of_two() -> (Publisher, [Subscriber; 2], linger_ack::Delivery) {
    let ticks = bind(Publisher::builder("ticks"));
    let members = ["quick", "slow"].map(|name| member(&ticks, name));
    ticks.publish("T", "1").expect("accepted");
    assert_eq!(take(&members[0], 1), ["1"]);
    let held = next(&members[1]);
    (ticks, members, held)
}

#[test]
fn each_quorum_is_judged_by_who_has_acknowledged() {
    let (ticks, _members, held) = one_of_two();
    for met in [Quorum::AtLeast(1), named(&["quick"]), named(&[])] {
        let flushed = ticks.flush_by(soon(), met.clone());
        assert_eq!(flushed, Ok(()), "{met:?}");
    }
    let unmet = [
        Quorum::All,
        Quorum::AtLeast(2),
        named(&["quick", "slow"]),
        named(&["quick", "nobody"]),
    ];
    for unmet in unmet {
        let deadline = after_ms(30);
        let error = ticks.flush_by(deadline, unmet.clone());
        let is_deadline = matches!(error, Err(FlushError::Deadline { .. }));
        assert!(is_deadline, "{unmet:?}: {error:?}");
        assert!(Instant::now() >= deadline);
    }
    held.ack();
    for met in [Quorum::All, Quorum::AtLeast(2), named(&["quick", "slow"])] {
        let flushed = ticks.flush_by(soon(), met.clone());
        assert_eq!(flushed, Ok(()), "{met:?}");
    }
}

#[test]
fn a_close_drains_by_the_named_ones_and_names_the_others() {
    let (ticks, _members, held) = one_of_two();
    let begun = Instant::now();
    let report = ticks.close_by(soon(), named(&["quick"]));
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_eq!(report.outcome, Outcome::Drained, "{report}");
    let slow = report.member("slow").expect("named");
    assert_eq!((slow.outcome, slow.unacked()), (MemberOutcome::Behind, 1));
    drop(held);
}

#[test]
fn a_close_does_not_drain_by_one_who_never_joined() {
    let (ticks, _members, held) = one_of_two();
    held.ack();
    let report = ticks.close_by(soon(), named(&["quick", "nobody"]));
    assert_eq!(report.outcome, Outcome::Behind, "{report}");
}

#[test]
fn a_flush_that_can_never_hold_says_so_at_once() {
    let (ticks, [_quick, slow], held) = one_of_two();
    drop(held);
    let _ = slow.close_by(soon());
    let begun = Instant::now();
    let error = ticks.flush_by(soon(), Quorum::All);
    assert!(
        matches!(error, Err(FlushError::Impossible { .. })),
        "{error:?}"
    );
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "not the deadline"
    );
    assert_eq!(ticks.flush_by(soon(), Quorum::AtLeast(1)), Ok(()));
}
