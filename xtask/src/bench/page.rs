//! The files: the page, its pictures, and what the README shows. Between its marks a file is
//! generated; the rest is written by people.

use std::fs;
use std::path::{Path, PathBuf};

use super::conditions::Conditions;
use super::saved::{Kind, Saved};
use super::section::{Section, all};
use super::table::{self, ratio, set};
use super::{BenchError, chart, growth};

/// Where the pictures and the figures are.
const FOLDER: &str = "docs/benchmarks";
const PAGE: &str = "docs/benchmarks.md";
const README: &str = "README.md";

/// What whoever reads the README would ask first.
const FIRST: [(&str, &str); 3] = [
    (
        "ack_tcp_64B_1sub",
        "the rate of acknowledged publishing, in multiples of bare PUB and SUB's: 64 B, tcp, a subscriber",
    ),
    (
        "stop_100k_1sub",
        "the time to stop with 100,000 messages to go, in multiples of what closing and terminating \
         bare sockets takes",
    ),
    (
        "broker_nats_64B",
        "the rate of acknowledged publishing and consuming, in multiples of NATS JetStream's: 64 B, in \
         memory",
    ),
];

/// Where the figures are stored.
pub(super) fn stored(root: &Path) -> PathBuf {
    root.join(FOLDER).join("figures.json")
}

/// Writes what is generated, and removes pictures that no run has any more.
pub(super) fn write(root: &Path, saved: &Saved) -> Result<(), BenchError> {
    let files = files(root, saved)?;
    for path in pictures(root)? {
        if !files.iter().any(|(file, _)| *file == path) {
            fs::remove_file(&path).map_err(failed(&path))?;
        }
    }
    for (path, content) in files {
        fs::write(&path, content).map_err(failed(&path))?;
    }
    Ok(())
}

/// All files, as they have to be.
pub(super) fn files(root: &Path, saved: &Saved) -> Result<Vec<(PathBuf, String)>, BenchError> {
    let sections = all(saved);
    let mut files = Vec::new();
    for section in &sections {
        for (name, picture) in drawn(section) {
            files.push((root.join(FOLDER).join(name), picture));
        }
    }
    let page = root.join(PAGE);
    let filled = fill(&page, |name| match name {
        "conditions" => Some(conditions(&saved.conditions)),
        "summary" => Some(summary(saved, &sections)),
        name => sections.iter().find(|it| it.name == name).map(shown),
    })?;
    files.push((page, filled));
    let readme = root.join(README);
    let filled = fill(&readme, |name| (name == "fast").then(|| fast(saved)))?;
    files.push((readme, filled));
    Ok(files)
}

/// The pictures that are there.
pub(super) fn pictures(root: &Path) -> Result<Vec<PathBuf>, BenchError> {
    let folder = root.join(FOLDER);
    let entries = fs::read_dir(&folder).map_err(failed(&folder))?;
    let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    Ok(paths
        .filter(|path| path.extension().is_some_and(|it| it == "svg"))
        .collect())
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> BenchError {
    move |source| BenchError::File {
        path: path.to_owned(),
        source,
    }
}

/// A section's pictures, with the names of their files.
fn drawn(section: &Section<'_>) -> Vec<(String, String)> {
    let name = section.name;
    let named = |more: &str, picture: Option<String>| Some((format!("{name}{more}.svg"), picture?));
    let pictures = [
        named("", chart::draw(section)),
        named("-growth", growth::draw(section)),
    ];
    pictures.into_iter().flatten().collect()
}

/// A section as it stands on the page.
fn shown(section: &Section<'_>) -> String {
    let mut text = String::new();
    for (file, _) in drawn(section) {
        let what = file.trim_end_matches(".svg").replace(['_', '-'], " ");
        text += &format!("![The figures of {what}, as in the table](benchmarks/{file})\n\n");
    }
    text += &table::of(section);
    for told in &section.skipped {
        text += &format!("**SKIPPED**: {told}.\n\n");
    }
    // One that takes what has no place needs no word where it is empty.
    if section.is_empty() && section.skipped.is_empty() && section.name != "other" {
        text += "Not measured in the run that is stored.\n\n";
    }
    text
}

fn summary(saved: &Saved, sections: &[Section<'_>]) -> String {
    let mut text = String::new();
    if saved.quick {
        text += "**These are the figures of a quick run: too short to judge by.**\n\n";
    }
    let bars = |section: &Section<'_>| {
        let ratios = section.ratios.iter().filter(|it| it.bar.is_some());
        let sizes = section.sizes.iter().filter(|it| it.bar.is_some());
        ratios.count() + sizes.count() + section.growths.len()
    };
    let asked: usize = sections.iter().map(bars).sum();
    let missed: Vec<String> = sections.iter().flat_map(table::not_met).collect();
    let met = asked - missed.len();
    text += &format!("{met} of {asked} bars are met.");
    text += if missed.is_empty() {
        "\n\n"
    } else {
        " These are not:\n\n"
    };
    text.extend(missed.iter().map(|told| format!("- {told}\n")));
    if !missed.is_empty() {
        text += "\n";
    }
    for told in &saved.findings.skipped {
        text += &format!("**SKIPPED**: {told}.\n\n");
    }
    text
}

fn conditions(it: &Conditions) -> String {
    let crates: Vec<_> = it
        .crates
        .iter()
        .map(|(name, version)| format!("`{name}` {version}"))
        .collect();
    let machine = format!(
        "{} cores, {}; {} of memory",
        it.cores, it.processor, it.memory
    );
    let rows = [
        ("measured on", &it.date),
        ("machine", &machine),
        ("system", &it.kernel),
        ("rustc", &it.rustc),
        ("libzmq, linked", &it.libzmq),
        ("nats-server", &it.nats_server),
        ("crates", &crates.join(", ")),
    ];
    let rows = rows.map(|(name, value)| format!("| {name} | {value} |\n"));
    format!("| | |\n|---|---|\n{}\n", rows.concat())
}

/// The README's section: there only with all of its figures, from a run that counts.
fn fast(saved: &Saved) -> String {
    let found = FIRST.map(|(name, what)| saved.ratio(name).map(|found| (found, what)));
    let [Some(one), Some(two), Some(three)] = found else {
        return String::new();
    };
    if saved.quick {
        return String::new();
    }
    let mut text =
        "## How fast\n\n| | figure | asked | | command |\n|---|---:|---:|---|---|\n".to_owned();
    for (found, what) in [one, two, three] {
        let sign = if found.of == Kind::Rate { "≥" } else { "≤" };
        text += &format!(
            "| {what} | {} | {} | {} | `cargo xtask bench {}` |\n",
            found.ratio.map_or_else(|| "not measured".to_owned(), ratio),
            found
                .bar
                .map_or_else(String::new, |bar| format!("{sign} {}", set(bar))),
            table::verdict(found.bar.is_some(), found.met),
            found.name,
        );
    }
    let Conditions {
        date,
        cores,
        processor,
        ..
    } = &saved.conditions;
    text += &format!(
        "\nMedians of rounds in which both sides take turns, on {cores} cores ({processor}), {date}. How \
         it is\nmeasured, and all the others: [benchmarks](docs/benchmarks.md).\n\n"
    );
    text
}

/// The file with what `of` gives between its marks.
fn fill(path: &Path, of: impl Fn(&str) -> Option<String>) -> Result<String, BenchError> {
    let text = fs::read_to_string(path).map_err(failed(path))?;
    filled(&text, of).map_err(|how| BenchError::Marks {
        path: path.to_owned(),
        how,
    })
}

const BEGIN: &str = "<!-- generated: ";
const CLOSE: &str = " -->\n";

fn filled(text: &str, of: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let (name, after) = after.split_once(CLOSE).ok_or("a mark has no end")?;
        let content = of(name).ok_or_else(|| format!("nobody knows what {name:?} is"))?;
        let end = format!("<!-- end: {name}{CLOSE}");
        let (_, after) = after
            .split_once(&end)
            .ok_or_else(|| format!("{name:?} has no end"))?;
        result += before;
        result += &format!("{BEGIN}{name}{CLOSE}");
        if !content.is_empty() {
            result += "\n";
            result += &content;
        }
        result += &end;
        rest = after;
    }
    result += rest;
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "words\n<!-- generated: a -->\nold\n<!-- end: a -->\nmore\n<!-- generated: b -->\n<!-- end: b -->\n";

    #[test]
    fn what_is_between_marks_is_replaced_and_nothing_else() {
        let once = filled(PAGE, |name| Some(format!("new {name}\n\n"))).unwrap();
        assert_eq!(
            once,
            "words\n<!-- generated: a -->\n\nnew a\n\n<!-- end: a -->\nmore\n\
             <!-- generated: b -->\n\nnew b\n\n<!-- end: b -->\n"
        );
        let twice = filled(&once, |name| Some(format!("new {name}\n\n"))).unwrap();
        assert_eq!(once, twice);
        let empty = filled(&once, |_| Some(String::new())).unwrap();
        assert!(empty.starts_with("words\n<!-- generated: a -->\n<!-- end: a -->\nmore\n"));
    }

    #[test]
    fn marks_that_nobody_knows_or_that_have_no_end_are_told() {
        let only_a = |name: &str| (name == "a").then(String::new);
        assert!(filled(PAGE, only_a).unwrap_err().contains("\"b\""));
        let open = "<!-- generated: a -->\nold\n";
        assert!(filled(open, only_a).unwrap_err().contains("no end"));
    }
}
