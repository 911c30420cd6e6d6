//! What was measured, as it is stored beside the page: `docs/benchmarks/figures.json`.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::BenchError;
use super::conditions::Conditions;

/// A whole run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Saved {
    pub(super) conditions: Conditions,
    /// Whether it was too short to judge by.
    pub(super) quick: bool,
    pub(super) findings: Findings,
}

/// What the program said in its last line.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Findings {
    pub(super) figures: Vec<Found>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) sizes: Vec<Size>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) skipped: Vec<String>,
}

/// One of the figures.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Found {
    /// How something grows; it alone has points.
    Growth(Growth),
    Ratio(Ratio),
}

/// A comparison. What could not be computed is `None`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Ratio {
    pub(super) name: String,
    pub(super) ratio: Option<f64>,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    pub(super) bar: Option<f64>,
    pub(super) met: bool,
    pub(super) peer: String,
    pub(super) of: Kind,
    /// The other side beside itself: median, smallest, largest.
    pub(super) same: Option<[Option<f64>; 3]>,
    pub(super) bare_ns: u64,
    pub(super) ours_ns: u64,
}

/// Of what a ratio is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// More is better.
    Rate,
    /// Less is better.
    Cost,
}

/// An exponent, and what it was fitted to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Growth {
    pub(super) name: String,
    pub(super) ratio: Option<f64>,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    pub(super) bar: Option<f64>,
    pub(super) met: bool,
    /// Always "exponent".
    pub(super) what: String,
    pub(super) of: String,
    pub(super) unit: String,
    /// A size; then what was measured there: median, smallest, largest.
    pub(super) points: Vec<[Option<f64>; 4]>,
}

/// Bytes for one of many.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Size {
    pub(super) name: String,
    pub(super) min: u64,
    pub(super) max: u64,
    pub(super) bar: Option<u64>,
    pub(super) met: bool,
    pub(super) bare_bytes: u64,
    pub(super) ours_bytes: u64,
}

impl Saved {
    pub(super) fn new(conditions: Conditions, quick: bool, findings: Findings) -> Self {
        Self {
            conditions,
            quick,
            findings,
        }
    }

    /// Reads one that was stored.
    pub(super) fn open(path: &Path) -> Result<Self, BenchError> {
        parse(path)
    }

    pub(super) fn store(&self, path: &Path) -> Result<(), BenchError> {
        let failed = |source| BenchError::File {
            path: path.to_owned(),
            source,
        };
        let json = serde_json::to_string_pretty(self).map_err(|source| BenchError::Json {
            path: path.to_owned(),
            source,
        })?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        fs::write(path, json + "\n").map_err(failed)
    }

    /// The comparison of that name.
    pub(super) fn ratio(&self, name: &str) -> Option<&Ratio> {
        self.findings.figures.iter().find_map(|found| match found {
            Found::Ratio(ratio) if ratio.name == name => Some(ratio),
            _ => None,
        })
    }
}

/// What the program wrote: what was found, and the libzmq that is linked.
pub(super) fn json(path: &Path) -> Result<(Findings, String), BenchError> {
    let all: Value = parse(path)?;
    let libzmq = all["libzmq"].as_str().unwrap_or("unknown").to_owned();
    Ok((parse(path)?, libzmq))
}

fn parse<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<T, BenchError> {
    let path = path.to_owned();
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(source) => return Err(BenchError::File { path, source }),
    };
    serde_json::from_str(&text).map_err(|source| BenchError::Json { path, source })
}

impl Found {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Growth(it) => &it.name,
            Self::Ratio(it) => &it.name,
        }
    }
}
