//! One phase: a band of its own, so that phases that overlap in time don't in the picture.

use std::fmt::{Display, Write};

use linger_coordinator::PhaseReport;

use super::choose::{Chosen, Rest, choose};
use super::kind::Kind;
use super::row;
use super::scale::Scale;
use super::timeline::{MARGIN, NAMES, OUTCOMES, WIDTH, seconds};
use super::units::{Took, shortened};
use crate::svg::{Px, Svg};

/// Heights of the phase's own row, of each below it, and of the rim.
const OWN: f64 = 32.0;
const ROW: f64 = 20.0;
const RIM: f64 = 8.0;

const BAR: f64 = 13.0;

/// Characters of a name, and of what it began after.
const NAME: usize = 20;
const AFTER: usize = 26;

pub(super) struct Band<'a> {
    phase: &'a PhaseReport,
    /// What it began after, where that is not the phase above it alone.
    after: Option<String>,
    top: f64,
    members: Chosen<'a>,
    /// Those that failed before the shutdown.
    before: Chosen<'a>,
}

impl<'a> Band<'a> {
    /// `above` is the phase of the band before it.
    pub(super) fn new(phase: &'a PhaseReport, above: Option<&PhaseReport>, top: f64) -> Self {
        Self {
            phase,
            after: after(phase, above),
            top,
            members: choose(phase.members()),
            before: choose(phase.failed_before()),
        }
    }

    pub(super) fn height(&self) -> f64 {
        let rows: u32 = [
            self.members.shown.len(),
            usize::from(self.members.rest.is_some()),
            self.before.shown.len(),
            usize::from(self.unseen() > 0),
        ]
        .into_iter()
        .filter_map(|rows| u32::try_from(rows).ok())
        .sum();
        let rim = if rows == 0 { 0.0 } else { RIM };
        OWN + ROW * f64::from(rows) + rim
    }

    /// The outcomes that are drawn.
    pub(super) fn kinds(&self) -> impl Iterator<Item = Kind> {
        let shown = self.members.shown.iter().chain(&self.before.shown);
        shown.map(|member| Kind::of(member))
    }

    /// Of those that failed before, how many have no row.
    fn unseen(&self) -> usize {
        let cut = self.before.rest.as_ref().map_or(0, |rest| rest.count);
        self.phase.omitted() + cut
    }

    /// The ground that all else stands on.
    pub(super) fn card(&self, svg: &mut Svg) {
        svg.empty(
            "rect",
            &[
                ("x", &Px(MARGIN)),
                ("y", &Px(self.top)),
                ("width", &Px(WIDTH - 2.0 * MARGIN)),
                ("height", &Px(self.height())),
                ("rx", &Px(7.0)),
                ("class", &"card"),
            ],
        );
    }

    pub(super) fn draw(&self, svg: &mut Svg, scale: &Scale) {
        svg.begin(
            "g",
            &[("class", &"band"), ("data-phase", &self.phase.phase())],
        );
        self.own(svg, scale);
        self.limits(svg, scale);
        let mut y = self.top + OWN;
        for member in &self.members.shown {
            row::draw(svg, scale, member, y, ROW);
            y += ROW;
        }
        if let Some(rest) = &self.members.rest {
            line(svg, y, &sum(rest));
            y += ROW;
        }
        for member in &self.before.shown {
            row::draw_before(svg, scale, member, y, ROW);
            y += ROW;
        }
        if self.unseen() > 0 {
            let more = format!("and {} more that failed before the shutdown", self.unseen());
            line(svg, y, &more);
        }
        svg.end("g");
    }

    /// The phase's own bar, on what it might have taken.
    fn own(&self, svg: &mut Svg, scale: &Scale) {
        let phase = self.phase;
        let start = seconds(phase.started());
        let (from, cap) = (scale.x(start), scale.x(start + seconds(phase.cap())));
        let end = scale.x(start + seconds(phase.took()));
        let y = self.top + (OWN - BAR) / 2.0;
        svg.begin("g", &[("class", &"own")]);
        svg.text("title", &[], self.tooltip());
        bar(svg, from, cap, y, "window");
        bar(svg, from, end.min(cap.max(from + 2.0)), y, "bar");
        if end > cap + 0.5 {
            over(svg, cap, end, y, BAR);
        }
        let middle = self.top + OWN / 2.0 + 5.0;
        let place: [(&str, &dyn Display); 4] = [
            ("x", &Px(NAMES.0)),
            ("y", &Px(middle)),
            ("class", &"phase"),
            ("clip-path", &"url(#names)"),
        ];
        svg.text("text", &place, shortened(phase.phase(), NAME));
        if let Some(after) = &self.after {
            let place: [(&str, &dyn Display); 3] = [
                ("x", &Px(NAMES.1)),
                ("y", &Px(middle)),
                ("class", &"quiet small right"),
            ];
            svg.text("text", &place, shortened(after, AFTER));
        }
        let took = format!("{} of {}", Took(phase.took()), Took(phase.cap()));
        let place: [(&str, &dyn Display); 3] = [
            ("x", &Px(OUTCOMES.0)),
            ("y", &Px(middle)),
            ("class", &"bold"),
        ];
        svg.text("text", &place, took);
        if let Some((class, mark)) = self.mark() {
            let class = format!("bold right {class}");
            let place: [(&str, &dyn Display); 3] = [
                ("x", &Px(OUTCOMES.1)),
                ("y", &Px(middle)),
                ("class", &class),
            ];
            svg.text("text", &place, mark);
        }
        svg.end("g");
    }

    /// What was wrong with it, if anything was.
    fn mark(&self) -> Option<(&'static str, String)> {
        let over = self.phase.took().saturating_sub(self.phase.cap());
        if over.as_millis() > 0 {
            Some(("over", format!("{} over its cap", Took(over))))
        } else if self.phase.is_forced() {
            Some(("forced", "forced".to_owned()))
        } else {
            None
        }
    }

    fn tooltip(&self) -> String {
        let phase = self.phase;
        let mut text = format!(
            "phase {}: began at {}, took {} of {}",
            phase.phase(),
            Took(phase.started()),
            Took(phase.took()),
            Took(phase.cap())
        );
        if let Some(after) = &self.after {
            // Writing to a string fails only where a `Display` does.
            let _ = write!(text, "; {after}");
        }
        let _ = write!(text, "; was to end by {}", Took(phase.ends_by()));
        if let Some((_, mark)) = self.mark() {
            let _ = write!(text, "; {mark}");
        }
        text
    }

    /// Where it had to end, and where a near miss begins, through all its rows.
    fn limits(&self, svg: &mut Svg, scale: &Scale) {
        let start = seconds(self.phase.started());
        let near = start + seconds(self.phase.cap()) * 0.8;
        let bottom = self.top + self.height();
        for (time, class) in [
            (near, "eighty"),
            (seconds(self.phase.ends_by()), "deadline"),
        ] {
            let x = scale.x(time);
            svg.empty(
                "line",
                &[
                    ("x1", &Px(x)),
                    ("x2", &Px(x)),
                    ("y1", &Px(self.top + 3.0)),
                    ("y2", &Px(bottom - 3.0)),
                    ("class", &class),
                ],
            );
        }
    }
}

fn after(phase: &PhaseReport, above: Option<&PhaseReport>) -> Option<String> {
    if phase.after().eq(above.map(PhaseReport::phase)) {
        return None;
    }
    let phases: Vec<&str> = phase.after().collect();
    Some(match phases.as_slice() {
        [] => "at once".to_owned(),
        phases => format!("after {}", phases.join(", ")),
    })
}

/// The rest of a list in one line.
fn sum(rest: &Rest) -> String {
    let kinds: Vec<String> = rest
        .kinds
        .iter()
        .map(|(kind, count)| format!("{count} {}", kind.text()))
        .collect();
    format!(
        "and {} more: {}; at most {} each",
        rest.count,
        kinds.join(", "),
        Took(rest.longest)
    )
}

fn line(svg: &mut Svg, y: f64, text: &str) {
    let place: [(&str, &dyn Display); 3] = [
        ("x", &Px(NAMES.0 + 14.0)),
        ("y", &Px(y + ROW / 2.0 + 4.0)),
        ("class", &"quiet rest"),
    ];
    svg.text("text", &place, text);
}

fn bar(svg: &mut Svg, from: f64, to: f64, y: f64, class: &str) {
    svg.empty(
        "rect",
        &[
            ("x", &Px(from)),
            ("y", &Px(y)),
            ("width", &Px((to - from).max(2.0))),
            ("height", &Px(BAR)),
            ("rx", &Px(3.0)),
            ("class", &class),
        ],
    );
}

/// What went past the cap.
pub(super) fn over(svg: &mut Svg, from: f64, to: f64, y: f64, height: f64) {
    svg.empty(
        "rect",
        &[
            ("x", &Px(from)),
            ("y", &Px(y)),
            ("width", &Px((to - from).max(2.0))),
            ("height", &Px(height)),
            ("class", &"overrun"),
            ("fill", &"url(#over)"),
        ],
    );
}
