//! What can't be started ends at once, with an error that names the thing.

mod common;

use common::{Publisher, must, node, soon};
use linger_testkit::child::Child;

/// The text of the error that a role ends with.
#[track_caller]
fn error_of(role: &str, settings: &[&str]) -> String {
    let settings: Vec<String> = settings.iter().map(|&s| s.to_owned()).collect();
    let child: Child = node("wrong", role, &settings);
    let exit = must(child.wait_for_exit(soon()));
    let said = common::said(&child);
    assert_eq!(exit.status.code(), Some(1), "{said}");
    let event: serde_json::Value = common::parsed(&said);
    assert_eq!(event["event"], "error", "{said}");
    event["text"].as_str().unwrap_or_default().to_owned()
}

#[track_caller]
fn is_named(named: &str, role: &str, settings: &[&str]) {
    let error = error_of(role, settings);
    assert!(error.contains(named), "{named} is not named in: {error}");
}

#[test]
fn a_taken_port_is_named() {
    let first = Publisher::start(&[]);
    let data = format!("data={}", first.data);
    is_named(&first.data, "publisher", &[&data]);
    let control = format!("control={}", first.control);
    is_named(&first.control, "publisher", &[&control]);
    first.stop(); // it went on meanwhile
}

#[test]
fn a_bad_endpoint_is_named() {
    for bad in ["tcp://127.0.0.1", "tcp://127.0.0.1:99999", "nonsense"] {
        is_named(bad, "publisher", &[&format!("data={bad}")]);
        is_named(bad, "publisher", &[&format!("control={bad}")]);
        is_named(
            bad,
            "subscriber",
            &[&format!("publisher={bad},tcp://127.0.0.1:1")],
        );
        is_named(
            bad,
            "subscriber",
            &[&format!("publisher=tcp://127.0.0.1:1,{bad}")],
        );
    }
}

#[test]
fn settings_that_can_not_be_are_named() {
    is_named("budget", "publisher", &["budget_ms=0"]);
    is_named("budget", "coordinator", &["scenario=clean", "budget_ms=0"]);
    is_named("window", "publisher", &["window=1"]);
    is_named("expiry", "publisher", &["expiry_ms=0"]);
    // The reserve of this scenario is five minutes.
    let settings = ["scenario=three_signals", "budget_ms=1000"];
    is_named("'intake' keeps 300s", "coordinator", &settings);
}
