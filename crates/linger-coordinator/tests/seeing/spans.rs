//! `shutdown` › `phase` › `member`, each with an event in it.

use std::time::{Duration, Instant};

use linger_coordinator::{Builder, Coordinator, Phase, Phases, Reason};
use tracing::Level;

use crate::LONG;
use crate::recorder::{Told, record, told};

fn builder(phases: Phases) -> Builder {
    record();
    Coordinator::builder().phases(phases).budget(LONG)
}

/// All that was told, and the span of this shutdown, which is over.
fn after(reason: &str) -> (Told, usize) {
    let told = told(|told| told.shutdown(reason).is_some());
    let shutdown = told.shutdown(reason).unwrap();
    (told, shutdown)
}

/// The spans of a phase's members by the members' names.
fn member_spans(told: &Told, phase: usize) -> Vec<(String, usize)> {
    let spans = told.children(phase).into_iter();
    spans
        .map(|span| (told.spans[span].fields["name"].clone(), span))
        .collect()
}

#[test]
fn a_shutdown_holds_its_phases_and_these_their_members() {
    let stop = builder(Phases::new().then(Phase::INTAKE).then(Phase::WORK))
        .start()
        .unwrap();
    let http = stop.register("http").phase(Phase::INTAKE).unwrap();
    let journal = stop.register("journal").phase(Phase::WORK).unwrap();
    let line = line!() - 1;
    stop.trigger(Reason::custom("nested"));
    http.wait();
    drop(http);
    journal.wait();
    journal.note("3 of 7");
    journal.fail("no disk");
    let report = stop.wait_blocking();

    let (told, shutdown) = after("nested");
    let span = &told.spans[shutdown];
    assert_eq!((span.level, span.parent), (Level::INFO, None));
    assert_eq!(span.fields["budget"], "30s");
    assert_eq!(span.fields["took"], format!("{:?}", report.took()));
    assert_eq!(span.fields["exit_code"], "1");
    let said: Vec<_> = told
        .events_in(shutdown)
        .iter()
        .map(|event| event.fields["message"].clone())
        .collect();
    assert_eq!(said, ["shutdown begins", "stopped, not clean"]);

    let phases = told.children(shutdown);
    let names: Vec<_> = phases
        .iter()
        .map(|&phase| &*told.spans[phase].fields["phase"])
        .collect();
    assert_eq!(names, ["intake", "work"]);
    for (&phase, reported) in phases.iter().zip(report.phases()) {
        let span = &told.spans[phase];
        assert_eq!((span.name, span.level), ("phase", Level::INFO));
        assert_eq!(span.fields["cap"], format!("{:?}", reported.cap()));
        assert_eq!(span.fields["took"], format!("{:?}", reported.took()));
        assert_eq!(span.fields["forced"], "false");
        let said: Vec<_> = told
            .events_in(phase)
            .iter()
            .map(|event| event.fields["message"].clone())
            .collect();
        assert_eq!(said, ["phase begins", "phase ended"]);
    }
    assert!(
        told.spans[phases[0]].closed < Some(told.spans[phases[1]].opened),
        "one after the other"
    );

    let done = member_spans(&told, phases[0]);
    assert_eq!((done.len(), &*done[0].0), (1, "http"));
    assert_eq!(told.spans[done[0].1].level, Level::DEBUG);
    let failed = member_spans(&told, phases[1])[0].1;
    let span = &told.spans[failed];
    assert_eq!((span.name, span.level), ("member", Level::WARN));
    assert_eq!(span.fields["outcome"], "failed: no disk");
    assert_eq!(span.fields["origin"], format!("{}:{line}", file!()));
    let took = report.member("journal").unwrap().took();
    assert_eq!(span.fields["took"], format!("{took:?}"));
    let event = told.events_in(failed)[0];
    assert_eq!(
        (event.level, &*event.fields["message"]),
        (Level::WARN, "member was not done")
    );
    assert_eq!(event.fields["note"], "3 of 7");
}

#[test]
fn phases_that_overlap_are_beside_each_other_in_the_shutdown() {
    let phases = Phases::new().and(Phase::INTAKE).and(Phase::WORK);
    let stop = builder(phases).start().unwrap();
    let http = stop.register("http").phase(Phase::INTAKE).unwrap();
    let journal = stop.register("journal").phase(Phase::WORK).unwrap();
    stop.trigger(Reason::custom("beside"));
    http.wait();
    journal.wait();
    drop((http, journal));
    assert!(stop.wait_blocking().is_clean());

    let (told, shutdown) = after("beside");
    let phases = told.children(shutdown);
    assert_eq!(phases.len(), 2);
    let (first, second) = (&told.spans[phases[0]], &told.spans[phases[1]]);
    assert!(first.closed > Some(second.opened) && second.closed > Some(first.opened));
    assert_eq!(member_spans(&told, phases[0])[0].0, "http");
    assert_eq!(member_spans(&told, phases[1])[0].0, "journal");
}

#[test]
fn of_many_members_some_have_a_span_and_those_that_went_wrong_all() {
    let stop = builder(Phases::new().then(Phase::WORK)).start().unwrap();
    let members: Vec<_> = (0..500)
        .map(|n| {
            stop.register(format!("member {n}"))
                .phase(Phase::WORK)
                .unwrap()
        })
        .collect();
    stop.trigger(Reason::custom("many"));
    for (n, member) in members.into_iter().enumerate() {
        member.wait();
        if n % 5 == 0 {
            member.fail("no disk");
        }
    }
    let _ = stop.wait_blocking();

    let (told, shutdown) = after("many");
    let spans = member_spans(&told, told.children(shutdown)[0]);
    let failed = spans
        .iter()
        .filter(|(_, span)| told.spans[*span].level == Level::WARN);
    assert_eq!((failed.count(), spans.len()), (100, 100 + 64));
}

#[test]
fn who_failed_before_the_shutdown_has_a_span_too() {
    let stop = builder(Phases::new().then(Phase::WORK)).start().unwrap();
    let early = stop.register("early").phase(Phase::WORK).unwrap();
    early.fail("never began");
    stop.trigger(Reason::custom("early"));
    let _ = stop.wait_blocking();

    let (told, shutdown) = after("early");
    let spans = member_spans(&told, told.children(shutdown)[0]);
    assert_eq!(spans.len(), 1);
    let event = told.events_in(spans[0].1)[0];
    assert_eq!(event.fields["message"], "member failed before the shutdown");
}

#[test]
fn a_near_miss_has_a_span_of_its_own_level() {
    let cap = Duration::from_secs(1);
    let stop = builder(Phases::new().then(Phase::WORK.cap(cap)))
        .start()
        .unwrap();
    // Ends between 80 % of the cap and the deadline, at 90 %.
    stop.blocking_hook("close call", Phase::WORK, move |member| {
        let deadline = member.deadline().ok_or("no deadline")?;
        let until = deadline.checked_sub(cap / 20).ok_or("no time")?;
        while Instant::now() < until {
            std::thread::park_timeout(until.saturating_duration_since(Instant::now()));
        }
        Ok(())
    })
    .unwrap();
    stop.trigger(Reason::custom("near"));
    let report = stop.wait_blocking();

    let (told, shutdown) = after("near");
    let spans = member_spans(&told, told.children(shutdown)[0]);
    let span = spans[0].1;
    assert_eq!(told.spans[span].level, Level::WARN);
    // Held up by a loaded machine, it may be later than that.
    let expected = if report.member("close call").unwrap().is_near_miss() {
        "member was nearly late"
    } else {
        "member was not done"
    };
    assert_eq!(told.events_in(span)[0].fields["message"], expected);
}

#[test]
fn while_it_drains_a_line_tells_what_remains_and_the_time_left() {
    let stop = builder(Phases::new().then(Phase::WORK)).start().unwrap();
    let slow = stop.register("slow").phase(Phase::WORK).unwrap();
    slow.note("3 of 7");
    stop.trigger(Reason::custom("slow"));
    let line = |told: &Told| {
        let mut lines = told.events.iter();
        lines
            .find(|it| {
                it.fields["message"] == "still stopping" && it.fields["left"].contains("'slow'")
            })
            .cloned()
    };
    let line = line(&told(|told| line(told).is_some())).unwrap();
    assert_eq!(line.fields["remaining"], "1");
    assert!(line.fields["left"].ends_with("\"3 of 7\""), "{line:?}");
    drop(slow);
    assert!(stop.wait_blocking().is_clean());

    let (told, shutdown) = after("slow");
    assert_eq!(line.span, Some(told.children(shutdown)[0]), "in its phase");
}

#[test]
fn a_phase_that_is_forced_says_who_is_left_and_whom_it_leaves_behind() {
    let cap = Duration::from_millis(100);
    let stop = builder(Phases::new().then(Phase::WORK.cap(cap)))
        .start()
        .unwrap();
    let hung = stop.register("hung").phase(Phase::WORK).unwrap();
    stop.trigger(Reason::custom("forced"));
    let _ = stop.wait_blocking();
    drop(hung);

    let (told, shutdown) = after("forced");
    let phase = told.children(shutdown)[0];
    assert_eq!(told.spans[phase].fields["forced"], "true");
    let said = told.events_in(phase);
    assert_eq!(said[1].fields["message"], "phase is forced");
    assert_eq!(said[1].level, Level::WARN);
    assert!(said[1].fields["left"].starts_with("'hung' ("), "{said:?}");
    let (name, span) = &member_spans(&told, phase)[0];
    assert_eq!(name, "hung");
    assert_eq!(told.spans[*span].fields["outcome"], "abandoned");
}

#[test]
fn members_of_a_part_are_told_with_its_name() {
    let stop = builder(Phases::new().then(Phase::WORK)).start().unwrap();
    let tenant = stop.part("tenant-7").unwrap();
    let feed = tenant.register("feed").phase(Phase::WORK).unwrap();
    stop.trigger(Reason::custom("parts"));
    feed.wait();
    drop(feed);
    let _ = stop.wait_blocking();

    let (told, shutdown) = after("parts");
    let spans = member_spans(&told, told.children(shutdown)[0]);
    assert_eq!((spans.len(), &*spans[0].0), (1, "tenant-7/feed"));
}
