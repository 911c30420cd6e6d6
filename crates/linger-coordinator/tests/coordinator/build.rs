//! What can't be started is refused, and the error names the thing.

use std::time::Duration;

use linger_coordinator::{BuildError, Coordinator, Phase, Phases};

const SECOND: Duration = Duration::from_secs(1);

fn refused(phases: Phases, budget: Duration) -> BuildError {
    Coordinator::builder()
        .phases(phases)
        .budget(budget)
        .start()
        .expect_err("must be refused")
}

#[test]
fn a_zero_budget() {
    let error = refused(Phases::service(), Duration::ZERO);
    assert!(matches!(error, BuildError::ZeroBudget));
    assert_eq!(error.to_string(), "the budget is zero");
}

#[test]
fn no_phases() {
    assert!(matches!(
        refused(Phases::new(), SECOND),
        BuildError::NoPhases
    ));
}

#[test]
fn a_phase_twice() {
    let phases = Phases::service().then(Phase::new("work"));
    let error = refused(phases, SECOND);
    assert_eq!(error.to_string(), "phase 'work' is in the list twice");
}

#[test]
fn limits_of_a_phase_that_is_not_there() {
    let phases = Phases::service().adjust(Phase::ACKS, |phase| phase.cap(SECOND));
    let error = refused(phases, SECOND);
    assert_eq!(
        error.to_string(),
        "there is no phase 'acks' to be adjusted or waited for"
    );
}

#[test]
fn reserves_that_do_not_fit() {
    let phases = Phases::new()
        .then(Phase::INTAKE)
        .then(Phase::ACKS.reserve(6 * SECOND))
        .then(Phase::SOCKETS.reserve(Duration::MAX));
    let error = refused(phases, 10 * SECOND);
    let text = error.to_string();
    assert!(matches!(error, BuildError::ReservesDontFit { phases, .. } if phases.len() == 2));
    assert!(
        text.contains("fit into 10s: 'acks' keeps 6s, 'sockets' keeps"),
        "{text}"
    );
}

#[test]
fn a_reserve_counts_up_to_its_cap() {
    let phases = Phases::new().then(Phase::ACKS.reserve(Duration::MAX).cap(SECOND));
    assert!(
        Coordinator::builder()
            .phases(phases)
            .budget(2 * SECOND)
            .start()
            .is_ok()
    );
}

#[test]
fn a_signal_that_can_not_be_caught() {
    for signal in [9, 19, 11, -1, 0, 4711] {
        let error = Coordinator::builder().on_signals_of([15, signal]).start();
        let error = error.expect_err("must be refused");
        assert_eq!(
            error.to_string(),
            format!("can't listen to signal {signal}")
        );
    }
}

#[test]
fn ready_made_lists_fit_any_budget() {
    for budget in [
        Duration::from_nanos(1),
        Duration::from_millis(3),
        SECOND,
        Duration::MAX,
    ] {
        for phases in [Phases::service(), Phases::zmq_service()] {
            let stop = Coordinator::builder()
                .phases(phases)
                .budget(budget)
                .start()
                .unwrap();
            stop.shutdown();
            let report = stop.wait_blocking();
            assert!(report.is_clean(), "nobody was there: {report}");
        }
    }
}

#[test]
fn the_plan_shows_caps_clamps_reserves_and_delays() {
    let phases = Phases::zmq_service()
        .adjust(Phase::READINESS, |phase| phase.propagation(2 * SECOND))
        .adjust(Phase::ACKS, |phase| {
            phase.cap(60 * SECOND).reserve(4 * SECOND)
        });
    let stop = Coordinator::builder()
        .phases(phases)
        .budget(20 * SECOND)
        .start()
        .unwrap();
    let expected = "\
budget 20.000 s
  readiness        at most   12.000 s  at least 2.000 s
  intake           at most   12.000 s
  work             at most   12.000 s
  acks             at most   16.000 s  reserve 4.000 s  (asked 60.000 s)
  sockets          at most   18.000 s  reserve 2.000 s
  context          at most   19.000 s  reserve 1.000 s
  telemetry        at most   20.000 s  reserve 1.000 s
";
    assert_eq!(stop.plan().to_string(), expected);
    assert!(stop.plan().phases()[3].is_clamped());
    assert!(!stop.plan().phases()[4].is_clamped());
}
