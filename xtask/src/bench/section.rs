//! Which figures stand where on the page: by what their names begin with, so that a section fills
//! itself when its benchmark is there.

use super::saved::{Found, Growth, Ratio, Saved, Size};

/// The names of the sections, in the order of the page; the last takes what is of none.
pub(super) const NAMES: [&str; 10] = [
    "ack",
    "ack_cpu",
    "latency",
    "batch",
    "stop",
    "broker",
    "scale",
    "coordinator",
    "registry",
    OTHER,
];

const OTHER: &str = "other";

/// What of a run stands in one section.
#[derive(Debug)]
pub(super) struct Section<'a> {
    pub(super) name: &'static str,
    pub(super) ratios: Vec<&'a Ratio>,
    pub(super) growths: Vec<&'a Growth>,
    pub(super) sizes: Vec<&'a Size>,
    /// What could not be measured.
    pub(super) skipped: Vec<&'a str>,
}

/// The section of that figure: of those with which its name begins the longest.
fn home(figure: &str) -> &'static str {
    let begins = |name: &&&'static str| {
        let rest = figure.strip_prefix(**name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    let longest = NAMES.iter().filter(begins).max_by_key(|name| name.len());
    longest.copied().unwrap_or(OTHER)
}

/// All of them.
pub(super) fn all(saved: &Saved) -> Vec<Section<'_>> {
    NAMES.iter().map(|name| Section::of(name, saved)).collect()
}

impl<'a> Section<'a> {
    fn of(name: &'static str, saved: &'a Saved) -> Self {
        let findings = &saved.findings;
        let mut section = Self {
            name,
            ratios: Vec::new(),
            growths: Vec::new(),
            sizes: Vec::new(),
            skipped: Vec::new(),
        };
        let is_here = |figure: &str| home(figure) == name;
        for found in findings.figures.iter().filter(|it| is_here(it.name())) {
            match found {
                Found::Ratio(ratio) => section.ratios.push(ratio),
                Found::Growth(growth) => section.growths.push(growth),
            }
        }
        let sizes = findings.sizes.iter();
        section.sizes = sizes.filter(|size| is_here(&size.name)).collect();
        // It begins with the name of the figure that is missing.
        let figure = |told: &str| home(told.split(':').next().unwrap_or_default());
        let skipped = findings.skipped.iter().map(String::as_str);
        section.skipped = skipped.filter(|told| figure(told) == name).collect();
        section
    }

    /// Whether nothing was measured.
    pub(super) fn is_empty(&self) -> bool {
        self.ratios.is_empty() && self.growths.is_empty() && self.sizes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_at_home_where_its_name_begins_and_in_one_place_only() {
        for (figure, section) in [
            ("ack_tcp_64B_1sub", "ack"),
            ("ack_cpu_tcp_64B_1sub", "ack_cpu"),
            ("latency_p99_tcp", "latency"),
            ("broker_nats_64B", "broker"),
            ("acked", "other"),
            ("new_one", "other"),
        ] {
            assert_eq!(home(figure), section);
        }
    }
}
