//! Phases as a graph.

use std::thread;
use std::time::Duration;

use crate::common::LONG;
use linger_coordinator::{BuildError, Coordinator, Phase, Phases, Stage};

const CACHE: Phase = Phase::new("cache");
const LEDGER: Phase = Phase::new("ledger");
const SECOND: Duration = Duration::from_secs(1);

fn side_by_side() -> Phases {
    Phases::new()
        .then(Phase::INTAKE)
        .and(CACHE.after([Phase::INTAKE]))
        .and(LEDGER.after([Phase::INTAKE]))
        .then(Phase::TELEMETRY)
}

fn refused(phases: Phases) -> BuildError {
    let started = Coordinator::builder().phases(phases).budget(LONG).start();
    started.expect_err("it was started")
}

#[test]
fn phases_that_do_not_wait_for_each_other_overlap() {
    let started = Coordinator::builder().phases(side_by_side()).budget(LONG);
    let stop = started.start().unwrap();
    let members = [CACHE, LEDGER].map(|phase| stop.register(phase.name()).phase(phase).unwrap());
    let last = stop.register("logs").phase(Phase::TELEMETRY).unwrap();
    stop.shutdown();
    // Each is held until both have begun.
    for member in &members {
        member.wait();
    }
    assert!(!last.is_triggered());
    let [cache, ledger] = members;
    drop(cache);
    assert!(!last.is_triggered());
    drop(ledger);
    last.wait();
    drop(last);
    let report = stop.wait_blocking();
    assert!(report.is_clean(), "{report}");
    let names: Vec<_> = report.phases().iter().map(|phase| phase.phase()).collect();
    assert_eq!(names, ["intake", "cache", "ledger", "telemetry"]);
    let telemetry = report.phases().last().unwrap();
    assert!(telemetry.after().eq(["cache", "ledger"]));
    let [cache, ledger] = [&report.phases()[1], &report.phases()[2]];
    assert!(cache.started() < ledger.started() + ledger.took());
    assert!(ledger.started() < cache.started() + cache.took());
}

#[test]
fn a_phase_that_is_adjusted_to_begin_elsewhere_is_waited_for_all_the_same() {
    let phases = Phases::service().adjust(Phase::WORK, |work| work.after([Phase::READINESS]));
    let started = Coordinator::builder().phases(phases).budget(LONG).start();
    let stop = started.unwrap();
    let accepting = stop.register("http").phase(Phase::INTAKE).unwrap();
    let logs = stop.register("logs").phase(Phase::TELEMETRY).unwrap();
    stop.shutdown();
    accepting.wait();
    drop(logs);
    drop(accepting);
    let report = stop.wait_blocking();
    let [intake, telemetry] = [&report.phases()[1], &report.phases()[3]];
    assert_eq!((intake.phase(), telemetry.phase()), ("intake", "telemetry"));
    assert!(telemetry.after().eq(["intake", "work"]), "{report}");
    assert!(intake.started() + intake.took() <= telemetry.started());
}

#[test]
fn a_branch_that_hangs_does_not_hold_up_its_neighbour() {
    let budget = Duration::from_millis(400);
    let phases = side_by_side().adjust(CACHE, |cache| cache.cap(Duration::from_millis(50)));
    let stop = Coordinator::builder()
        .phases(phases)
        .budget(budget)
        .start()
        .unwrap();
    let hangs = stop.register("hangs").phase(CACHE).unwrap();
    let ledger = stop.register("ledger").phase(LEDGER).unwrap();
    stop.shutdown();
    ledger.wait();
    // Its own phase has no cap.
    while !hangs.is_forced() {
        thread::yield_now();
    }
    assert!(!ledger.is_forced());
    drop(ledger);
    let report = stop.wait_blocking();
    assert_eq!(report.stage(), Stage::Forced);
    assert!(report.member("ledger").unwrap().outcome().is_done());
    assert!(report.member("hangs").unwrap().outcome().is_incomplete());
}

#[test]
fn a_chain_is_printed_as_a_list_and_a_graph_with_what_comes_after_what() {
    let phases = side_by_side()
        .adjust(LEDGER, |ledger| ledger.reserve(4 * SECOND))
        .adjust(Phase::TELEMETRY, |logs| logs.reserve(SECOND));
    let stop = Coordinator::builder()
        .phases(phases)
        .budget(10 * SECOND)
        .start()
        .unwrap();
    assert_eq!(
        stop.plan().to_string(),
        "\
budget 10.000 s
  intake           at most    5.000 s
  cache            at most    9.000 s
  ledger           at most    9.000 s  reserve 4.000 s  after intake
  telemetry        at most   10.000 s  reserve 1.000 s  after cache, ledger
"
    );
}

#[test]
fn reserves_of_branches_that_overlap_are_not_added_up() {
    let both = |reserve| {
        Phases::new()
            .and(CACHE.reserve(reserve))
            .and(LEDGER.reserve(reserve))
    };
    let fits = Coordinator::builder()
        .phases(both(6 * SECOND))
        .budget(10 * SECOND);
    assert!(fits.start().is_ok());
    let too_much = Coordinator::builder()
        .phases(both(6 * SECOND).then(Phase::TELEMETRY.reserve(5 * SECOND)))
        .budget(10 * SECOND)
        .start();
    match too_much {
        Err(BuildError::ReservesDontFit { phases, .. }) => {
            assert_eq!(
                phases,
                [(CACHE, 6 * SECOND), (Phase::TELEMETRY, 5 * SECOND)]
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn phases_that_wait_for_one_another_are_named() {
    let error = refused(
        Phases::new()
            .then(Phase::INTAKE)
            .and(CACHE.after([LEDGER, Phase::INTAKE]))
            .and(LEDGER.after([Phase::WORK]))
            .and(Phase::WORK.after([CACHE])),
    );
    assert_eq!(
        error.to_string(),
        "phases wait for one another: 'cache' after 'ledger' after 'work' after 'cache'"
    );
    let itself = refused(Phases::new().and(CACHE.after([CACHE])));
    assert_eq!(
        itself.to_string(),
        "phases wait for one another: 'cache' after 'cache'"
    );
}

#[test]
fn a_phase_can_only_be_after_one_that_is_listed() {
    let error = refused(Phases::new().and(CACHE.after([LEDGER])));
    assert!(matches!(error, BuildError::UnknownPhase { phase } if phase == LEDGER));
}

#[test]
fn a_phase_may_be_listed_before_the_one_that_it_begins_after() {
    let phases = Phases::new().and(CACHE.after([LEDGER])).and(LEDGER);
    let stop = Coordinator::builder()
        .phases(phases)
        .budget(LONG)
        .start()
        .unwrap();
    let order: Vec<_> = stop.plan().phases().iter().map(|row| row.phase()).collect();
    assert_eq!(order, [LEDGER, CACHE]);
}

#[test]
fn a_phase_with_patience_lasts_while_its_members_advance() {
    let phases = Phases::new().and(
        Phase::WORK
            .cap(Duration::from_millis(100))
            .patience(Duration::from_millis(400)),
    );
    let stop = Coordinator::builder()
        .phases(phases)
        .budget(LONG)
        .start()
        .unwrap();
    let member = stop.register("uploads").phase(Phase::WORK).unwrap();
    stop.shutdown();
    member.wait();
    let first = member.deadline().unwrap();
    member.note("1 of 2");
    while member.deadline() == Some(first) {
        assert!(!member.is_forced(), "it was forced, though it had advanced");
        thread::yield_now();
    }
    drop(member);
    let report = stop.wait_blocking();
    assert!(report.is_clean(), "{report}");
    let work = &report.phases()[0];
    assert!(work.cap() > Duration::from_millis(100));
}
