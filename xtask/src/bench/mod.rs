//! `cargo xtask bench`: what our code costs beside the bare calls that it wraps, or what else there is;
//! and the page that shows it.
//!
//! | module | what it is |
//! |---|---|
//! | `conditions` | the machine, the versions, the date |
//! | `saved` | the figures, as they are stored beside the page |
//! | `section` | which figures stand where on the page |
//! | `table` | figures as text |
//! | `chart`, `growth` | figures as pictures |
//! | `axis`, `style` | what both pictures are made of |
//! | `page` | the files, and what of them is generated |

mod axis;
mod chart;
mod conditions;
mod growth;
mod page;
mod saved;
mod section;
mod style;
mod table;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use self::conditions::Conditions;
use self::saved::Saved;
use crate::cargo::{CargoError, cargo, succeeds};
use crate::integration::PACKAGE;
use crate::workspace::target_folder;

/// What stands on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Options<'a> {
    /// Measures, and writes nothing but where it is told.
    Run {
        wanted: Option<&'a str>,
        is_quick: bool,
        json: Option<&'a str>,
    },
    /// Measures everything, stores it and makes the page.
    Docs { is_quick: bool },
    /// Makes the page of what is stored.
    Render,
}

/// Why there are no figures, or no page.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    #[error(transparent)]
    Cargo(#[from] CargoError),
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{} is not what a benchmark stores: {source}", path.display())]
    Json {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("{}: {how}", path.display())]
    Marks { path: PathBuf, how: String },
    #[error("a benchmark failed: nothing was stored")]
    Failed,
}

impl<'a> Options<'a> {
    /// `[NAME] [--quick] [--json FILE]`, `--docs [--quick]` or `--render`.
    pub(crate) fn read(args: &[&'a str]) -> Option<Self> {
        match args {
            ["--render"] => return Some(Self::Render),
            ["--docs"] => return Some(Self::Docs { is_quick: false }),
            ["--docs", "--quick"] | ["--quick", "--docs"] => {
                return Some(Self::Docs { is_quick: true });
            }
            _ => {}
        }
        let (mut wanted, mut is_quick, mut json) = (None, false, None);
        let mut rest = args.iter().copied();
        while let Some(arg) = rest.next() {
            match arg {
                "--quick" => is_quick = true,
                "--json" => json = Some(rest.next().filter(|file| !file.starts_with('-'))?),
                name if !name.starts_with('-') && wanted.is_none() => wanted = Some(name),
                _ => return None,
            }
        }
        Some(Self::Run {
            wanted,
            is_quick,
            json,
        })
    }
}

/// Measures, or makes the page, or both; true where every bar was met. The last line of what is
/// measured is a JSON object.
pub(crate) fn main(options: Options<'_>) -> Result<bool, BenchError> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    match options {
        Options::Run {
            wanted,
            is_quick,
            json,
        } => {
            let mut bench = command(is_quick);
            bench.args(wanted);
            if let Some(file) = json {
                bench.args(["--json", file]);
            }
            Ok(succeeds(&mut bench)?)
        }
        Options::Docs { is_quick } => {
            let file = target_folder()?.join("benchmarks.json");
            docs(root, &file, is_quick, &mut command(is_quick))
        }
        Options::Render => {
            let saved = Saved::open(&page::stored(root))?;
            page::write(root, &saved)?;
            Ok(true)
        }
    }
}

/// The program, optimized.
fn command(is_quick: bool) -> Command {
    let run = ["run", "--release", "--quiet", "--package", PACKAGE];
    let mut command = cargo(&run);
    command.args(["--bin", "bench", "--"]);
    if is_quick {
        command.arg("--quick");
    }
    command
}

/// Runs it, and makes the page of what it wrote into `file`.
fn docs(root: &Path, file: &Path, is_quick: bool, bench: &mut Command) -> Result<bool, BenchError> {
    // What an earlier run has left would pass for this one's.
    match fs::remove_file(file) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            let path = file.to_owned();
            return Err(BenchError::File { path, source });
        }
        _ => {}
    }
    bench.arg("--json").arg(file);
    // A bar that is not met is for the page to say; a figure that is missing it could not.
    let code = bench.status().map_err(CargoError::Run)?.code();
    if !matches!(code, Some(0 | 1)) || !file.exists() {
        return Err(BenchError::Failed);
    }
    let (findings, libzmq) = saved::json(file)?;
    let saved = Saved::new(Conditions::here(root, &libzmq)?, is_quick, findings);
    saved.store(&page::stored(root))?;
    page::write(root, &saved)?;
    Ok(code == Some(0))
}
