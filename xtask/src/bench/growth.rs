//! How costs grow, as pictures: both axes by powers of ten, so that a power is a straight line.

use super::axis::Axis;
use super::chart::{MARGIN, WIDTH, begin, circle, line, text};
use super::saved::Growth;
use super::section::Section;
use super::table::{count, ratio, set};
use crate::svg::Svg;

/// A panel has half of the width; its plot begins and ends so far from its edges.
const PANEL: f64 = WIDTH / 2.0;
const LEFT: f64 = 66.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 44.0;
const PLOT: f64 = 210.0;

/// From the plot to the legend, and a line of that.
const LEGEND: f64 = 46.0;
const ENTRY: f64 = 20.0;

/// The lines of a panel; where there are more, they get another panel.
const COLOURS: [&str; 4] = ["a", "b", "c", "d"];

/// Lines that share their axes.
struct Panel<'a> {
    of: &'a str,
    unit: &'a str,
    growths: Vec<&'a Growth>,
}

/// The section's picture; none where nothing in it grows.
pub(super) fn draw(section: &Section<'_>) -> Option<String> {
    let panels = panels(&section.growths);
    if panels.is_empty() {
        return None;
    }
    let label: Vec<_> = section.growths.iter().map(|it| sentence(it)).collect();
    let rows: Vec<&[Panel<'_>]> = panels.chunks(2).collect();
    let height = rows.iter().map(|row| height(row)).sum();
    let mut svg = begin(height, &label.join("; "));
    let mut top = 0.0;
    for row in rows {
        let mut left = 0.0;
        for panel in row {
            panel.draw(&mut svg, (left, top));
            left += PANEL;
        }
        top += self::height(row);
    }
    svg.end("svg");
    Some(svg.finish())
}

fn panels<'a>(growths: &[&'a Growth]) -> Vec<Panel<'a>> {
    let mut panels: Vec<Panel<'a>> = Vec::new();
    for &growth in growths {
        let (of, unit) = (&*growth.of, &*growth.unit);
        let has_room = |it: &&mut Panel<'_>| {
            (it.of, it.unit) == (of, unit) && it.growths.len() < COLOURS.len()
        };
        match panels.iter_mut().find(has_room) {
            Some(panel) => panel.growths.push(growth),
            None => panels.push(Panel {
                of,
                unit,
                growths: vec![growth],
            }),
        }
    }
    panels
}

/// Of panels beside each other.
fn height(row: &[Panel<'_>]) -> f64 {
    let entries = |panel: &Panel<'_>| panel.growths.iter().map(|_| ENTRY).sum::<f64>();
    let most = row.iter().map(entries).fold(0.0, f64::max);
    TOP + PLOT + LEGEND + most
}

fn sentence(growth: &Growth) -> String {
    let Growth { name, of, .. } = growth;
    format!("{name} by {of}: exponent {}", exponent(growth))
}

/// The exponent, its bar and what came of it.
fn exponent(growth: &Growth) -> String {
    let median = growth
        .ratio
        .map_or_else(|| "not measured".to_owned(), ratio);
    match (growth.bar, growth.met) {
        (None, _) => median,
        (Some(bar), true) => format!("{median} (≤ {}), met", set(bar)),
        (Some(bar), false) => format!("{median} (≤ {}), NOT MET", set(bar)),
    }
}

/// A size, and what was measured there: median, smallest, largest. What is not above 0 has no place
/// on these axes.
fn points(growth: &Growth) -> impl Iterator<Item = [f64; 4]> {
    let points = growth.points.iter().filter_map(|point| match *point {
        [Some(size), Some(median), Some(min), Some(max)] => Some([size, median, min, max]),
        _ => None,
    });
    points.filter(|point| point.iter().all(|value| *value > 0.0))
}

impl Panel<'_> {
    fn draw(&self, svg: &mut Svg, (left, top): (f64, f64)) {
        let all = || self.growths.iter().flat_map(|growth| points(growth));
        let (from, to) = (left + LEFT, left + PANEL - RIGHT);
        let (high, low) = (top + TOP, top + TOP + PLOT);
        let x = Axis::log(all().map(|point| point[0]), (from, to));
        let y = Axis::log(all().flat_map(|[_, rest @ ..]| rest), (low, high));
        let heading = format!("{}, by {}", self.unit, self.of);
        text(svg, (left + MARGIN, top + 22.0), "heading left", heading);
        let dashed = "dashed: linear";
        text(svg, (to, top + 22.0), "quiet small right", dashed);
        for mark in x.marks() {
            let place = x.place(mark);
            line(svg, (place, high), (place, low), "grid");
            text(svg, (place, low + 16.0), "quiet small middle", count(mark));
        }
        for mark in y.marks() {
            let place = y.place(mark);
            line(svg, (from, place), (to, place), "grid");
            text(
                svg,
                (from - 6.0, place + 4.0),
                "quiet small right",
                count(mark),
            );
        }
        self.linear(svg, &x, &y);
        let mut entry = low + LEGEND;
        for (growth, colour) in self.growths.iter().zip(COLOURS) {
            svg.begin("g", &[("class", &"growth"), ("data-figure", &growth.name)]);
            curve(svg, growth, (&x, &y), colour);
            circle(
                svg,
                (left + MARGIN + 8.0, entry - 4.0),
                4.5,
                &format!("dot {colour}"),
            );
            let name = (left + MARGIN + 22.0, entry);
            text(svg, name, "name small left", &growth.name);
            let class = if growth.met {
                "small right"
            } else {
                "missed small right"
            };
            let told = format!("exponent {}", exponent(growth));
            text(svg, (to, entry), class, told);
            svg.end("g");
            entry += ENTRY;
        }
    }

    /// What would grow as the sizes do, from the first point on.
    fn linear(&self, svg: &mut Svg, x: &Axis, y: &Axis) {
        let first = self.growths.iter().find_map(|growth| points(growth).next());
        let Some([size, value, ..]) = first else {
            return;
        };
        let factor = (x.most() / size).min(y.most() / value);
        let from = (x.place(size), y.place(value));
        let to = (x.place(size * factor), y.place(value * factor));
        svg.begin("g", &[]);
        svg.text("title", &[], "linear growth, for comparison");
        line(svg, from, to, "linear");
        svg.end("g");
    }
}

fn curve(svg: &mut Svg, growth: &Growth, (x, y): (&Axis, &Axis), colour: &str) {
    let mut last = None;
    for [size, median, min, max] in points(growth) {
        let at = (x.place(size), y.place(median));
        if let Some(last) = last.replace(at) {
            line(svg, last, at, &format!("line {colour}"));
        }
        let ends = (at.0, y.place(min), y.place(max));
        line(
            svg,
            (ends.0, ends.1),
            (ends.0, ends.2),
            &format!("whisker {colour}"),
        );
        circle(svg, at, 3.5, &format!("dot {colour}"));
    }
}
