//! Names, numbers and files that mean no good.

use std::path::Path;
use std::time::Duration;

use linger_coordinator::Reason;
use roxmltree::Document;
use serde_json::json;

use super::times::timed;
use super::{groups, json_of, mixed, picture, report, text};
use crate::report::read::Saved;
use crate::report::{self as command, Options, ReportError};

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
    for field in ["started", "took", "cap", "ends_by"] {
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
    command::main(Options::read(&args).unwrap()).unwrap();
    let written = std::fs::read_to_string(&out).unwrap();
    assert!(Document::parse(&written).is_ok());
    let nowhere = folder.join("none").join("report.svg");
    let args = [args[0], "--out", nowhere.to_str().unwrap()];
    let error = command::main(Options::read(&args).unwrap()).unwrap_err();
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

fn refused(text: &str) -> String {
    Saved::parse(text, Path::new("report.json"))
        .unwrap_err()
        .to_string()
}
