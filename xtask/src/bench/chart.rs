//! Ratios and sizes as a picture: a dot for the median, a line from the smallest to the largest, the
//! bar across it.

use std::fmt::Display;

use super::axis::Axis;
use super::saved::{Kind, Ratio, Size};
use super::section::Section;
use super::style;
use super::table::{bytes, ratio, set};
use crate::svg::{Px, Svg};

pub(super) const WIDTH: f64 = 880.0;
pub(super) const MARGIN: f64 = 16.0;

/// Where the dots are, and where the words behind them begin.
const PLOT: (f64, f64) = (290.0, 660.0);
const WORDS: [f64; 3] = [716.0, 784.0, 796.0];

const ROW: f64 = 24.0;
const HEADING: f64 = 54.0;
const LEGEND: f64 = 34.0;

/// Rows that share an axis.
struct Panel<'a> {
    heading: &'static str,
    text: fn(f64) -> String,
    /// Of a bar, and of a mark on the axis.
    plain: fn(f64) -> String,
    rows: Vec<Row<'a>>,
    is_ratio: bool,
    more_is_better: bool,
}

/// One of the figures.
struct Row<'a> {
    name: &'a str,
    median: Option<f64>,
    spread: Option<(f64, f64)>,
    bar: Option<f64>,
    met: bool,
    /// The other side with itself.
    same: Option<(f64, f64)>,
    /// The other side, where it is no ratio.
    beside: Option<f64>,
}

/// The section's picture; none where there is nothing to show in it.
pub(super) fn draw(section: &Section<'_>) -> Option<String> {
    let panels = panels(section);
    if panels.is_empty() {
        return None;
    }
    let heights = panels.iter().map(Panel::height).sum::<f64>();
    let mut svg = begin(heights + LEGEND, &sentence(section));
    let mut top = 0.0;
    for panel in &panels {
        panel.draw(&mut svg, top);
        top += panel.height();
    }
    legend(&mut svg, top + 20.0, &panels);
    svg.end("svg");
    Some(svg.finish())
}

/// An empty picture with its style, opened.
pub(super) fn begin(height: f64, label: &str) -> Svg {
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
            ("aria-label", &label),
        ],
    );
    svg.text("title", &[], label);
    svg.text("style", &[], style::SHEET);
    let size: [(&str, &dyn Display); 3] = [
        ("width", &WIDTH),
        ("height", &Px(height)),
        ("class", &"paper"),
    ];
    svg.empty("rect", &size);
    svg
}

/// All of it in words, for those who can't see it.
fn sentence(section: &Section<'_>) -> String {
    let ratios = section.ratios.iter();
    let ratios = ratios.map(|it| (&it.name, it.ratio.map(ratio), it.bar, it.met));
    let sizes = section.sizes.iter();
    let sizes = sizes.map(|it| {
        (
            &it.name,
            Some(bytes(as_f64(it.ours_bytes))),
            it.bar.map(as_f64),
            it.met,
        )
    });
    let told = ratios.chain(sizes).map(|(name, median, bar, met)| {
        let median = median.unwrap_or_else(|| "not measured".to_owned());
        match (bar, met) {
            (None, _) => format!("{name}: {median}"),
            (Some(_), true) => format!("{name}: {median}, met"),
            (Some(_), false) => format!("{name}: {median}, NOT MET"),
        }
    });
    told.collect::<Vec<_>>().join("; ")
}

fn panels<'a>(section: &Section<'a>) -> Vec<Panel<'a>> {
    let of = |kind| {
        let ratios = section.ratios.iter().filter(move |it| it.of == kind);
        ratios.map(|it| Row::of_ratio(it)).collect::<Vec<_>>()
    };
    let sizes = section.sizes.iter().map(|it| Row::of_size(it)).collect();
    let panels = [
        Panel {
            heading: "our rate, in multiples of the other side's: right is better",
            text: ratio,
            plain: set,
            rows: of(Kind::Rate),
            is_ratio: true,
            more_is_better: true,
        },
        Panel {
            heading: "our cost, in multiples of the other side's: left is better",
            text: ratio,
            plain: set,
            rows: of(Kind::Cost),
            is_ratio: true,
            more_is_better: false,
        },
        Panel {
            heading: "bytes for each: left is better",
            text: bytes,
            plain: bytes,
            rows: sizes,
            is_ratio: false,
            more_is_better: false,
        },
    ];
    panels
        .into_iter()
        .filter(|it| !it.rows.is_empty())
        .collect()
}

impl<'a> Row<'a> {
    fn of_ratio(ratio: &'a Ratio) -> Self {
        Self {
            name: &ratio.name,
            median: ratio.ratio,
            spread: ratio.min.zip(ratio.max),
            bar: ratio.bar,
            met: ratio.met,
            same: ratio.same.and_then(|[_, min, max]| min.zip(max)),
            beside: None,
        }
    }

    fn of_size(size: &'a Size) -> Self {
        Self {
            name: &size.name,
            median: Some(as_f64(size.ours_bytes)),
            spread: Some((as_f64(size.min), as_f64(size.max))),
            bar: size.bar.map(as_f64),
            met: size.met,
            same: None,
            beside: Some(as_f64(size.bare_bytes)),
        }
    }

    fn class(&self) -> &'static str {
        match (self.bar, self.met) {
            (None, _) => "free",
            (Some(_), true) => "met",
            (Some(_), false) => "missed",
        }
    }

    /// All that has a place.
    fn values(&self) -> impl Iterator<Item = f64> {
        let pair = |pair: Option<(f64, f64)>| pair.map(|(min, max)| [min, max]);
        let pairs = [self.spread, self.same].into_iter().filter_map(pair);
        let single = [self.median, self.bar, self.beside].into_iter().flatten();
        pairs.flatten().chain(single)
    }

    fn draw(&self, svg: &mut Svg, axis: &Axis, y: f64) {
        if let Some((min, max)) = self.same {
            line(svg, (axis.place(min), y), (axis.place(max), y), "same");
        }
        let class = self.class();
        let whisker = format!("whisker {class}");
        if let Some((min, max)) = self.spread {
            let (min, max) = (axis.place(min), axis.place(max));
            line(svg, (min, y), (max, y), &whisker);
            for end in [min, max] {
                line(svg, (end, y - 4.0), (end, y + 4.0), &whisker);
            }
        }
        if let Some(bar) = self.bar {
            let x = axis.place(bar);
            line(svg, (x, y - 9.0), (x, y + 9.0), "bar");
        }
        if let Some(beside) = self.beside {
            circle(svg, (axis.place(beside), y), 4.0, "beside");
        }
        if let Some(median) = self.median {
            circle(svg, (axis.place(median), y), 4.5, &format!("dot {class}"));
        }
    }
}

impl Panel<'_> {
    fn height(&self) -> f64 {
        self.rows.iter().map(|_| ROW).sum::<f64>() + HEADING
    }

    fn draw(&self, svg: &mut Svg, top: f64) {
        let bottom = top + self.height();
        let one = self.is_ratio.then_some(1.0);
        let values = self.rows.iter().flat_map(Row::values).chain(one);
        let axis = Axis::of(values, PLOT);
        text(svg, (MARGIN, top + 24.0), "heading left", self.heading);
        let marks = axis.marks();
        for mark in &marks {
            let x = axis.place(*mark);
            line(svg, (x, top + HEADING), (x, bottom), "grid");
            text(
                svg,
                (x, top + 46.0),
                "quiet small middle",
                (self.plain)(*mark),
            );
        }
        if self.is_ratio {
            let x = axis.place(1.0);
            line(svg, (x, top + HEADING), (x, bottom), "one");
        }
        let mut y = top + HEADING + ROW / 2.0;
        for row in &self.rows {
            self.row(svg, &axis, row, y);
            y += ROW;
        }
    }

    fn row(&self, svg: &mut Svg, axis: &Axis, row: &Row<'_>, y: f64) {
        svg.begin("g", &[("class", &"row"), ("data-figure", &row.name)]);
        text(svg, (MARGIN, y + 4.0), "name small left", row.name);
        row.draw(svg, axis, y);
        let median = row.median.map_or_else(|| "–".to_owned(), self.text);
        text(svg, (WORDS[0], y + 4.0), "right", median);
        if let Some(bar) = row.bar {
            let sign = if self.more_is_better { "≥" } else { "≤" };
            let bar = format!("{sign} {}", (self.plain)(bar));
            text(svg, (WORDS[1], y + 4.0), "quiet right", bar);
            let (class, word) = match row.met {
                true => ("quiet left", "met"),
                false => ("missed left", "NOT MET"),
            };
            text(svg, (WORDS[2], y + 4.0), class, word);
        }
        svg.end("g");
    }
}

/// What the signs mean, as far as they are there.
fn legend(svg: &mut Svg, y: f64, panels: &[Panel<'_>]) {
    let any = |has: fn(&Row<'_>) -> bool| panels.iter().any(|panel| panel.rows.iter().any(has));
    let mut x = MARGIN;
    let mut entry = |svg: &mut Svg, width: f64, word: &str, sign: &dyn Fn(&mut Svg, f64)| {
        sign(svg, x);
        text(svg, (x + 34.0, y + 4.0), "quiet small left", word);
        x += width;
    };
    entry(svg, 218.0, "median, smallest and largest", &|svg, x| {
        line(svg, (x, y), (x + 26.0, y), "whisker free");
        circle(svg, (x + 13.0, y), 4.5, "dot free");
    });
    if any(|row| row.bar.is_some()) {
        entry(svg, 210.0, "the bar: what is asked for", &|svg, x| {
            line(svg, (x + 13.0, y - 9.0), (x + 13.0, y + 9.0), "bar");
        });
    }
    if any(|row| row.same.is_some()) {
        entry(
            svg,
            260.0,
            "the other side beside itself (A/A)",
            &|svg, x| {
                line(svg, (x, y), (x + 26.0, y), "same");
            },
        );
    }
    if any(|row| row.beside.is_some()) {
        entry(svg, 120.0, "the other side", &|svg, x| {
            circle(svg, (x + 13.0, y), 4.0, "beside");
        });
    }
}

pub(super) fn line(svg: &mut Svg, from: (f64, f64), to: (f64, f64), class: &str) {
    svg.empty(
        "line",
        &[
            ("x1", &Px(from.0)),
            ("y1", &Px(from.1)),
            ("x2", &Px(to.0)),
            ("y2", &Px(to.1)),
            ("class", &class),
        ],
    );
}

pub(super) fn circle(svg: &mut Svg, (x, y): (f64, f64), radius: f64, class: &str) {
    let place: [(&str, &dyn Display); 4] = [
        ("cx", &Px(x)),
        ("cy", &Px(y)),
        ("r", &Px(radius)),
        ("class", &class),
    ];
    svg.empty("circle", &place);
}

pub(super) fn text(svg: &mut Svg, (x, y): (f64, f64), class: &str, content: impl Display) {
    svg.text(
        "text",
        &[("x", &Px(x)), ("y", &Px(y)), ("class", &class)],
        content,
    );
}

/// As near as a number can be drawn.
#[expect(
    clippy::cast_precision_loss,
    reason = "it is drawn, or rounded for people"
)]
pub(super) fn as_f64(count: u64) -> f64 {
    count as f64
}
