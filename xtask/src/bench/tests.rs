//! What is stored, as a page and as pictures.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use roxmltree::{Document, Node};
use serde_json::{Value, json};

use super::saved::Saved;
use super::section::{self, Section};
use super::{BenchError, Options, chart, docs, growth, page, table};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn ratio(name: &str, ratio: f64, (of, bar): (&str, Option<f64>), met: bool) -> Value {
    json!({
        "name": name, "ratio": ratio, "min": ratio * 0.9, "max": ratio * 1.2, "bar": bar, "met": met,
        "peer": "PUB, SUB", "of": of, "same": [1.0, 0.97, 1.04], "bare_ns": 400, "ours_ns": 430,
    })
}

fn grows(name: &str, exponent: f64, met: bool) -> Value {
    json!({
        "name": name, "ratio": exponent, "min": exponent, "max": exponent, "bar": 1.1, "met": met,
        "what": "exponent", "of": "members", "unit": "ms to drain",
        "points": [[1.0, 0.2, 0.1, 0.3], [10.0, 2.0, 1.9, 2.4], [100.0, 25.0, 20.0, 30.0]],
    })
}

/// One of each kind, met and not.
fn some(is_quick: bool) -> Saved {
    let rate = ("rate", Some(0.9));
    let saved = json!({
        "conditions": {
            "date": "2026-01-31", "cores": 2, "processor": "Some <CPU>", "memory": "15.6 GiB",
            "kernel": "Linux 6.1", "rustc": "1.95.0", "libzmq": "4.3.4", "nats_server": "2.9.10",
            "crates": [["linger", "0.1.0"], ["zmq", "0.10.0"]],
        },
        "quick": is_quick,
        "findings": {
            "figures": [
                ratio("ack_tcp_64B_1sub", 0.97, rate, true),
                ratio("ack_ipc_64B_1sub", 0.71, rate, false),
                ratio("ack_cpu_tcp_64B_1sub", 1.4, ("cost", None), true),
                ratio("stop_100k_1sub", 1.05, ("cost", Some(1.15)), true),
                ratio("broker_nats_64B", 4.1, ("rate", Some(10.0)), false),
                ratio("novel_thing", 1.0, ("cost", None), true),
                grows("scale_drain_members", 1.02, true),
                grows("scale_drain_topics", 1.3, false),
            ],
            "sizes": [
                { "name": "coordinator_bytes_member", "min": 290, "max": 310, "bar": 400, "met": true,
                  "bare_bytes": 250, "ours_bytes": 300 },
                { "name": "coordinator_bytes_task", "min": 900, "max": 910, "bar": 800, "met": false,
                  "bare_bytes": 650, "ours_bytes": 905 },
            ],
            "skipped": ["latency_tcp: no clock"],
        },
    });
    serde_json::from_value(saved).unwrap()
}

fn section<'a>(all: &'a [Section<'_>], name: &str) -> &'a Section<'a> {
    all.iter().find(|section| section.name == name).unwrap()
}

/// All that is written in it.
fn texts(node: Node<'_, '_>) -> String {
    let texts = node.descendants().filter(|node| node.has_tag_name("text"));
    texts
        .filter_map(|node| node.text())
        .collect::<Vec<_>>()
        .join("|")
}

fn number(node: Node<'_, '_>, name: &str) -> f64 {
    node.attribute(name).unwrap().parse().unwrap()
}

#[test]
fn the_page_its_pictures_and_the_readme_are_what_the_stored_figures_give() {
    let saved = Saved::open(&page::stored(&root())).unwrap();
    let files = page::files(&root(), &saved).unwrap();
    for (path, expected) in &files {
        let is = fs::read_to_string(path).unwrap_or_default();
        let name = path.file_name().unwrap();
        assert!(
            is == *expected,
            "{name:?} is stale: cargo xtask bench --render"
        );
    }
    let expected: BTreeSet<_> = files.iter().map(|(path, _)| path.clone()).collect();
    for picture in page::pictures(&root()).unwrap() {
        assert!(expected.contains(&picture), "{picture:?} is of no figures");
    }
}

#[test]
fn each_figure_is_in_one_section_and_each_section_on_the_page() {
    let saved = some(false);
    let all = section::all(&saved);
    let found = |it: &Section<'_>| it.ratios.len() + it.growths.len() + it.sizes.len();
    assert_eq!(all.iter().map(found).sum::<usize>(), 10);
    assert_eq!(section(&all, "ack").ratios.len(), 2);
    assert_eq!(section(&all, "ack_cpu").ratios.len(), 1);
    assert_eq!(section(&all, "other").ratios.len(), 1);
    assert_eq!(section(&all, "latency").skipped.len(), 1);
    let text = fs::read_to_string(root().join("docs/benchmarks.md")).unwrap();
    for name in section::NAMES.iter().chain(&["summary", "conditions"]) {
        let mark = format!("<!-- generated: {name} -->");
        assert_eq!(text.matches(&mark).count(), 1, "{name}");
    }
}

#[test]
fn what_is_not_met_is_said_in_words_and_each_ratio_stands_beside_its_bar() {
    let saved = some(false);
    let all = section::all(&saved);
    let ack = table::of(section(&all, "ack"));
    assert!(
        ack.contains("| **0.970** | 0.873 to 1.164 | ≥ 0.9 | met |"),
        "{ack}"
    );
    assert!(
        ack.contains("`ack_ipc_64B_1sub` is 0.710, and should be at least 0.9."),
        "{ack}"
    );
    let scale = table::of(section(&all, "scale"));
    assert!(
        scale.contains("an exponent of 1.300, and should be at most 1.1"),
        "{scale}"
    );
    let bytes = table::of(section(&all, "coordinator"));
    assert!(
        bytes.contains("is 905 B, and should be at most 800 B"),
        "{bytes}"
    );
    let files = page::files(&root(), &saved).unwrap();
    let (_, text) = files
        .iter()
        .find(|(path, _)| path.ends_with("benchmarks.md"))
        .unwrap();
    assert!(
        text.contains("4 of 8 bars are met. These are not:"),
        "{text}"
    );
    assert_eq!(
        text.matches("**SKIPPED**: latency_tcp: no clock.").count(),
        2
    );
}

#[test]
fn a_row_has_its_dot_between_the_ends_of_its_line_and_says_how_it_came_out() {
    let saved = some(false);
    let all = section::all(&saved);
    let picture = chart::draw(section(&all, "ack")).unwrap();
    let document = Document::parse(&picture).unwrap();
    let rows = document
        .descendants()
        .filter(|it| it.attribute("class") == Some("row"));
    let rows: Vec<_> = rows.collect();
    assert_eq!(rows.len(), 2);
    for (row, (class, word)) in rows.iter().zip([("met", "|met"), ("missed", "|NOT MET")]) {
        let with = |class: &str| {
            row.descendants()
                .find(|it| it.attribute("class") == Some(class))
        };
        let dot = number(with(&format!("dot {class}")).unwrap(), "cx");
        let line = with(&format!("whisker {class}")).unwrap();
        assert!(number(line, "x1") < dot && dot < number(line, "x2"));
        let bar = number(with("bar").unwrap(), "x1");
        assert_eq!(dot < bar, class == "missed");
        assert!(texts(*row).ends_with(word), "{}", texts(*row));
    }
}

#[test]
fn rates_costs_and_bytes_have_axes_of_their_own() {
    let saved = some(false);
    let all = section::all(&saved);
    for (name, heading) in [
        ("ack", "right is better"),
        ("stop", "left is better"),
        ("coordinator", "bytes for each"),
    ] {
        let picture = chart::draw(section(&all, name)).unwrap();
        let document = Document::parse(&picture).unwrap();
        assert!(texts(document.root()).contains(heading), "{name}");
    }
    assert!(chart::draw(section(&all, "batch")).is_none());
    assert!(growth::draw(section(&all, "ack")).is_none());
}

#[test]
fn what_grows_linearly_is_a_line_of_that_slope() {
    let saved = some(false);
    let all = section::all(&saved);
    let picture = growth::draw(section(&all, "scale")).unwrap();
    let document = Document::parse(&picture).unwrap();
    let growths = document
        .descendants()
        .filter(|it| it.attribute("class") == Some("growth"));
    assert_eq!(growths.count(), 2);
    let linear = document
        .descendants()
        .find(|it| it.attribute("class") == Some("linear"))
        .unwrap();
    let lines = document
        .descendants()
        .filter(|it| it.attribute("class") == Some("line a"));
    let first = lines.into_iter().next().unwrap();
    let slope = |line| {
        let rise = number(line, "y2") - number(line, "y1");
        rise / (number(line, "x2") - number(line, "x1"))
    };
    // The first piece goes from 0.2 to 2 between 1 and 10.
    assert!((slope(linear) - slope(first)).abs() < 0.02, "{picture}");
    let text = texts(document.root());
    assert!(
        text.contains("1.300 (≤ 1.1), NOT MET") && text.contains("ms to drain, by members"),
        "{text}"
    );
}

#[test]
fn the_readme_has_its_section_only_with_all_three_figures_of_a_full_run() {
    let readme = |saved: &Saved| {
        let files = page::files(&root(), saved).unwrap();
        let (_, text) = files
            .into_iter()
            .find(|(path, _)| path.ends_with("README.md"))
            .unwrap();
        text
    };
    let full = readme(&some(false));
    assert!(full.contains("## How fast"));
    assert!(
        full.contains("| 4.10 | ≥ 10 | **NOT MET** | `cargo xtask bench broker_nats_64B` |"),
        "{full}"
    );
    assert!(!readme(&some(true)).contains("## How fast"));
    let mut without = some(false);
    without.findings.figures.remove(3);
    assert!(!readme(&without).contains("## How fast"));
}

#[test]
fn what_could_not_be_computed_is_said_to_be_not_measured() {
    let mut figure = ratio("ack_tcp", 1.0, ("rate", Some(0.9)), false);
    for field in ["ratio", "min", "max", "same"] {
        figure[field] = Value::Null;
    }
    let mut saved = some(false);
    saved.findings.figures = vec![serde_json::from_value(figure).unwrap()];
    let all = section::all(&saved);
    let ack = section(&all, "ack");
    assert!(table::of(ack).contains("is not measured, and should be at least 0.9"));
    assert!(Document::parse(&chart::draw(ack).unwrap()).is_ok());
}

#[test]
fn what_was_measured_is_stored_even_if_a_bar_is_missed_but_not_if_something_failed() {
    let name = format!("linger-xtask-bench-{}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    fs::create_dir_all(folder.join("docs/benchmarks")).unwrap();
    fs::write(folder.join("docs/benchmarks/old.svg"), "<svg/>").unwrap();
    let marks = "<!-- generated: ack -->\n<!-- end: ack -->\n";
    fs::write(folder.join("docs/benchmarks.md"), marks).unwrap();
    fs::write(folder.join("README.md"), "words\n").unwrap();
    fs::write(folder.join("Cargo.lock"), "").unwrap();
    let found = json!({
        "figures": [ratio("ack_tcp", 0.5, ("rate", Some(0.9)), false)], "libzmq": "4.3.4",
    });
    fs::write(folder.join("found.json"), found.to_string()).unwrap();
    let file = folder.join("benchmarks.json");
    // As the program is: `$0 … --json FILE`.
    let run = |code: u8| {
        let script = format!("cp found.json \"$2\"; exit {code}");
        let mut bench = Command::new("sh");
        bench.args(["-c", &script, "bench"]).current_dir(&folder);
        docs(&folder, &file, true, &mut bench)
    };
    assert!(matches!(run(2), Err(BenchError::Failed)));
    assert!(!page::stored(&folder).exists());
    assert!(!run(1).unwrap());
    let page = fs::read_to_string(folder.join("docs/benchmarks.md")).unwrap();
    assert!(
        page.contains("is 0.500, and should be at least 0.9"),
        "{page}"
    );
    let pictures = page::pictures(&folder).unwrap();
    assert_eq!(pictures, [folder.join("docs/benchmarks/ack.svg")]);
    assert!(run(0).unwrap());
    let saved = Saved::open(&page::stored(&folder)).unwrap();
    assert!(saved.quick && saved.conditions.libzmq == "4.3.4");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_name_a_file_and_the_page_are_understood() {
    let run = |wanted, is_quick, json| Options::Run {
        wanted,
        is_quick,
        json,
    };
    for (args, options) in [
        (&[][..], run(None, false, None)),
        (&["ack"], run(Some("ack"), false, None)),
        (&["--quick"], run(None, true, None)),
        (
            &["ack_tcp", "--quick", "--json", "out.json"],
            run(Some("ack_tcp"), true, Some("out.json")),
        ),
        (
            &["--json", "out.json", "--quick"],
            run(None, true, Some("out.json")),
        ),
        (&["--docs"], Options::Docs { is_quick: false }),
        (&["--docs", "--quick"], Options::Docs { is_quick: true }),
        (&["--render"], Options::Render),
    ] {
        assert_eq!(Options::read(args), Some(options), "{args:?}");
    }
    for unknown in [
        &["--json"][..],
        &["--json", "--quick"],
        &["ack", "registry"],
        &["--fast"],
        &["ack", "--docs"],
        &["--render", "--quick"],
    ] {
        assert_eq!(Options::read(unknown), None, "{unknown:?}");
    }
}
