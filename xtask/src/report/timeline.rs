//! The picture: what stands where.

use std::time::Duration;

use linger_coordinator::{PhaseReport, Report};

use super::band::Band;
use super::read::Saved;
use super::scale::Scale;
use super::{axis, heading, style};
use crate::svg::{Px, Svg};

pub(super) const WIDTH: f64 = 1280.0;
pub(super) const MARGIN: f64 = 24.0;

/// The columns, from left to right: names, times, outcomes.
pub(super) const NAMES: (f64, f64) = (MARGIN + 14.0, 312.0);
pub(super) const TIMES: (f64, f64) = (330.0, 880.0);
pub(super) const OUTCOMES: (f64, f64) = (900.0, WIDTH - MARGIN - 10.0);

/// What is kept in the column of the names for where they were made.
const ORIGINS: f64 = 108.0;

/// Between two bands.
const GAP: f64 = 8.0;

pub(super) fn draw(saved: &Saved) -> String {
    let report = &saved.shutdown;
    let scale = scale(report);
    let top = heading::HEIGHT + axis::HEIGHT;
    let mut bands = Vec::new();
    let mut bottom = top;
    let mut above = None;
    for phase in report.phases() {
        let band = Band::new(phase, above.replace(phase), bottom);
        bottom += band.height() + GAP;
        bands.push(band);
    }
    let height = bottom + heading::LEGEND;

    let mut svg = Svg::default();
    let view = format!("0 0 {WIDTH} {}", Px(height));
    svg.begin(
        "svg",
        &[
            ("xmlns", &"http://www.w3.org/2000/svg"),
            ("viewBox", &view),
            ("width", &WIDTH),
            ("height", &Px(height)),
            ("role", &"img"),
            ("aria-label", &heading::sentence(saved)),
        ],
    );
    svg.text("style", &[], style::SHEET);
    definitions(&mut svg, height);
    let size: [(&str, &dyn std::fmt::Display); 3] = [
        ("width", &WIDTH),
        ("height", &Px(height)),
        ("class", &"paper"),
    ];
    svg.empty("rect", &size);
    heading::draw(&mut svg, saved);
    for band in &bands {
        band.card(&mut svg);
    }
    axis::draw(&mut svg, &scale, report, bottom - GAP);
    for band in &bands {
        band.draw(&mut svg, &scale);
    }
    heading::legend(&mut svg, &bands, bottom);
    svg.end("svg");
    svg.finish()
}

/// The axis ends at the hard end, or with the last thing that happened.
fn scale(report: &Report) -> Scale {
    let ends = report.phases().iter().map(end);
    let used = ends.fold(report.took().as_secs_f64(), f64::max);
    Scale::new(used, report.budget().as_secs_f64(), TIMES.0, TIMES.1)
}

fn end(phase: &PhaseReport) -> f64 {
    let members = phase.members().iter();
    let ends = members.map(|member| seconds(member.started()) + seconds(member.took()));
    ends.fold(seconds(phase.started()) + seconds(phase.took()), f64::max)
}

pub(super) fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}

/// What the parts refer to: texts end with their column, what was over is hatched.
fn definitions(svg: &mut Svg, height: f64) {
    svg.begin("defs", &[]);
    let names = (NAMES.0, NAMES.1 - ORIGINS);
    for (id, (left, right)) in [("names", names), ("outcomes", OUTCOMES)] {
        svg.begin("clipPath", &[("id", &id)]);
        svg.empty(
            "rect",
            &[
                ("x", &Px(left - 12.0)),
                ("width", &Px(right - left + 12.0)),
                ("height", &Px(height)),
            ],
        );
        svg.end("clipPath");
    }
    svg.begin(
        "pattern",
        &[
            ("id", &"over"),
            ("width", &6),
            ("height", &6),
            ("patternUnits", &"userSpaceOnUse"),
            ("patternTransform", &"rotate(45)"),
        ],
    );
    svg.empty("line", &[("y2", &6), ("class", &"hatch")]);
    svg.end("pattern");
    svg.end("defs");
}
