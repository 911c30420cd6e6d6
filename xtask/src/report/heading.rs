//! Above and below the phases: reason, stage, exit code; what the colours mean.

use std::collections::BTreeSet;
use std::fmt::{Display, Write};

use linger_coordinator::Report;

use super::band::Band;
use super::kind::Kind;
use super::read::Saved;
use super::timeline::{MARGIN, WIDTH};
use super::units::{Took, shortened};
use crate::svg::{Px, Svg};

pub(super) const HEIGHT: f64 = 78.0;
pub(super) const LEGEND: f64 = 44.0;

/// Characters of the title and of the line below it.
const TITLE: usize = 78;
const LINE: usize = 130;

pub(super) fn draw(svg: &mut Svg, saved: &Saved) {
    let report = &saved.shutdown;
    let title = title(saved);
    svg.begin("g", &[("class", &"heading")]);
    svg.text("title", &[], sentence(saved));
    let place: [(&str, &dyn Display); 3] =
        [("x", &Px(MARGIN)), ("y", &Px(44.0)), ("class", &"title")];
    svg.text("text", &place, shortened(&title, TITLE));
    let place: [(&str, &dyn Display); 3] =
        [("x", &Px(MARGIN)), ("y", &Px(66.0)), ("class", &"quiet")];
    svg.text("text", &place, shortened(&line(report), LINE));
    let clean = if report.is_clean() {
        "clean"
    } else {
        "unclean"
    };
    let left = pill(svg, WIDTH - MARGIN, clean, &exit_code(report));
    pill(
        svg,
        left - 8.0,
        "stage",
        &format!("stage {}", report.stage()),
    );
    svg.end("g");
}

/// All of the heading in a sentence, for those who can't see it.
pub(super) fn sentence(saved: &Saved) -> String {
    let report = &saved.shutdown;
    format!(
        "{}; {}; stage {}, {}",
        title(saved),
        line(report),
        report.stage(),
        exit_code(report)
    )
}

fn title(saved: &Saved) -> String {
    let service = saved.service.as_deref().unwrap_or("Shutdown");
    format!("{service}: {}", saved.shutdown.reason())
}

fn line(report: &Report) -> String {
    let mut line = format!(
        "stopped in {} of {}",
        Took(report.took()),
        Took(report.budget())
    );
    line.push_str(if report.is_clean() {
        ", clean"
    } else {
        ", not clean"
    });
    for (index, reason) in report.later_reasons().iter().enumerate() {
        let comma = if index == 0 { "; then " } else { ", " };
        // Writing to a string fails only where a `Display` does.
        let _ = write!(line, "{comma}{reason}");
    }
    line
}

fn exit_code(report: &Report) -> String {
    format!("exit code {}", report.exit_code())
}

/// A text on a round ground that ends at `right`; where it begins.
fn pill(svg: &mut Svg, right: f64, class: &str, text: &str) -> f64 {
    // The texts are short and plain: this is wide enough in any font.
    let width = 22.0 + 7.2 * f64::from(u32::try_from(text.chars().count()).unwrap_or(u32::MAX));
    svg.empty(
        "rect",
        &[
            ("x", &Px(right - width)),
            ("y", &Px(26.0)),
            ("width", &Px(width)),
            ("height", &Px(26.0)),
            ("rx", &Px(13.0)),
            ("class", &format_args!("pill {class}")),
        ],
    );
    svg.text(
        "text",
        &[
            ("x", &Px(right - width / 2.0)),
            ("y", &Px(43.5)),
            ("class", &format_args!("pill-text middle {class}")),
        ],
        text,
    );
    right - width
}

/// What the colours that occur mean, and the lines.
pub(super) fn legend(svg: &mut Svg, bands: &[Band<'_>], top: f64) {
    let kinds: BTreeSet<Kind> = bands.iter().flat_map(Band::kinds).collect();
    let y = top + 16.0;
    let mut x = MARGIN + 6.0;
    svg.begin("g", &[("class", &"legend")]);
    for kind in kinds {
        svg.empty(
            "circle",
            &[
                ("cx", &Px(x)),
                ("cy", &Px(y)),
                ("r", &4),
                ("class", &kind.class()),
            ],
        );
        x = note(svg, x + 10.0, y, kind.text());
    }
    let lines = [
        ("deadline", "a phase's deadline"),
        ("eighty", "80 % of its cap: a near miss from here on"),
    ];
    for (class, text) in lines {
        let place: [(&str, &dyn Display); 5] = [
            ("x1", &Px(x)),
            ("x2", &Px(x)),
            ("y1", &Px(y - 7.0)),
            ("y2", &Px(y + 7.0)),
            ("class", &class),
        ];
        svg.empty("line", &place);
        x = note(svg, x + 8.0, y, text);
    }
    svg.end("g");
}

/// A text of the legend; where the next thing may stand.
fn note(svg: &mut Svg, x: f64, y: f64, text: &str) -> f64 {
    let place: [(&str, &dyn Display); 3] = [
        ("x", &Px(x)),
        ("y", &Px(y + 4.0)),
        ("class", &"quiet small"),
    ];
    svg.text("text", &place, text);
    x + 6.4 * f64::from(u32::try_from(text.len()).unwrap_or(0)) + 20.0
}
