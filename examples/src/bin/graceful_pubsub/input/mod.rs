//! The input: lines of bytes, the same ones for every way.

mod line;
mod message;
mod spool;

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use linger_testkit::quotes::{COUNT, Quotes, SEED};

use crate::args::InputChoice;
use line::LineReader;
pub(crate) use line::{Line, MAX_LINE};
pub(crate) use message::{index_of, payload, topic_of};
use spool::Spool;

/// An input could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the input {name}")]
pub(crate) struct InputError {
    name: String,
    source: io::Error,
}

/// What the parent knows of the input: where the publishers find it, and its length.
#[derive(Debug)]
pub(crate) struct Input {
    path: Option<PathBuf>,
    lines: u64,
    /// Removed with this.
    _spool: Option<Spool>,
}

impl Input {
    /// Makes an input that can be read once for every way, and counts its lines.
    pub(crate) fn open(choice: &InputChoice) -> Result<Self, InputError> {
        match choice {
            InputChoice::Quotes => Ok(Self {
                path: None,
                lines: COUNT,
                _spool: None,
            }),
            InputChoice::Stdin => Self::spool("stdin", io::stdin().lock()),
            InputChoice::File(path) => {
                let name = path.display().to_string();
                let failed = |source| InputError {
                    name: name.clone(),
                    source,
                };
                let kind = fs::metadata(path).map_err(failed)?;
                if kind.is_dir() {
                    return Err(failed(io::ErrorKind::IsADirectory.into()));
                }
                let file = File::open(path).map_err(failed)?;
                if kind.is_file() {
                    let lines = count(file).map_err(failed)?;
                    return Ok(Self {
                        path: Some(path.clone()),
                        lines,
                        _spool: None,
                    });
                }
                // A pipe or the like can be read only once.
                Self::spool(&name, file)
            }
        }
    }

    fn spool(name: &str, from: impl Read) -> Result<Self, InputError> {
        let failed = |source| InputError {
            name: name.to_owned(),
            source,
        };
        let spool = Spool::of(from).map_err(failed)?;
        let lines = File::open(spool.path()).and_then(count).map_err(failed)?;
        Ok(Self {
            path: Some(spool.path().to_owned()),
            lines,
            _spool: Some(spool),
        })
    }

    /// The file, or none for the quotes.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// How many lines it has, those that will be refused among them.
    pub(crate) const fn lines(&self) -> u64 {
        self.lines
    }
}

fn count(from: impl Read) -> io::Result<u64> {
    let mut reader = LineReader::new(BufReader::with_capacity(1 << 16, from));
    let mut lines = 0;
    while reader.next()?.is_some() {
        lines += 1;
    }
    Ok(lines)
}

/// The lines themselves, as a publisher reads them.
pub(crate) enum Lines {
    Quotes {
        quotes: Box<Quotes>,
        left: u64,
        line: String,
    },
    File {
        name: String,
        reader: LineReader<BufReader<File>>,
    },
}

impl Lines {
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, InputError> {
        let Some(path) = path else {
            return Ok(Self::Quotes {
                quotes: Box::new(Quotes::new(SEED)),
                left: COUNT,
                line: String::new(),
            });
        };
        let name = path.display().to_string();
        match File::open(path) {
            Ok(file) => Ok(Self::File {
                name,
                reader: LineReader::new(BufReader::new(file)),
            }),
            Err(source) => Err(InputError { name, source }),
        }
    }

    /// The next line, or none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Line<'_>>, InputError> {
        match self {
            Self::Quotes { left: 0, .. } => Ok(None),
            Self::Quotes { quotes, left, line } => {
                *left -= 1;
                // The quotes never end.
                *line = quotes.next().unwrap_or_default();
                Ok(Some(Line::Whole(line.as_bytes())))
            }
            Self::File { name, reader } => reader.next().map_err(|source| InputError {
                name: name.clone(),
                source,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_named() {
        let choice = InputChoice::File("/no/such/file.csv".into());
        let error = Input::open(&choice).unwrap_err();
        assert_eq!(error.to_string(), "cannot read the input /no/such/file.csv");
    }

    #[test]
    fn a_directory_is_no_input() {
        let error = Input::open(&InputChoice::File(std::env::temp_dir())).unwrap_err();
        assert_eq!(error.source.kind(), io::ErrorKind::IsADirectory);
    }

    #[test]
    fn what_can_be_read_once_is_spooled_and_removed() {
        let input = Input::spool("stdin", &b"a,1\nb,2\nc"[..]).unwrap();
        assert_eq!(input.lines(), 3);
        let path = input.path().unwrap().to_owned();
        for _way in 0..2 {
            let mut lines = Lines::open(Some(&path)).unwrap();
            assert_eq!(lines.next().unwrap(), Some(Line::Whole(b"a,1")));
            assert_eq!(lines.next().unwrap(), Some(Line::Whole(b"b,2")));
            assert_eq!(lines.next().unwrap(), Some(Line::Whole(b"c")));
            assert_eq!(lines.next().unwrap(), None);
        }
        drop(input);
        assert!(!path.exists());
    }

    #[test]
    fn an_empty_input_is_one_without_lines() {
        let input = Input::spool("stdin", &b""[..]).unwrap();
        assert_eq!(input.lines(), 0);
        assert_eq!(Lines::open(input.path()).unwrap().next().unwrap(), None);
    }

    #[test]
    fn the_quotes_end_after_a_hundred_thousand() {
        let mut lines = Lines::open(None).unwrap();
        let mut read = 0;
        while lines.next().unwrap().is_some() {
            read += 1;
        }
        assert_eq!(read, Input::open(&InputChoice::Quotes).unwrap().lines());
        assert_eq!(read, 100_000);
    }
}
