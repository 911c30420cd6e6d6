//! Pictures of real reports, read again as XML.

mod broken;
mod lists;
mod times;

use std::path::Path;
use std::time::Duration;

use linger_coordinator::{Coordinator, Phase, Phases, Reason, Report};
use roxmltree::{Document, Node};
use serde_json::{Value, json};

use super::read::Saved;
use super::timeline;

const LONG: Duration = Duration::from_secs(30);

/// A shutdown that a coordinator has just been through: each member's end needs no waiting.
fn report(members: &[(&str, Result<(), &str>)], reason: Reason) -> Report {
    let phases = Phases::new()
        .then(Phase::WORK.cap(LONG / 2))
        .then(Phase::TELEMETRY);
    let stop = Coordinator::builder()
        .phases(phases)
        .budget(LONG)
        .start()
        .unwrap();
    let mut held = Vec::new();
    for (name, end) in members {
        let member = stop
            .register((*name).to_owned())
            .phase(Phase::WORK)
            .unwrap();
        member.note(format_args!("<note> of {name}"));
        held.push((member, end));
    }
    stop.trigger(reason);
    for (member, end) in held {
        member.wait();
        if let Err(error) = end {
            member.fail(error);
        }
    }
    stop.wait_blocking()
}

fn mixed() -> Report {
    report(
        &[("journal", Ok(())), ("cache", Err("no disk"))],
        Reason::Signal(15),
    )
}

fn picture(report: &Value) -> String {
    let saved = Saved::parse(&report.to_string(), Path::new("report.json")).unwrap();
    timeline::draw(&saved)
}

fn json_of(report: &Report) -> Value {
    serde_json::to_value(report).unwrap()
}

fn groups<'a, 'i>(document: &'a Document<'i>, class: &str) -> Vec<Node<'a, 'i>> {
    document
        .descendants()
        .filter(|node| node.attribute("class") == Some(class))
        .collect()
}

/// All that is written in it, tooltips too.
fn text(node: Node<'_, '_>) -> String {
    let texts: Vec<&str> = node
        .descendants()
        .filter(Node::is_text)
        .filter_map(|node| node.text())
        .collect();
    texts.join("|")
}

fn number(node: Node<'_, '_>, name: &str) -> f64 {
    node.attribute(name).unwrap().parse().unwrap()
}

/// The bar of that class, from and to.
fn bar(group: Node<'_, '_>, class: &str) -> (f64, f64) {
    let bar = group
        .descendants()
        .find(|node| node.tag_name().name() == "rect" && node.attribute("class") == Some(class))
        .unwrap();
    (number(bar, "x"), number(bar, "x") + number(bar, "width"))
}

#[test]
fn it_shows_each_phase_and_each_member_with_outcome_origin_and_note() {
    let picture = picture(&json_of(&mixed()));
    let document = Document::parse(&picture).unwrap();
    let bands = groups(&document, "band");
    let phases: Vec<_> = bands
        .iter()
        .filter_map(|band| band.attribute("data-phase"))
        .collect();
    assert_eq!(phases, ["work", "telemetry"]);
    let members = groups(&document, "member");
    let outcomes: Vec<_> = members
        .iter()
        .filter_map(|row| row.attribute("data-outcome"))
        .collect();
    assert_eq!(outcomes, ["done", "failed"]);
    let journal = text(members[0]);
    for part in ["journal", "done", "tests.rs:", "“<note> of journal”"] {
        assert!(journal.contains(part), "{part}: {journal}");
    }
    let cache = text(members[1]);
    assert!(
        cache.contains("cache: failed: no disk") && cache.contains("<note> of cache"),
        "{cache}"
    );
}

#[test]
fn the_heading_tells_reason_stage_and_exit_code() {
    let picture = picture(&json_of(&mixed()));
    let document = Document::parse(&picture).unwrap();
    let heading = text(groups(&document, "heading")[0]);
    for part in [
        "Shutdown: SIGTERM",
        "of 30.0 s, not clean",
        "stage draining",
        "exit code 1",
    ] {
        assert!(heading.contains(part), "{part}: {heading}");
    }
}

#[test]
fn the_report_of_a_service_is_found_in_what_contains_it() {
    let service = json!({
        "service": "quotes", "shutdown": json_of(&mixed()), "sockets": null, "publishers": {},
    });
    let picture = picture(&service);
    let document = Document::parse(&picture).unwrap();
    assert!(text(groups(&document, "heading")[0]).contains("quotes: SIGTERM"));
    assert_eq!(groups(&document, "member").len(), 2);
}

#[test]
fn it_stands_alone_and_knows_the_dark() {
    let picture = picture(&json_of(&mixed()));
    assert!(picture.contains("@media (prefers-color-scheme: dark)"));
    let document = Document::parse(&picture).unwrap();
    for node in document.descendants().filter(Node::is_element) {
        assert_ne!(node.tag_name().name(), "script");
        for attribute in node.attributes() {
            let (name, value) = (attribute.name(), attribute.value());
            assert!(!name.ends_with("href") && !name.starts_with("on"), "{name}");
            assert!(
                !value.contains("url(") || value.contains("url(#"),
                "{value}"
            );
        }
    }
    assert!(!picture.contains("@import") && !picture.contains("@font-face"));
}

/// A report whose times are set by hand: a real one, with other numbers.
#[test]
fn what_a_phase_began_after_is_told_where_it_is_not_the_one_above() {
    let cache = Phase::new("cache");
    let phases = Phases::new()
        .then(Phase::READINESS)
        .then(Phase::INTAKE)
        .then(cache.after([Phase::READINESS]))
        .then(Phase::new("audit").after([]))
        .then(Phase::TELEMETRY.after([Phase::INTAKE, cache]));
    let stop = Coordinator::builder()
        .phases(phases)
        .budget(LONG)
        .start()
        .unwrap();
    stop.shutdown();
    let picture = picture(&json_of(&stop.wait_blocking()));
    let document = Document::parse(&picture).unwrap();
    let bands = groups(&document, "band");
    let of = |phase: &str| {
        let band = bands
            .iter()
            .find(|band| band.attribute("data-phase") == Some(phase));
        text(*band.unwrap())
    };
    assert!(of("cache").contains("|after readiness|"), "{}", of("cache"));
    assert!(of("audit").contains("|at once|"), "{}", of("audit"));
    assert!(
        of("telemetry").contains("|after intake, cache|"),
        "{}",
        of("telemetry")
    );
    assert!(!of("readiness").contains("at once"), "{}", of("readiness"));
}

#[test]
fn each_outcome_is_told_in_colour_and_in_words() {
    let mut report = json_of(&mixed());
    let shape = report["phases"][0]["members"][0].clone();
    let outcomes = [
        (json!("done"), "done"),
        (json!({"failed": "no disk"}), "failed"),
        (json!({"panicked": "out of luck"}), "panicked"),
        (json!("forced"), "forced"),
        (json!("aborted"), "aborted"),
        (json!("abandoned"), "abandoned"),
        (json!("skipped"), "skipped"),
    ];
    let members = outcomes.iter().map(|(outcome, _)| {
        let mut member = shape.clone();
        member["outcome"] = outcome.clone();
        member
    });
    report["phases"][0]["members"] = members.collect();
    let picture = picture(&report);
    let document = Document::parse(&picture).unwrap();
    let rows = groups(&document, "member");
    assert_eq!(rows.len(), outcomes.len());
    for (row, (_, name)) in rows.iter().zip(&outcomes) {
        assert!(text(*row).contains(name));
        bar(*row, name);
        assert!(text(groups(&document, "legend")[0]).contains(name));
    }
}
