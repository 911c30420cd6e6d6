//! Where and with what was measured: nothing that would tell who did.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::BenchError;

/// Whose versions are told: ours, and what is linked or compared.
const CRATES: [&str; 6] = [
    "linger",
    "zmq",
    "parking_lot",
    "tokio",
    "tokio-util",
    "tokio-graceful-shutdown",
];

/// The machine, the versions, the date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Conditions {
    pub(super) date: String,
    pub(super) cores: usize,
    pub(super) processor: String,
    pub(super) memory: String,
    pub(super) kernel: String,
    pub(super) rustc: String,
    pub(super) libzmq: String,
    pub(super) nats_server: String,
    /// Name and version.
    pub(super) crates: Vec<(String, String)>,
}

impl Conditions {
    /// Those of this machine now; `libzmq` is what the program said that it links.
    pub(super) fn here(root: &Path, libzmq: &str) -> Result<Self, BenchError> {
        let path = root.join("Cargo.lock");
        let lock = fs::read_to_string(&path).map_err(|source| BenchError::File { path, source })?;
        let version = |name: &&str| Some(((*name).to_owned(), locked(&lock, name)?));
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let mut nats = Command::new("sh");
        nats.args(["-c", "PATH=$PATH:/usr/sbin nats-server --version"]);
        Ok(Self {
            date: date(since.map_or(0, |since| since.as_secs() / 86_400)),
            cores: thread::available_parallelism().map_or(0, usize::from),
            processor: entry(&read("/proc/cpuinfo"), "model name"),
            memory: memory(&entry(&read("/proc/meminfo"), "MemTotal")),
            kernel: kernel(&read("/proc/sys/kernel/osrelease")),
            rustc: word(Command::new(rustc).arg("--version"), 1),
            libzmq: libzmq.to_owned(),
            nats_server: word(&mut nats, 1),
            crates: CRATES.iter().filter_map(version).collect(),
        })
    }
}

const UNKNOWN: &str = "unknown";

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// What stands behind `name` and a colon, in the first line that has it.
fn entry(text: &str, name: &str) -> String {
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let value = lines.find(|(key, _)| key.trim() == name);
    value.map_or(UNKNOWN, |(_, value)| value.trim()).to_owned()
}

/// From kB.
fn memory(entry: &str) -> String {
    let kilobytes = entry.strip_suffix(" kB").and_then(|it| it.parse().ok());
    match kilobytes {
        Some(kilobytes) => {
            let kilobytes: f64 = kilobytes;
            format!("{:.1} GiB", kilobytes / f64::from(1 << 20))
        }
        None => UNKNOWN.to_owned(),
    }
}

/// Its number alone: what is behind it is a matter of who built it.
fn kernel(release: &str) -> String {
    let number = release.trim().split('-').next().unwrap_or_default();
    match number {
        "" => UNKNOWN.to_owned(),
        number => format!("Linux {number}"),
    }
}

/// A word of what a command says.
fn word(command: &mut Command, at: usize) -> String {
    let said = command.output().map(|output| output.stdout);
    let said = String::from_utf8_lossy(&said.unwrap_or_default()).into_owned();
    let word = said.split_whitespace().nth(at);
    word.map_or(UNKNOWN, |word| word.trim_start_matches('v'))
        .to_owned()
}

/// The version of a crate in `Cargo.lock`; the newest, should there be several.
fn locked(lock: &str, name: &str) -> Option<String> {
    let name = format!("name = \"{name}\"");
    let mut lines = lock.lines();
    let mut found = None;
    while lines.any(|line| line == name) {
        let version = lines.next()?.strip_prefix("version = \"")?;
        found = Some(version.trim_end_matches('"').to_owned());
    }
    found
}

/// The date of a day that is so many after the first of 1970.
fn date(mut days: u64) -> String {
    let is_leap = |year: u64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        for (day, expected) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (20_453, "2025-12-31"),
            (20_454, "2026-01-01"),
        ] {
            assert_eq!(date(day), expected);
        }
    }

    #[test]
    fn what_a_machine_says_is_read_and_what_it_does_not_is_unknown() {
        let cpuinfo = "processor\t: 0\nmodel name\t: Some CPU @ 2.5GHz\nmodel name\t: other\n";
        assert_eq!(entry(cpuinfo, "model name"), "Some CPU @ 2.5GHz");
        assert_eq!(entry("", "model name"), "unknown");
        assert_eq!(memory("16777216 kB"), "16.0 GiB");
        assert_eq!(memory("unknown"), "unknown");
        assert_eq!(kernel("6.1.0-27-some-host\n"), "Linux 6.1.0");
        assert_eq!(kernel(""), "unknown");
    }

    #[test]
    fn versions_are_those_of_the_lock_file() {
        let lock = "[[package]]\nname = \"zmq\"\nversion = \"0.10.0\"\n\n\
                    [[package]]\nname = \"zmq-sys\"\nversion = \"0.12.0\"\n";
        assert_eq!(locked(lock, "zmq").as_deref(), Some("0.10.0"));
        assert_eq!(locked(lock, "tokio"), None);
    }
}
