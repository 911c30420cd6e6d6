//! Many members, and those that failed before.

use linger_coordinator::{Coordinator, Phase, Reason};
use roxmltree::Document;
use serde_json::json;

use super::{LONG, groups, json_of, picture, report, text};
use crate::report::choose;

#[test]
fn of_a_long_list_the_bad_and_the_slow_are_shown_and_the_rest_is_summed_up() {
    let names: Vec<String> = (0..1000).map(|n| format!("member {n}")).collect();
    let members: Vec<(&str, Result<(), &str>)> = names
        .iter()
        .enumerate()
        .map(|(n, name)| (&**name, if n == 700 { Err("no disk") } else { Ok(()) }))
        .collect();
    let mut report = json_of(&report(&members, Reason::Request));
    let slow = &mut report["phases"][0]["members"][500];
    assert_eq!(slow["name"], "member 500");
    slow["took"] = json!(LONG / 5);
    let near = &mut report["phases"][0]["members"][900];
    near["took"] = json!(LONG / 2);
    let picture = picture(&report);
    let document = Document::parse(&picture).unwrap();
    let rows: Vec<String> = groups(&document, "member").into_iter().map(text).collect();
    assert!(rows.len() < choose::MOST, "{}", rows.len());
    for name in ["member 700:", "member 500:", "member 900:"] {
        assert!(rows.iter().any(|row| row.contains(name)), "{name}");
    }
    let place = |name: &str| rows.iter().position(|row| row.contains(name));
    assert!(
        place("member 500:") < place("member 700:"),
        "in the report's order"
    );
    let rest = text(groups(&document, "quiet rest")[0]);
    let more = 1000 - rows.len();
    assert!(
        rest.starts_with(&format!("and {more} more: {more} done; at most ")),
        "{rest}"
    );
}

#[test]
fn a_long_list_of_bad_ones_is_cut_too_and_says_what_is_missing() {
    let names: Vec<String> = (0..500).map(|n| format!("member {n}")).collect();
    let members: Vec<_> = names.iter().map(|name| (&**name, Err("no disk"))).collect();
    let picture = picture(&json_of(&report(&members, Reason::Request)));
    let document = Document::parse(&picture).unwrap();
    assert_eq!(groups(&document, "member").len(), choose::MOST);
    let rest = text(groups(&document, "quiet rest")[0]);
    assert!(
        rest.starts_with("and 300 more: 300 failed; at most "),
        "{rest}"
    );
}

#[test]
fn who_failed_before_the_shutdown_is_listed() {
    let stop = Coordinator::builder().budget(LONG).start().unwrap();
    let member = stop.register("early").phase(Phase::WORK).unwrap();
    member.fail("never began");
    stop.shutdown();
    let mut report = json_of(&stop.wait_blocking());
    report["phases"][2]["omitted"] = json!(7);
    let picture = picture(&report);
    let document = Document::parse(&picture).unwrap();
    let early = text(groups(&document, "before")[0]);
    assert!(
        early.contains("early: failed: never began") && early.contains("before"),
        "{early}"
    );
    let rest = text(groups(&document, "quiet rest")[0]);
    assert_eq!(rest, "and 7 more that failed before the shutdown");
}
