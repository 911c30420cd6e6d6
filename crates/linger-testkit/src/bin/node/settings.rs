//! `key=value` arguments; a key can stand more than once.

use linger_testkit::chaos::journal::Journal;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

pub(crate) struct Settings {
    values: BTreeMap<String, Vec<String>>,
}

impl Settings {
    pub(crate) fn parse(args: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let mut values = BTreeMap::<String, Vec<String>>::new();
        for arg in args {
            let (key, value) = arg
                .split_once('=')
                .ok_or_else(|| format!("not key=value: {arg}"))?;
            values
                .entry(key.to_owned())
                .or_default()
                .push(value.to_owned());
        }
        Ok(Self { values })
    }

    pub(crate) fn all(&self, key: &str) -> &[String] {
        self.values.get(key).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn text(&self, key: &str, default: &str) -> String {
        self.all(key)
            .last()
            .map_or_else(|| default.to_owned(), Clone::clone)
    }

    pub(crate) fn number<T: FromStr>(&self, key: &str, default: T) -> Result<T, Box<dyn Error>> {
        match self.all(key).last() {
            None => Ok(default),
            Some(value) => value
                .parse()
                .map_err(|_| format!("{key}={value}: no number").into()),
        }
    }

    pub(crate) fn millis(&self, key: &str, default: u64) -> Result<Duration, Box<dyn Error>> {
        Ok(Duration::from_millis(self.number(key, default)?))
    }

    /// The journal of that setting; none where it is not set.
    pub(crate) fn journal(&self) -> std::io::Result<Journal> {
        match self.all("journal").last() {
            Some(path) => Journal::create(Path::new(path)),
            None => Ok(Journal::none()),
        }
    }
}
