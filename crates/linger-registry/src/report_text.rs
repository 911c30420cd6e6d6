//! The report as a table for a log.

use std::fmt;

use crate::kind;
use crate::report::{Report, SocketReport};
use crate::text::Brief;

const HEADER: [&str; 6] = [
    "socket",
    "type",
    "group",
    "outcome",
    "opened at",
    "last thread",
];

impl fmt::Display for Report {
    /// A line on the whole, then a line for each socket, aligned; no line break at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sockets = self.sockets();
        let clean = if self.is_clean() {
            "clean"
        } else {
            "NOT CLEAN"
        };
        write!(
            f,
            "{clean}: {} sockets, {}, {} in all",
            sockets.len(),
            self.context(),
            Brief(self.took())
        )?;
        let omitted = self.omitted();
        if omitted.count > 0 {
            write!(
                f,
                " ({} earlier, {} of them not emptied)",
                omitted.count, omitted.unclean
            )?;
        }
        if sockets.is_empty() {
            return Ok(());
        }
        let rows: Vec<[String; 6]> = std::iter::once(HEADER.map(str::to_owned))
            .chain(sockets.iter().map(row))
            .collect();
        let width = |column: usize| {
            rows.iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or_default()
        };
        let widths: [usize; 6] = std::array::from_fn(width);
        for row in &rows {
            writeln!(f)?;
            let mut line = String::new();
            for (cell, width) in row.iter().zip(widths) {
                line.push_str(&format!("{cell:width$}  "));
            }
            f.write_str(line.trim_end())?;
        }
        Ok(())
    }
}

fn row(socket: &SocketReport) -> [String; 6] {
    let info = socket.info();
    let place = info.opened_at();
    [
        info.name().to_owned(),
        kind::upper(info.kind()).to_owned(),
        info.group().to_owned(),
        socket.outcome().to_string(),
        format!("{}:{}", place.file(), place.line()),
        info.last_thread().to_owned(),
    ]
}
