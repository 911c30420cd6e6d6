//! The platform's limit beside the budget.

use std::process::Command;
use std::time::Duration;

use linger_coordinator::{BuildError, Builder, Coordinator, Phase, Phases};
use tracing::Level;

use crate::recorder::{record, told};

const SECOND: Duration = Duration::from_secs(1);
const VARIABLE: &str = "TERMINATION_GRACE_PERIOD_SECONDS";

fn builder(budget: Duration) -> Builder {
    Coordinator::builder()
        .phases(Phases::new().then(Phase::WORK))
        .budget(budget)
}

fn first_line(coordinator: &Coordinator) -> String {
    let plan = coordinator.plan().to_string();
    plan.lines().next().unwrap().to_owned()
}

#[test]
fn the_plan_shows_it() {
    let stop = builder(20 * SECOND)
        .platform_limit(30 * SECOND)
        .start()
        .unwrap();
    assert_eq!(
        first_line(&stop),
        "budget 20.000 s, platform limit 30.000 s"
    );
    assert_eq!(stop.plan().platform_limit(), Some(30 * SECOND));
    assert!(stop.plan().fits_platform());
    let stop = builder(20 * SECOND).start().unwrap();
    assert_eq!(first_line(&stop), "budget 20.000 s");
    assert!(stop.plan().platform_limit().is_none() && stop.plan().fits_platform());
}

#[test]
fn a_budget_that_does_not_fit_below_it_with_a_second_to_spare_is_shown_and_logged() {
    record();
    // An odd number: the events of all tests are recorded together.
    let odd = Duration::from_millis(20_777);
    let stop = builder(odd).platform_limit(odd + SECOND).start().unwrap();
    assert!(stop.plan().fits_platform());
    let limit = odd + SECOND - Duration::from_millis(1);
    let stop = builder(odd).platform_limit(limit).start().unwrap();
    assert!(!stop.plan().fits_platform());
    assert_eq!(
        first_line(&stop),
        "budget 20.777 s, platform limit 21.776 s: too short, SIGKILL may come first"
    );
    let told = told(|_| true);
    let warnings: Vec<_> = told
        .events
        .iter()
        .filter(|event| event.fields.get("budget").is_some_and(|it| it == "20.777s"))
        .collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(warnings[0].level, Level::WARN);
    assert_eq!(warnings[0].fields["limit"], "21.776s");
}

#[test]
fn a_variable_that_is_not_set_is_no_limit() {
    let builder = builder(SECOND).platform_limit_from_env("LINGER_NO_SUCH_VARIABLE");
    assert_eq!(builder.start().unwrap().plan().platform_limit(), None);
}

/// As a process of its own, by the test below, it finds the variable; otherwise it does not.
#[test]
fn the_variable_is_read() {
    let expected = std::env::var(VARIABLE).ok();
    match (
        builder(SECOND).platform_limit_from_env(VARIABLE).start(),
        expected.as_deref(),
    ) {
        (Ok(stop), None) => assert_eq!(stop.plan().platform_limit(), None),
        (Ok(stop), Some("45" | " 45\n")) => {
            assert_eq!(stop.plan().platform_limit(), Some(45 * SECOND));
        }
        (Err(error), Some(wrong)) => {
            let text = error.to_string();
            let expected = format!("{VARIABLE} is {wrong:?}, which is no number of seconds");
            assert_eq!(text, expected);
            assert!(matches!(error, BuildError::PlatformLimit { value, .. } if value == wrong));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_value_that_is_no_number_of_seconds_is_refused() {
    for value in [
        "45",
        " 45\n",
        "",
        "30s",
        "-1",
        "1.5",
        "99999999999999999999",
    ] {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "platform::the_variable_is_read"]);
        let output = child.env(VARIABLE, value).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && text.contains("1 passed"),
            "{value:?}: {text}"
        );
    }
}
