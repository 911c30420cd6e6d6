//! What stands where, and what was late.

use std::time::Duration;

use roxmltree::{Document, Node};
use serde_json::{Value, json};

use super::{bar, groups, json_of, mixed, number, picture, text};
use crate::report::timeline;

pub(super) fn timed(times: &[(f64, f64, f64)], took: f64, budget: f64) -> Value {
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
            phase["ends_by"] = time(started + cap);
            phase["after"] = json!([]);
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
fn a_deadline_stands_where_it_was_in_the_end_whatever_the_cap() {
    let mut report = timed(&[(0.0, 5.0, 8.0)], 10.0, 20.0);
    let (left, right) = timeline::TIMES;
    let at = |seconds: f64| left + seconds / 20.0 * (right - left);
    // A second signal brings it forward; members that advance put it off.
    for ends_by in [6.0, 8.0, 12.0] {
        report["phases"][0]["ends_by"] = json!(Duration::from_secs_f64(ends_by));
        let picture = picture(&report);
        let document = Document::parse(&picture).unwrap();
        let line = document
            .descendants()
            .find(|node| node.attribute("class") == Some("deadline"))
            .unwrap();
        assert!((number(line, "x1") - at(ends_by)).abs() < 0.2);
        let near = groups(&document, "eighty")[0];
        assert!((number(near, "x1") - at(6.4)).abs() < 0.2);
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
