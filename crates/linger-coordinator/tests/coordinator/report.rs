//! What a report says, as text and as numbers.

use std::time::Duration;

use linger_coordinator::{Coordinator, Outcome, Phase, Phases, Reason, Report, Stage};

use crate::common::LONG;

/// One of each outcome that needs no waiting.
fn mixed() -> Report {
    let phases = Phases::new()
        .then(Phase::WORK.cap(LONG / 2))
        .then(Phase::TELEMETRY);
    let stop = Coordinator::builder()
        .phases(phases)
        .budget(LONG)
        .start()
        .unwrap();
    let done = stop.register("done").phase(Phase::WORK).unwrap();
    let fails = stop.register("fails").phase(Phase::WORK).unwrap();
    done.note("7/7 batches");
    stop.trigger(Reason::Signal(15));
    stop.trigger(Reason::custom("load shed"));
    fails.wait();
    fails.fail("no disk");
    drop(done);
    stop.wait_blocking()
}

#[test]
fn it_reads_as_a_few_lines() {
    let text = mixed().to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    assert!(lines[0].starts_with("stopped in 0."), "{text}");
    let end = "s of 30.000 s: SIGTERM, then load shed; draining, not clean; exit code 1";
    assert!(lines[0].ends_with(end), "{text}");
    assert!(
        lines[1].starts_with("  work ") && lines[1].ends_with("s of 15.000 s"),
        "{text}"
    );
    assert!(
        lines[2].starts_with("    done ") && lines[2].contains("  done  "),
        "{text}"
    );
    assert!(
        lines[2].ends_with("report.rs:19  \"7/7 batches\""),
        "{text}"
    );
    assert!(lines[3].contains("  failed: no disk  "), "{text}");
    assert!(lines[4].starts_with("  telemetry "), "{text}");
}

#[test]
fn it_tells_who_when_and_how_long() {
    let report = mixed();
    assert_eq!(report.stage(), Stage::Draining);
    assert_eq!(report.budget(), LONG);
    assert!(report.took() < LONG);
    assert_eq!(report.phases().len(), 2);
    let work = &report.phases()[0];
    assert_eq!(
        (work.phase(), work.is_forced(), work.omitted()),
        ("work", false, 0)
    );
    assert!(work.cap() == LONG / 2 && work.took() <= report.took());
    let telemetry = &report.phases()[1];
    assert!(telemetry.started() >= work.started() + work.took());
    let names: Vec<&str> = work.members().iter().map(|member| member.name()).collect();
    assert_eq!(names, ["done", "fails"], "in the order of registration");
    assert_eq!(
        *work.members()[1].outcome(),
        Outcome::Failed("no disk".into())
    );
    assert_eq!(report.near_misses().count(), 0);
}

#[test]
fn a_near_miss_is_named() {
    let cap = Duration::from_secs(1);
    let phases = Phases::new().then(Phase::WORK.cap(cap));
    let stop = Coordinator::builder()
        .phases(phases)
        .budget(LONG)
        .start()
        .unwrap();
    // Ends between 80 % of the cap and the deadline, at 90 %.
    stop.blocking_hook("close call", Phase::WORK, move |member| {
        let deadline = member.deadline().ok_or("no deadline")?;
        let until = deadline.checked_sub(cap / 20).ok_or("no time")?;
        while std::time::Instant::now() < until {
            std::thread::park_timeout(until.saturating_duration_since(std::time::Instant::now()));
        }
        Ok(())
    })
    .unwrap();
    stop.shutdown();
    let report = stop.wait_blocking();
    let member = report.member("close call").unwrap();
    // Held up by a loaded machine, it may be later than that: then it is no success either.
    if member.outcome().is_done() {
        assert!(member.is_near_miss(), "{report}");
        assert!(report.to_string().contains("near miss"), "{report}");
    } else {
        assert_eq!(*member.outcome(), Outcome::Forced, "{report}");
        assert!(!report.is_clean());
    }
}

#[cfg(feature = "serde")]
#[test]
fn it_can_be_saved_and_read() {
    let report = mixed();
    let json = serde_json::to_string(&report).unwrap();
    let read: Report = serde_json::from_str(&json).unwrap();
    assert_eq!(read.to_string(), report.to_string());
    assert_eq!(read.exit_code(), report.exit_code());
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["stage"], "draining");
    assert_eq!(
        value["phases"][0]["members"][1]["outcome"]["failed"],
        "no disk"
    );
}
