//! The report as a table for a log.

use std::fmt;

use crate::info::SocketInfo;
use crate::kind;
use crate::report::{Report, SocketReport};
use crate::text::Brief;
use crate::trap::Trap;

/// The last column is there only if there is something to note.
const HEADER: [&str; COLUMNS] = [
    "socket",
    "type",
    "group",
    "outcome",
    "opened at",
    "last thread",
    "notes",
];

const COLUMNS: usize = 7;

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
        let mut rows: Vec<[String; COLUMNS]> = std::iter::once(HEADER.map(str::to_owned))
            .chain(sockets.iter().map(row))
            .collect();
        if rows[1..].iter().all(|row| row[COLUMNS - 1].is_empty()) {
            rows[0][COLUMNS - 1].clear();
        }
        let width = |column: usize| {
            rows.iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or_default()
        };
        let widths: [usize; COLUMNS] = std::array::from_fn(width);
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

fn row(socket: &SocketReport) -> [String; COLUMNS] {
    let info = socket.info();
    let place = info.opened_at();
    [
        info.name().to_owned(),
        kind::upper(info.kind()).to_owned(),
        info.group().to_owned(),
        socket.outcome().to_string(),
        format!("{}:{}", place.file(), place.line()),
        info.last_thread().to_owned(),
        notes(info),
    ]
}

/// What else one should know of it, if anything.
fn notes(info: &SocketInfo) -> String {
    let mut notes = Vec::new();
    if let Some(unread @ 1..) = info.unread() {
        notes.push(format!("{unread} UNREAD"));
    }
    if info.owner_panicked() {
        notes.push("owner panicked".to_owned());
    }
    if let Some(peers) = info.peers() {
        notes.push(peers.to_string());
    }
    if info.is_adopted() {
        notes.push("adopted".to_owned());
    }
    notes.extend(info.traps().iter().map(Trap::to_string));
    notes.join(", ")
}
