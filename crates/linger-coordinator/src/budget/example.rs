//! The worked example of `BUDGET.md`: its tables are what the machine does.

use std::time::{Duration, Instant};

use crate::machine::{Action, Event, Machine};
use crate::phase::Phase;
use crate::phases::Phases;
use crate::plan::Plan;
use crate::reason::Reason;

const PAGE: &str = include_str!("../../BUDGET.md");

const CACHE: Phase = Phase::new("cache");
const LEDGER: Phase = Phase::new("ledger");
const SECOND: Duration = Duration::from_secs(1);

/// What happens from outside; all else hangs.
#[derive(Clone, Copy)]
enum Happens {
    Done(Phase),
    Noted(Phase),
    Signal,
}

/// When each phase began, was forced, was aborted and ended.
#[derive(Clone, Copy, Default)]
struct Row([Option<Duration>; 4]);

fn plan() -> Plan {
    let phases = Phases::new()
        .then(Phase::INTAKE.cap(3 * SECOND))
        .and(
            CACHE
                .after([Phase::INTAKE])
                .cap(2 * SECOND)
                .patience(SECOND),
        )
        .and(LEDGER.after([Phase::INTAKE]).reserve(3 * SECOND))
        .then(Phase::TELEMETRY.reserve(SECOND));
    Plan::new(&phases, 10 * SECOND).unwrap()
}

/// The table of a course in which these things happen, so many milliseconds after the trigger.
fn table(course: &[(u64, Happens)]) -> String {
    let plan = plan();
    let names: Vec<Phase> = plan.phases().iter().map(|row| row.phase()).collect();
    let index = |phase| names.iter().position(|name| *name == phase).unwrap();
    let mut machine = Machine::new(plan);
    let mut rows = vec![Row::default(); names.len()];
    let base = Instant::now();
    let signal = |armed| Event::Trigger {
        reason: Reason::Signal(15),
        armed,
    };
    let mut course = course.iter().copied().peekable();
    let mut now = base;
    let mut event = signal(base);
    loop {
        for action in machine.step(now, event) {
            let (phase, column) = match action {
                Action::Begin { phase, .. } => (phase, 0),
                Action::Force { phase, .. } => (phase, 1),
                Action::Abort { phase } => (phase, 2),
                Action::End { phase } => (phase, 3),
                _ => continue,
            };
            rows[phase].0[column] = Some(now - base);
        }
        let Some(wake) = machine.next_wake() else {
            break;
        };
        let next = course.next_if(|(at, _)| base + Duration::from_millis(*at) < wake.max(now));
        (now, event) = match next {
            None => (wake.max(now), Event::Tick),
            Some((at, what)) => {
                let at = base + Duration::from_millis(at);
                let event = match what {
                    Happens::Done(phase) => Event::Emptied {
                        phase: index(phase),
                    },
                    Happens::Noted(phase) => Event::Advanced {
                        phase: index(phase),
                        at,
                    },
                    Happens::Signal => signal(at),
                };
                (at, event)
            }
        };
    }
    assert!(
        course.next().is_none(),
        "it ended before all of that happened"
    );
    let mut table = "phase       begins   forced  aborted     ends\n".to_owned();
    for (name, row) in names.iter().zip(rows) {
        table.push_str(&format!("{name:<9}"));
        for at in row.0 {
            let text = at.map_or("-".to_owned(), |at| format!("{:.3}", at.as_secs_f64()));
            table.push_str(&format!("{text:>9}"));
        }
        table.push('\n');
    }
    table
}

#[test]
fn the_tables_of_the_page_are_what_the_machine_does() {
    let courses: [(&str, &[(u64, Happens)]); 5] = [
        ("Everything hangs", &[]),
        (
            "Unused time rolls on",
            &[
                (1_000, Happens::Done(Phase::INTAKE)),
                (4_000, Happens::Done(LEDGER)),
            ],
        ),
        (
            "Members advance",
            &[
                (4_500, Happens::Noted(CACHE)),
                (8_500, Happens::Noted(LEDGER)),
            ],
        ),
        ("A second signal", &[(2_000, Happens::Signal)]),
        (
            "A third signal",
            &[(2_000, Happens::Signal), (3_000, Happens::Signal)],
        ),
    ];
    let sections: Vec<&str> = PAGE.split("\n### ").skip(1).collect();
    assert_eq!(sections.len(), courses.len(), "each has its course");
    for (section, (heading, course)) in sections.iter().zip(courses) {
        assert!(section.starts_with(heading), "{section}");
        let table = table(course);
        let block = format!("```text\n{table}```\n");
        assert!(
            section.contains(&block),
            "{heading}:\n{table}\nbut the page: {section}"
        );
    }
}

#[test]
fn the_plan_of_the_page_is_the_one_of_the_tables() {
    assert!(PAGE.contains(&plan().to_string()));
    // What the text says of it.
    let kept: Vec<_> = plan().phases().iter().map(|row| row.tail).collect();
    assert_eq!(kept, [4 * SECOND, SECOND, SECOND, Duration::ZERO]);
}
