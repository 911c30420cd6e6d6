//! Who is expected.

use super::{ConfigError, check_name};
use crate::id::Level;
use crate::topic::check_prefix;
use bytes::Bytes;

/// A durable name that is owed everything from the start, whether it has come or not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expected {
    name: String,
    /// What its acknowledgements are to assert; [`Level::Processed`] by default. What it says when
    /// it comes counts from then on.
    pub level: Level,
    /// Of which topics it is owed everything; nothing by default, an empty prefix is everything.
    pub prefixes: Vec<Bytes>,
}

impl Expected {
    /// Expects a member of that name.
    ///
    /// # Errors
    ///
    /// If the name is empty or longer than 255 bytes.
    pub fn new(name: impl Into<String>) -> Result<Self, ConfigError> {
        let name = name.into();
        check_name(&name)?;
        Ok(Self {
            name,
            level: Level::default(),
            prefixes: Vec::new(),
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// It is owed one more prefix; [`PublisherConfig::validate`](crate::PublisherConfig::validate)
    /// judges it.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<Bytes>) -> Self {
        self.prefixes.push(prefix.into());
        self
    }

    /// Its acknowledgements are to assert this.
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        for prefix in &self.prefixes {
            check_prefix(prefix).map_err(|source| ConfigError::Prefix {
                prefix: prefix.clone(),
                source,
            })?;
        }
        Ok(())
    }
}
