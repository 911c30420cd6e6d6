//! `cargo xtask report`: a saved report of a shutdown as a picture, its time from left to right.
//!
//! | module | what it is |
//! |---|---|
//! | `read` | the report, out of its JSON |
//! | `timeline` | the picture: what stands where |
//! | `heading`, `axis`, `band`, `row` | its parts, from top to bottom |
//! | `choose` | which members of a long list are shown |
//! | `scale` | from a time to a place |
//! | `units` | times as text |
//! | `kind` | what a member's outcome looks like |
//! | `style` | colours and fonts, light and dark |

mod axis;
mod band;
mod choose;
mod heading;
mod kind;
mod read;
mod row;
mod scale;
mod style;
#[cfg(test)]
mod tests;
mod timeline;
mod units;

use std::io;
use std::path::{Path, PathBuf};

use self::read::Saved;

/// What stands on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Options<'a> {
    file: &'a Path,
    /// Standard output unless it is given.
    out: Option<&'a Path>,
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReportError {
    #[error("cannot read {}: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} is no JSON: {source}", path.display())]
    Json {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("{} is no report of a shutdown: {source}", path.display())]
    Report {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
}

impl<'a> Options<'a> {
    /// `FILE [--out FILE.svg]`, in any order.
    pub(crate) fn read(args: &[&'a str]) -> Option<Self> {
        let (mut file, mut out) = (None, None);
        let mut args = args.iter().copied();
        while let Some(arg) = args.next() {
            let (place, value) = match arg {
                "--out" => (&mut out, args.next()?),
                name => (&mut file, name),
            };
            if value.starts_with('-') || place.replace(Path::new(value)).is_some() {
                return None;
            }
        }
        Some(Self { file: file?, out })
    }
}

/// Reads the report and writes the picture.
pub(crate) fn main(options: Options<'_>) -> Result<(), ReportError> {
    let saved = Saved::open(options.file)?;
    let picture = timeline::draw(&saved);
    match options.out {
        Some(path) => std::fs::write(path, picture).map_err(|source| ReportError::Write {
            path: path.to_owned(),
            source,
        }),
        None => io::Write::write_all(&mut io::stdout(), picture.as_bytes()).map_err(|source| {
            ReportError::Write {
                path: "standard output".into(),
                source,
            }
        }),
    }
}
