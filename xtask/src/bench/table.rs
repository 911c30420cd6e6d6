//! Figures as tables in Markdown, and numbers as text.

use std::fmt::Write;

use super::chart::as_f64;
use super::saved::{Growth, Kind, Ratio, Size};
use super::section::Section;

/// All tables of a section, and below them in plain words what was not met.
pub(super) fn of(section: &Section<'_>) -> String {
    let mut text = String::new();
    if !section.ratios.is_empty() {
        text += "| figure | beside | ratio | min to max | bar | | A/A | theirs | ours |\n";
        text += "|---|---|---:|---:|---:|---|---:|---:|---:|\n";
        text.extend(section.ratios.iter().map(|it| of_ratio(it)));
        text += "\n";
    }
    if !section.growths.is_empty() {
        text += "| figure | exponent | min to max | bar | | measured |\n";
        text += "|---|---:|---:|---:|---|---|\n";
        text.extend(section.growths.iter().map(|it| of_growth(it)));
        text += "\n";
    }
    if !section.sizes.is_empty() {
        text += "| figure | ours | min to max | bar | | theirs |\n";
        text += "|---|---:|---:|---:|---|---:|\n";
        text.extend(section.sizes.iter().map(|it| of_size(it)));
        text += "\n";
    }
    text.extend(not_met(section).map(|told| format!("{told}\n\n")));
    text
}

/// What was not met, each in a sentence.
pub(super) fn not_met(section: &Section<'_>) -> impl Iterator<Item = String> {
    let missed = |name: &str, is: String, should: String| {
        format!("**NOT MET**: `{name}` is {is}, and should be {should}.")
    };
    let ratios = section.ratios.iter().filter(|it| !it.met);
    let ratios = ratios.map(move |it| {
        let word = match it.of {
            Kind::Rate => "at least",
            Kind::Cost => "at most",
        };
        let should = format!("{word} {}", option(it.bar, set));
        missed(&it.name, option(it.ratio, ratio), should)
    });
    let growths = section.growths.iter().filter(|it| !it.met);
    let growths = growths.map(move |it| {
        let should = format!("at most {}", option(it.bar, set));
        let is = format!("an exponent of {}", option(it.ratio, ratio));
        missed(&it.name, is, should)
    });
    let sizes = section.sizes.iter().filter(|it| !it.met);
    let sizes = sizes.map(move |it| {
        let should = format!("at most {}", option(it.bar.map(as_f64), bytes));
        missed(&it.name, bytes(as_f64(it.ours_bytes)), should)
    });
    ratios.chain(growths).chain(sizes)
}

fn of_ratio(it: &Ratio) -> String {
    let sign = match it.of {
        Kind::Rate => "≥",
        Kind::Cost => "≤",
    };
    let same = it.same.and_then(|[_, min, max]| min.zip(max));
    format!(
        "| `{}` | {} | **{}** | {} | {} | {} | {} | {} | {} |\n",
        it.name,
        it.peer.replace('|', "\\|"),
        option(it.ratio, ratio),
        range(it.min.zip(it.max), ratio),
        bar(it.bar, sign, set),
        verdict(it.bar.is_some(), it.met),
        range(same, ratio),
        time(it.bare_ns),
        time(it.ours_ns),
    )
}

fn of_growth(it: &Growth) -> String {
    let mut measured = String::new();
    for (index, point) in it.points.iter().enumerate() {
        let comma = if index == 0 { "" } else { "; " };
        let [size, median, ..] = *point;
        // Writing to a string never fails.
        let _ = write!(
            measured,
            "{comma}{}: {}",
            option(size, count),
            option(median, count)
        );
    }
    format!(
        "| `{}` | **{}** | {} | {} | {} | {}, by {}: {measured} |\n",
        it.name,
        option(it.ratio, ratio),
        range(it.min.zip(it.max), ratio),
        bar(it.bar, "≤", set),
        verdict(it.bar.is_some(), it.met),
        it.unit,
        it.of,
    )
}

fn of_size(it: &Size) -> String {
    format!(
        "| `{}` | **{}** | {} | {} | {} | {} |\n",
        it.name,
        bytes(as_f64(it.ours_bytes)),
        range(Some((as_f64(it.min), as_f64(it.max))), bytes),
        bar(it.bar.map(as_f64), "≤", bytes),
        verdict(it.bar.is_some(), it.met),
        bytes(as_f64(it.bare_bytes)),
    )
}

fn option(value: Option<f64>, text: fn(f64) -> String) -> String {
    value.map_or_else(|| "not measured".to_owned(), text)
}

fn range(range: Option<(f64, f64)>, text: fn(f64) -> String) -> String {
    range.map_or_else(String::new, |(min, max)| {
        format!("{} to {}", text(min), text(max))
    })
}

fn bar(bar: Option<f64>, sign: &str, text: fn(f64) -> String) -> String {
    bar.map_or_else(String::new, |bar| format!("{sign} {}", text(bar)))
}

pub(super) fn verdict(has_bar: bool, met: bool) -> &'static str {
    match (has_bar, met) {
        (_, false) => "**NOT MET**",
        (true, true) => "met",
        (false, true) => "no bar",
    }
}

/// One that was measured: to three digits behind the point where it is small.
pub(super) fn ratio(value: f64) -> String {
    let digits = match value.abs() {
        0.0..2.0 => 3,
        2.0..20.0 => 2,
        _ => 1,
    };
    format!("{value:.digits$}")
}

/// One that somebody has set: without digits that say nothing.
pub(super) fn set(value: f64) -> String {
    trimmed(ratio(value))
}

/// A number of anything: whole and in groups where it is large, to three digits where it is small.
pub(super) fn count(value: f64) -> String {
    if value.abs() < 1_000.0 {
        let digits = match value.abs() {
            0.0..0.01 => 5,
            0.01..1.0 => 3,
            1.0..10.0 => 2,
            10.0..100.0 => 1,
            _ => 0,
        };
        return trimmed(format!("{value:.digits$}"));
    }
    let whole = format!("{value:.0}");
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

pub(super) fn bytes(value: f64) -> String {
    format!("{} B", count(value))
}

/// Of one operation.
fn time(nanos: u64) -> String {
    let nanos = as_f64(nanos);
    let (value, unit) = match nanos {
        0.0..1e3 => (nanos, "ns"),
        1e3..1e6 => (nanos / 1e3, "µs"),
        1e6..1e9 => (nanos / 1e6, "ms"),
        _ => (nanos / 1e9, "s"),
    };
    format!("{} {unit}", count(value))
}

/// Without zeros at the end of what is behind the point.
fn trimmed(number: String) -> String {
    match number.contains('.') {
        true => number
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned(),
        false => number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_say_something() {
        let all = [0.9, 0.9712, 4.127, 153.26].map(ratio);
        assert_eq!(all, ["0.900", "0.971", "4.13", "153.3"]);
        assert_eq!([0.9, 1.1, 1.0, 10.0].map(set), ["0.9", "1.1", "1", "10"]);
        let all = [0.0, 0.004, 0.25, 12.34, 999.4, 1_000.0, 1_234_567.0];
        let all = all.map(count);
        let expected = ["0", "0.004", "0.25", "12.3", "999", "1,000", "1,234,567"];
        assert_eq!(all, expected);
        let all = [3, 773, 3_306, 2_500_000, 3_000_000_000].map(time);
        assert_eq!(all, ["3 ns", "773 ns", "3.31 µs", "2.5 ms", "3 s"]);
    }
}
