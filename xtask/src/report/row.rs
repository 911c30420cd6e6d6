//! One member: name, origin, bar, outcome, note.

use std::fmt::Display;

use linger_coordinator::{MemberReport, Outcome};

use super::band::over;
use super::kind::Kind;
use super::scale::Scale;
use super::timeline::{NAMES, OUTCOMES, seconds};
use super::units::{Took, shortened};
use crate::svg::{Px, Svg};

const BAR: f64 = 7.0;

/// Where the columns of the outcome are: its name, its time, what was said.
const TIME: f64 = OUTCOMES.0 + 140.0;
const SAID: f64 = OUTCOMES.0 + 152.0;

/// Characters that fit.
const NAME: usize = 22;
const ORIGIN: usize = 18;
const NOTE: usize = 34;

pub(super) fn draw(svg: &mut Svg, scale: &Scale, member: &MemberReport, top: f64, height: f64) {
    let kind = Kind::of(member);
    let middle = top + height / 2.0;
    svg.begin(
        "g",
        &[("class", &"member"), ("data-outcome", &kind.class())],
    );
    svg.text("title", &[], tooltip(member));
    names(svg, member, middle);
    bar(svg, scale, member, kind, middle);
    outcome(svg, member, kind, middle, Took(member.took()));
    svg.end("g");
}

/// One that ended before there was a time to draw.
pub(super) fn draw_before(
    svg: &mut Svg,
    scale: &Scale,
    member: &MemberReport,
    top: f64,
    height: f64,
) {
    let kind = Kind::of(member);
    let middle = top + height / 2.0;
    svg.begin(
        "g",
        &[("class", &"before"), ("data-outcome", &kind.class())],
    );
    let tooltip = format!("{}\nbefore the shutdown", tooltip(member));
    svg.text("title", &[], tooltip);
    names(svg, member, middle);
    diamond(svg, scale.left(), middle, kind);
    outcome(svg, member, kind, middle, "before");
    svg.end("g");
}

/// All that is known of it.
fn tooltip(member: &MemberReport) -> String {
    let mut text = format!(
        "{}: {}\ntook {} of {}\nmade at {}",
        member.name(),
        member.outcome(),
        Took(member.took()),
        Took(member.cap()),
        member.origin()
    );
    if member.is_near_miss() {
        text.push_str("\nnear miss");
    }
    if let Some(note) = member.note() {
        text.push_str(&format!("\n“{note}”"));
    }
    text
}

fn names(svg: &mut Svg, member: &MemberReport, middle: f64) {
    let y = middle + 4.0;
    let place: [(&str, &dyn Display); 4] = [
        ("x", &Px(NAMES.0 + 14.0)),
        ("y", &Px(y)),
        ("class", &"name"),
        ("clip-path", &"url(#names)"),
    ];
    svg.text("text", &place, shortened(member.name(), NAME));
    let file = member.origin().file();
    let file = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let origin = shortened(&format!("{file}:{}", member.origin().line()), ORIGIN);
    let place: [(&str, &dyn Display); 3] = [
        ("x", &Px(NAMES.1)),
        ("y", &Px(y)),
        ("class", &"quiet small right"),
    ];
    svg.text("text", &place, origin);
}

fn bar(svg: &mut Svg, scale: &Scale, member: &MemberReport, kind: Kind, middle: f64) {
    let start = seconds(member.started());
    let (from, cap) = (scale.x(start), scale.x(start + seconds(member.cap())));
    let end = scale.x(start + seconds(member.took())).max(from + 2.0);
    let y = middle - BAR / 2.0;
    svg.empty(
        "rect",
        &[
            ("x", &Px(from)),
            ("y", &Px(y)),
            ("width", &Px(end - from)),
            ("height", &Px(BAR)),
            ("rx", &Px(2.0)),
            ("class", &kind.class()),
        ],
    );
    if end > cap.max(from + 2.0) + 0.5 {
        over(svg, cap, end, y, BAR);
    }
    match kind {
        Kind::NearMiss => diamond(svg, end, middle, kind),
        // It may be running yet.
        Kind::Abandoned => arrow(svg, end, middle, kind),
        _ => {}
    }
}

fn outcome(svg: &mut Svg, member: &MemberReport, kind: Kind, middle: f64, took: impl Display) {
    let y = middle + 4.0;
    let class = kind.class();
    svg.begin("g", &[("clip-path", &"url(#outcomes)")]);
    let dot: [(&str, &dyn Display); 4] = [
        ("cx", &Px(OUTCOMES.0 + 4.0)),
        ("cy", &Px(middle)),
        ("r", &4),
        ("class", &class),
    ];
    svg.empty("circle", &dot);
    let place: [(&str, &dyn Display); 3] = [
        ("x", &Px(OUTCOMES.0 + 14.0)),
        ("y", &Px(y)),
        ("class", &class),
    ];
    svg.text("text", &place, kind.text());
    let place: [(&str, &dyn Display); 3] = [("x", &Px(TIME)), ("y", &Px(y)), ("class", &"right")];
    svg.text("text", &place, took);
    if let Some(said) = said(member) {
        let place: [(&str, &dyn Display); 3] = [
            ("x", &Px(SAID)),
            ("y", &Px(y)),
            ("class", &"quiet small note"),
        ];
        svg.text("text", &place, shortened(&said, NOTE));
    }
    svg.end("g");
}

/// Its error, or else its last note.
fn said(member: &MemberReport) -> Option<String> {
    match member.outcome() {
        Outcome::Failed(error) => Some(error.clone()),
        Outcome::Panicked(text) => Some(text.clone()),
        _ => member.note().map(|note| format!("“{note}”")),
    }
}

fn diamond(svg: &mut Svg, x: f64, y: f64, kind: Kind) {
    let size = 5.5;
    let points = format!(
        "{},{} {},{} {},{} {},{}",
        Px(x - size),
        Px(y),
        Px(x),
        Px(y - size),
        Px(x + size),
        Px(y),
        Px(x),
        Px(y + size)
    );
    let class = format!("mark {}", kind.class());
    svg.empty("polygon", &[("points", &points), ("class", &class)]);
}

fn arrow(svg: &mut Svg, x: f64, y: f64, kind: Kind) {
    let (long, size) = (8.0, 5.5);
    let points = format!(
        "{},{} {},{} {},{}",
        Px(x),
        Px(y - size),
        Px(x + long),
        Px(y),
        Px(x),
        Px(y + size)
    );
    let class = format!("mark {}", kind.class());
    svg.empty("polygon", &[("points", &points), ("class", &class)]);
}
