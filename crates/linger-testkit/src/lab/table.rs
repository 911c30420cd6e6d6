//! Findings as a table in Markdown.

use super::results::Entry;

const HEAD: &str = "\
| experiment | what is so | what is often said | plain `zmq` | with linger | holds |
|---|---|---|---|---|---|
";

pub(super) fn of(entries: &[Entry]) -> String {
    let rows = entries.iter().map(|entry| {
        let name = format!("`{}`", entry.name);
        let cells = [
            name.as_str(),
            entry.claim,
            entry.folklore,
            &entry.raw,
            &entry.cured,
            if entry.holds { "yes" } else { "**no**" },
        ];
        let row: Vec<String> = cells.iter().map(|cell| safe(cell)).collect();
        format!("| {} |\n", row.join(" | "))
    });
    HEAD.chars()
        .chain(rows.collect::<String>().chars())
        .collect()
}

/// What would end a cell or a row does not.
fn safe(cell: &str) -> String {
    cell.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::experiment::{Experiment, Finding};
    use crate::lab::experiments::ALL;

    /// The copy of a run in the docs.
    const DOCS: &str = include_str!("../../../linger-registry/LAB.md");

    #[test]
    fn the_docs_show_a_run_of_every_experiment_in_which_it_held() {
        let rows = DOCS.lines().filter(|line| line.starts_with("| `"));
        let mut shown: Vec<&str> = rows
            .map(|row| {
                assert!(row.ends_with("| yes |"), "{row}");
                row.split('`').nth(1).unwrap()
            })
            .collect();
        let mut all: Vec<&str> = ALL.iter().map(|experiment| experiment.name).collect();
        shown.sort_unstable();
        all.sort_unstable();
        assert_eq!(shown, all, "`cargo xtask lab`, and its table into LAB.md");
        for experiment in ALL {
            let cells = format!(
                "| {} | {} |",
                safe(experiment.claim),
                safe(experiment.folklore)
            );
            assert!(DOCS.contains(&cells), "{}", experiment.name);
        }
    }

    #[test]
    fn a_row_stays_one_row_whatever_stands_in_it() {
        let experiment = Experiment {
            name: "some",
            claim: "one | two",
            folklore: "a saying",
            run: |_| Err(crate::lab::LabError::Panicked),
        };
        let finding = Finding::new(false, "two\nlines", "none", []);
        let table = of(&[Entry::new(&experiment, finding)]);
        let rows: Vec<&str> = table.lines().collect();
        assert_eq!(rows.len(), 3);
        assert_eq!(
            rows[2],
            "| `some` | one \\| two | a saying | two lines | none | **no** |"
        );
    }
}
