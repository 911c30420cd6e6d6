//! The judge finds what is wrong, and finds nothing where all is well.

use super::super::part::Part;
use super::super::plan::Moment;
use super::*;
use crate::child::Signal;
use serde_json::json;
use std::process::ExitStatus;

const AT: &str = "cast/threads.rs:12";
const BUDGET: Duration = Duration::from_millis(300);

/// A closure that hangs, on plain threads, after SIGTERM.
fn plan() -> Plan {
    let mut plans = (0..).map(Plan::new);
    let mut plan = plans
        .find(|plan| plan.trouble == Trouble::ThreadHangs && !plan.is_loaded)
        .unwrap();
    plan.culprits = vec![Part::ClosureHangs];
    plan.alarm = Alarm::Signal(Signal::Terminate);
    plan.budget = BUDGET;
    plan
}

fn report(outcome: Value) -> Value {
    let member = json!({
        "name": "culprit-0", "origin": { "file": "cast/threads.rs", "line": 12 }, "outcome": outcome,
    });
    json!({ "reason": { "Signal": 15 }, "phases": [{ "members": [member] }] })
}

/// All is well: it was named, and the process ended by its deadline.
fn good() -> Evidence {
    let hard = Instant::now() + Duration::from_secs(1);
    Evidence {
        plan: plan(),
        said: vec![
            json!({ "event": "culprit", "nth": 0, "name": "culprit-0", "at": AT }),
            json!({ "event": "report", "report": report(json!("abandoned")) }),
        ],
        errors: String::new(),
        output: String::new(),
        was_listening: true,
        hard,
        deadline: hard,
        exit: Some(ended(75, hard)),
        is_busy: false,
    }
}

fn ended(code: i32, at: Instant) -> Exit {
    let status = ExitStatus::from_raw(code << 8);
    Exit { status, at }
}

fn wrongs(evidence: &Evidence) -> Vec<Wrong> {
    let complaints = judge(evidence).complaints;
    complaints.into_iter().map(|(wrong, _)| wrong).collect()
}

/// What is wrong after this change.
#[track_caller]
fn changed(change: impl FnOnce(&mut Evidence)) -> Vec<Wrong> {
    let mut evidence = good();
    assert_eq!(wrongs(&evidence), [], "before");
    change(&mut evidence);
    wrongs(&evidence)
}

#[test]
fn it_is_late_by_what_passes_the_deadline() {
    let mut evidence = good();
    assert_eq!(judge(&evidence).overrun, Duration::ZERO);
    let late = Duration::from_millis(7);
    evidence.exit = Some(ended(75, evidence.deadline + late));
    assert_eq!(judge(&evidence).overrun, late);
    assert_eq!(changed(|it| it.exit = None), [Wrong::Overstayed]);
}

#[test]
fn a_culprit_is_named_by_its_name_and_its_line() {
    let unnamed = |change: &dyn Fn(&mut Value)| {
        changed(|it| change(&mut it.said[1]["report"]["phases"][0]["members"][0]))
    };
    assert_eq!(
        unnamed(&|it| it["name"] = json!("culprit-1")),
        [Wrong::NotNamed]
    );
    assert_eq!(
        unnamed(&|it| it["origin"]["line"] = json!(1)),
        [Wrong::NotNamed]
    );
    assert_eq!(
        unnamed(&|it| it["origin"]["file"] = json!("a.rs")),
        [Wrong::NotNamed]
    );
    assert_eq!(
        unnamed(&|it| it["outcome"] = json!("aborted")),
        [Wrong::Outcome]
    );
}

#[test]
fn where_there_is_no_report_the_watchdogs_list_names_it() {
    let listed = |errors: &str| {
        changed(|it| {
            it.said.truncate(1);
            errors.clone_into(&mut it.errors);
        })
    };
    let list = "linger: deadline passed; still here:\n  work: 'culprit-0' (cast/threads.rs:12)\n";
    assert_eq!(listed(list), []);
    let after = "linger: the process still runs after its report:\n    culprit-0   0.270 s  \
                 abandoned  cast/threads.rs:12  \"busy\"\n";
    assert_eq!(listed(after), []);
    assert_eq!(listed(""), [Wrong::NotNamed]);
    assert_eq!(listed(&list.replace(":12", ":123")), [Wrong::NotNamed]);
    assert_eq!(
        listed(&list.replace("culprit-0", "culprit-00")),
        [Wrong::NotNamed]
    );
    // A panic's own words are no list.
    let panic = "thread 'culprit-0' panicked at cast/threads.rs:12 :\n";
    assert_eq!(listed(panic), [Wrong::NotNamed]);
}

#[test]
fn the_exit_code_is_the_tables() {
    for code in [0, 1, 143] {
        let wrong = changed(|it| it.exit = Some(ended(code, it.deadline)));
        assert_eq!(wrong, [Wrong::ExitCode], "{code}");
    }
    let killed = changed(|it| {
        let status = ExitStatus::from_raw(15);
        it.exit = Some(Exit {
            status,
            at: it.deadline,
        });
    });
    assert_eq!(killed, [Wrong::ExitCode]);
}

#[test]
fn the_watchdog_ends_what_runs_at_hard_and_nothing_sooner() {
    assert_eq!(changed(|it| it.exit = Some(ended(70, it.hard))), []);
    let early = changed(|it| it.exit = Some(ended(70, it.hard - Duration::from_millis(50))));
    assert_eq!(early, [Wrong::ExitCode]);
    // Main is blocked: nothing but the watchdog can end it.
    let stuck = changed(|it| {
        it.plan.driver = super::super::kind::Driver::CurrentThread;
        it.plan.culprits = vec![Part::TaskBlocks];
    });
    assert_eq!(stuck, [Wrong::ExitCode]);
}

#[test]
fn a_third_signal_has_a_code_of_its_own() {
    let third = |code| {
        changed(|it| {
            it.plan.trouble = Trouble::ThreeSignals;
            it.plan.later[1] = Signal::Interrupt;
            it.exit = Some(ended(code, it.deadline));
        })
    };
    assert_eq!(third(130), []);
    assert_eq!(third(75), [Wrong::ExitCode]);
    assert_eq!(third(143), [Wrong::ExitCode]);
}

#[test]
fn a_failure_is_told_from_what_was_left_undone() {
    let panicked = |outcome: Value, code| {
        changed(|it| {
            it.plan.culprits = vec![Part::BlockingHookPanics];
            it.said[1]["report"] = report(outcome);
            it.exit = Some(ended(code, it.deadline));
        })
    };
    assert_eq!(panicked(json!({ "panicked": "out of luck" }), 1), []);
    assert_eq!(
        panicked(json!({ "panicked": "out of luck" }), 75),
        [Wrong::ExitCode]
    );
    assert_eq!(panicked(json!("done"), 1), [Wrong::Outcome]);
}

#[test]
fn who_did_as_told_is_not_to_be_blamed_and_the_reason_is_the_alarm() {
    let clean = |outcome: &str, code| {
        changed(|it| {
            it.plan.culprits = vec![Part::BlockingHookAsks];
            it.said[1]["report"] = report(json!(outcome));
            it.exit = Some(ended(code, it.deadline));
        })
    };
    assert_eq!(clean("done", 0), []);
    assert_eq!(clean("forced", 75), [Wrong::Innocent]);
    let busy = changed(|it| {
        it.is_busy = true;
        it.plan.culprits = vec![Part::TaskHangs];
    });
    assert_eq!(busy, [], "it was aborted, and never got to it");
    let quiet = changed(|it| it.plan.culprits = vec![Part::TaskHangs]);
    assert_eq!(quiet, [Wrong::Outcome]);
    let other = changed(|it| it.plan.alarm = Alarm::Signal(Signal::Interrupt));
    assert_eq!(other, [Wrong::Reason]);
}

#[test]
fn a_signal_may_end_what_does_not_listen_yet_and_nothing_else() {
    let killed = |was_listening| {
        changed(|it| {
            it.plan.moment = Some(Moment::Starting(Duration::ZERO));
            it.was_listening = was_listening;
            let status = ExitStatus::from_raw(15);
            it.exit = Some(Exit {
                status,
                at: it.deadline,
            });
        })
    };
    assert_eq!(killed(false), []);
    assert_eq!(killed(true), [Wrong::ExitCode]);
}
