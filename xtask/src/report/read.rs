//! A saved report: the coordinator's own, or that of a service, which contains it.

use std::path::Path;

use linger_coordinator::Report;
use serde::Deserialize;
use serde_json::Value;

use super::ReportError;

/// What a file says of one shutdown.
#[derive(Debug)]
pub(super) struct Saved {
    /// The service's name, if the file has one.
    pub(super) service: Option<String>,
    pub(super) shutdown: Report,
}

/// The part of a service's report that is drawn.
#[derive(Deserialize)]
struct OfService {
    service: Option<String>,
    shutdown: Report,
}

impl Saved {
    pub(super) fn open(path: &Path) -> Result<Self, ReportError> {
        let text = std::fs::read_to_string(path).map_err(|source| ReportError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, path)
    }

    /// `path` is for the errors.
    pub(super) fn parse(text: &str, path: &Path) -> Result<Self, ReportError> {
        let value: Value = serde_json::from_str(text).map_err(|source| ReportError::Json {
            path: path.to_owned(),
            source,
        })?;
        // Read from the text again: then an error names line and column.
        let read = if value.get("shutdown").is_some() {
            serde_json::from_str(text)
                .map(|OfService { service, shutdown }| Self { service, shutdown })
        } else {
            serde_json::from_str(text).map(|shutdown| Self {
                service: None,
                shutdown,
            })
        };
        read.map_err(|source| ReportError::Report {
            path: path.to_owned(),
            source,
        })
    }
}
