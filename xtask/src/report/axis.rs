//! The time from the trigger to the hard end.

use std::fmt::Display;

use linger_coordinator::Report;

use super::scale::Scale;
use super::timeline::seconds;
use super::units::Took;
use crate::svg::{Px, Svg};

pub(super) const HEIGHT: f64 = 54.0;

/// Where the flags and the marks stand.
const FLAGS: f64 = super::heading::HEIGHT + 20.0;
const MARKS: f64 = super::heading::HEIGHT + 40.0;
const LINES: f64 = super::heading::HEIGHT + 46.0;

/// A flag needs this much room.
const ROOM: f64 = 150.0;

/// Marks, and lines for the trigger, the report and the hard end, down to `bottom`.
pub(super) fn draw(svg: &mut Svg, scale: &Scale, report: &Report, bottom: f64) {
    svg.begin("g", &[("class", &"axis")]);
    if let Some(knee) = scale.knee() {
        svg.begin("g", &[]);
        svg.text("title", &[], "the rest of the budget, drawn narrower");
        svg.empty(
            "rect",
            &[
                ("x", &Px(knee)),
                ("y", &Px(MARKS - 12.0)),
                ("width", &Px(scale.right() - knee)),
                ("height", &Px(bottom - MARKS + 12.0)),
                ("class", &"narrow"),
            ],
        );
        let middle = (knee + scale.right()) / 2.0;
        text(svg, middle, MARKS, "quiet small middle", "rest of budget");
        svg.end("g");
    }
    for (index, (x, mark)) in scale.ticks().into_iter().enumerate() {
        let class = if index == 0 { "start" } else { "grid" };
        line(svg, x, LINES, bottom, class);
        text(svg, x, MARKS, "quiet small middle", mark);
    }
    flags(svg, scale, report, bottom);
    svg.end("g");
}

fn flags(svg: &mut Svg, scale: &Scale, report: &Report, bottom: f64) {
    let (took, budget) = (report.took(), report.budget());
    let (end, hard) = (scale.x(seconds(took)), scale.x(seconds(budget)));
    line(svg, end, FLAGS - 12.0, bottom, "report");
    line(svg, hard, FLAGS - 12.0, bottom, "hard");
    // Texts last: they stand on the lines.
    let (at, side) = if end < scale.left() + ROOM {
        (end + 6.0, "left")
    } else {
        (end - 6.0, "right")
    };
    let class = format!("report flag small bold {side}");
    text(
        svg,
        at,
        FLAGS,
        &class,
        format_args!("report {}", Took(took)),
    );
    // On the right, above the column of the outcomes, where nothing is in its way.
    let at = hard.max(end) + 6.0;
    let over = took.saturating_sub(budget);
    let told = if over.is_zero() {
        format!("hard end {}", Took(budget))
    } else {
        format!("hard end {}, passed by {}", Took(budget), Took(over))
    };
    text(svg, at, FLAGS, "hard flag small bold left", told);
}

fn line(svg: &mut Svg, x: f64, top: f64, bottom: f64, class: &str) {
    svg.empty(
        "line",
        &[
            ("x1", &Px(x)),
            ("x2", &Px(x)),
            ("y1", &Px(top)),
            ("y2", &Px(bottom)),
            ("class", &class),
        ],
    );
}

fn text(svg: &mut Svg, x: f64, y: f64, class: &str, content: impl Display) {
    svg.text(
        "text",
        &[("x", &Px(x)), ("y", &Px(y)), ("class", &class)],
        content,
    );
}
