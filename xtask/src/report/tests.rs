//! Pictures of real reports, read again as XML.

use std::path::Path;
use std::time::Duration;

use linger_coordinator::{Coordinator, Phase, Phases, Reason, Report};
use roxmltree::{Document, Node};
use serde_json::{Value, json};

use super::read::Saved;
use super::{Options, ReportError, choose, timeline};

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

fn refused(text: &str) -> String {
    Saved::parse(text, Path::new("report.json"))
        .unwrap_err()
        .to_string()
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
fn timed(times: &[(f64, f64, f64)], took: f64, budget: f64) -> Value {
    let mut report = json_of(&mixed());
    let time = |seconds: f64| json!(Duration::from_secs_f64(seconds));
    report["took"] = time(took);
    report["budget"] = time(budget);
    let shape = report["phases"][0].clone();
    let phases = times
        .iter()
        .enumerate()
        .map(|(index, &(started, took, cap))| {
            let mut phase = shape.clone();
            phase["phase"] = json!(format!("phase {index}"));
            phase["started"] = time(started);
            phase["took"] = time(took);
            phase["cap"] = time(cap);
            for member in phase["members"].as_array_mut().unwrap() {
                member["started"] = time(started);
                member["took"] = time(took);
                member["cap"] = time(cap);
            }
            phase
        });
    report["phases"] = phases.collect();
    report
}

#[test]
fn bars_stand_in_proportion_on_an_axis_that_ends_with_the_budget() {
    let picture = picture(&timed(&[(0.0, 5.0, 8.0), (5.0, 5.0, 15.0)], 10.0, 20.0));
    let document = Document::parse(&picture).unwrap();
    let own = groups(&document, "own");
    let (left, right) = timeline::TIMES;
    let at = |seconds: f64| left + seconds / 20.0 * (right - left);
    let near = |(from, to): (f64, f64), (start, end): (f64, f64)| {
        assert!(
            (from - at(start)).abs() < 0.2 && (to - at(end)).abs() < 0.2,
            "{from} {to}"
        );
    };
    near(bar(own[0], "bar"), (0.0, 5.0));
    near(bar(own[0], "window"), (0.0, 8.0));
    near(bar(own[1], "bar"), (5.0, 10.0));
    near(bar(own[1], "window"), (5.0, 20.0));
    let hard = groups(&document, "hard");
    assert!((number(hard[0], "x1") - right).abs() < 0.2);
}

#[test]
fn phases_that_overlap_in_time_do_not_in_the_picture() {
    let times = [
        (0.0, 5.0, 8.0),
        (1.0, 8.0, 8.0),
        (1.0, 2.0, 8.0),
        (9.0, 1.0, 4.0),
    ];
    let picture = picture(&timed(&times, 10.0, 20.0));
    let document = Document::parse(&picture).unwrap();
    let cards = groups(&document, "card");
    assert_eq!(cards.len(), times.len());
    for pair in cards.windows(2) {
        assert!(number(pair[0], "y") + number(pair[0], "height") < number(pair[1], "y"));
    }
    for (card, band) in cards.iter().zip(groups(&document, "band")) {
        let (top, bottom) = (
            number(*card, "y"),
            number(*card, "y") + number(*card, "height"),
        );
        let rects = band
            .descendants()
            .filter(|node| node.tag_name().name() == "rect");
        for rect in rects {
            let y = number(rect, "y");
            assert!(
                top <= y && y + number(rect, "height") <= bottom,
                "within its band"
            );
        }
    }
}

#[test]
fn near_misses_and_overruns_are_marked() {
    let picture = picture(&timed(&[(0.0, 9.0, 10.0), (9.0, 4.0, 2.0)], 13.0, 12.0));
    let document = Document::parse(&picture).unwrap();
    let bands = groups(&document, "band");
    assert!(text(bands[0]).contains("near miss"));
    let marks = bands[0]
        .descendants()
        .filter(|node| node.attribute("class") == Some("mark near-miss"));
    assert_eq!(marks.count(), 1, "the other of its members failed");
    let over = |band: Node<'_, '_>| {
        band.descendants()
            .filter(|node| node.attribute("class") == Some("overrun"))
            .count()
    };
    assert_eq!(
        (over(bands[0]), over(bands[1])),
        (0, 3),
        "the phase and its two members"
    );
    assert!(text(bands[1]).contains("2.00 s over its cap"));
    assert!(text(groups(&document, "axis")[0]).contains("hard end 12.0 s, passed by 1.00 s"));
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

#[test]
fn hostile_names_stay_text() {
    let hostile = "</text><script>alert('1')</script>&amp;\"\u{0}\u{1b}[31m\u{202e}\u{ffff}";
    let report = report(&[(hostile, Err(hostile))], Reason::custom(hostile));
    let mut report = json_of(&report);
    report["phases"][1]["phase"] = json!(hostile);
    let picture = picture(&report);
    let document = Document::parse(&picture).expect("well-formed");
    let scripts = document
        .descendants()
        .filter(|node| node.tag_name().name() == "script");
    assert_eq!(scripts.count(), 0);
    let row = text(groups(&document, "member")[0]);
    assert!(
        row.contains("</text><script>alert('1')</script>&amp;\"\u{fffd}\u{fffd}[31m\u{fffd}"),
        "{row}"
    );
}

#[test]
fn an_empty_report_is_a_picture_too() {
    let mut report = json_of(&mixed());
    report["phases"] = json!([]);
    report["took"] = json!(Duration::ZERO);
    report["budget"] = json!(Duration::ZERO);
    let picture = picture(&report);
    let document = Document::parse(&picture).unwrap();
    assert_eq!(groups(&document, "band").len(), 0);
    assert!(
        !picture.contains("NaN") && !picture.contains("inf"),
        "{picture}"
    );
}

#[test]
fn times_beyond_all_measure_do_not_break_it() {
    let mut report = timed(&[(0.0, 9.0, 10.0)], 13.0, 12.0);
    for field in ["started", "took", "cap"] {
        report["phases"][0][field] = json!(Duration::MAX);
    }
    report["took"] = json!(Duration::MAX);
    let picture = picture(&report);
    assert!(
        !picture.contains("NaN") && !picture.contains("inf"),
        "{picture}"
    );
    Document::parse(&picture).unwrap();
}

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

#[test]
fn a_file_that_is_none_is_refused_with_what_is_wrong() {
    let none = Saved::open(Path::new("/no/such/report.json")).unwrap_err();
    assert!(matches!(none, ReportError::Read { .. }));
    assert!(
        none.to_string()
            .starts_with("cannot read /no/such/report.json: "),
        "{none}"
    );
    let cut = refused("{\"reason\": ");
    assert!(
        cut.starts_with("report.json is no JSON: EOF while parsing") && cut.contains("line 1"),
        "{cut}"
    );
    let other = refused("[1, 2]");
    assert!(
        other.starts_with("report.json is no report of a shutdown: "),
        "{other}"
    );
    let mut report = json_of(&mixed());
    report["phases"][0]["members"][1]
        .as_object_mut()
        .unwrap()
        .remove("outcome");
    let missing = refused(&serde_json::to_string_pretty(&report).unwrap());
    assert!(
        missing.contains("missing field `outcome` at line "),
        "{missing}"
    );
    let missing = refused(&json!({ "service": "quotes", "shutdown": report }).to_string());
    assert!(
        missing.contains("missing field `outcome` at line "),
        "{missing}"
    );
    report = json_of(&mixed());
    report["stage"] = json!("stopped");
    assert!(refused(&report.to_string()).contains("unknown variant `stopped`"));
}

#[test]
fn it_is_written_to_the_file_that_is_given() {
    let folder = std::env::temp_dir().join(format!("linger-report-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (file, out) = (folder.join("report.json"), folder.join("report.svg"));
    std::fs::write(&file, json_of(&mixed()).to_string()).unwrap();
    let args = [file.to_str().unwrap(), "--out", out.to_str().unwrap()];
    super::main(Options::read(&args).unwrap()).unwrap();
    let written = std::fs::read_to_string(&out).unwrap();
    assert!(Document::parse(&written).is_ok());
    let nowhere = folder.join("none").join("report.svg");
    let args = [args[0], "--out", nowhere.to_str().unwrap()];
    let error = super::main(Options::read(&args).unwrap()).unwrap_err();
    assert!(matches!(error, ReportError::Write { .. }), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn options_stand_in_any_order_and_others_are_refused() {
    let both = Options::read(&["--out", "a.svg", "a.json"]);
    assert_eq!(both, Options::read(&["a.json", "--out", "a.svg"]));
    assert!(both.is_some());
    assert!(Options::read(&["a.json"]).is_some());
    for wrong in [
        &[][..],
        &["--out", "a.svg"],
        &["a.json", "--out"],
        &["a.json", "b.json"],
        &["--json"],
    ] {
        assert_eq!(Options::read(wrong), None, "{wrong:?}");
    }
}
