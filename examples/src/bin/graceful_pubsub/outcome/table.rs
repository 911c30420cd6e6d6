//! The result for people: a table that reads as text and as Markdown.

use super::{Outcome, grouped, milliseconds};

const HEAD: [&str; 8] = [
    "way",
    "subscriber",
    "accepted",
    "processed",
    "lost before",
    "lost after",
    "time to stop",
    "what the publisher knew",
];

/// These columns hold words, and are set left.
const WORDS: [usize; 3] = [0, 1, 7];

const LEGEND: &str = "\
accepted: by the publisher. processed: by the subscriber, each message counted once.
lost before: holes ahead of the last message that it processed. lost after: accepted after that
message; the signal came in between. time to stop: from SIGTERM to the end of the process.
";

/// The table of all outcomes, with what the columns mean below it.
pub(crate) fn table(outcomes: &[Outcome]) -> String {
    let mut rows = vec![HEAD.map(str::to_owned)];
    for outcome in outcomes {
        for share in &outcome.subscribers {
            let killed = if share.killed { " (killed)" } else { "" };
            rows.push([
                outcome.way.name().to_owned(),
                format!("{}{killed}", share.name),
                grouped(outcome.accepted),
                grouped(share.loss.processed),
                grouped(share.loss.before_signal),
                grouped(share.loss.after_signal),
                format!("{} ms", grouped(milliseconds(outcome.stop))),
                outcome.known.of(share.name).to_owned(),
            ]);
        }
    }
    let mut widths = [0; HEAD.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for (at, row) in rows.iter().enumerate() {
        push_row(&mut text, row, &widths);
        if at == 0 {
            push_rule(&mut text, &widths);
        }
    }
    text.push('\n');
    text.push_str(LEGEND);
    push_notes(&mut text, outcomes);
    text
}

fn push_row(text: &mut String, row: &[String], widths: &[usize]) {
    for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
        let cell = if WORDS.contains(&column) {
            format!("| {cell:<width$} ")
        } else {
            format!("| {cell:>width$} ")
        };
        text.push_str(&cell);
    }
    text.push_str("|\n");
}

fn push_rule(text: &mut String, widths: &[usize]) {
    for (column, width) in widths.iter().enumerate() {
        let end = if WORDS.contains(&column) { '-' } else { ':' };
        text.push_str(&format!("|{}{end}", "-".repeat(width + 1)));
    }
    text.push_str("|\n");
}

/// What has no column of its own, where there is any of it.
fn push_notes(text: &mut String, outcomes: &[Outcome]) {
    for outcome in outcomes {
        if outcome.refused > 0 {
            let refused = grouped(outcome.refused);
            text.push_str(&format!(
                "{}: {refused} lines could not be messages.\n",
                outcome.way
            ));
        }
        for share in &outcome.subscribers {
            if share.twice > 0 {
                let (way, name, twice) = (outcome.way, share.name, grouped(share.twice));
                text.push_str(&format!(
                    "{way}: {name} processed {twice} messages again.\n"
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::example;
    use super::*;

    #[test]
    fn a_row_for_each_subscriber() {
        let table = table(&[example()]);
        let expected = "\
| way  | subscriber | accepted | processed | lost before | lost after | time to stop | what the publisher knew |
|------|------------|---------:|----------:|------------:|-----------:|-------------:|-------------------------|
| exit | fast       |   50,123 |    50,123 |           0 |          0 |        12 ms | nothing                 |
| exit | relayed    |   50,123 |    48,000 |       2,000 |        123 |        12 ms | nothing                 |
";
        assert!(table.starts_with(expected), "{table}");
        assert!(
            table.contains("exit: 2 lines could not be messages."),
            "{table}"
        );
    }

    #[test]
    fn a_killed_subscriber_is_marked_and_what_is_known_of_it_stands_there() {
        let mut outcome = example();
        outcome.subscribers[1].killed = true;
        outcome
            .known
            .subscribers
            .insert("relayed".to_owned(), "behind by 2,123".to_owned());
        let table = table(&[outcome]);
        let row = table
            .lines()
            .find(|line| line.contains("relayed (killed)"))
            .unwrap();
        assert!(row.contains("| behind by 2,123 "), "{row}");
    }
}
