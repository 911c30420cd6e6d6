//! What a publisher holds for a member that is stuck: its window, and no more.
//!
//! A publisher publishes payloads of 4 KiB to a member that is [`Stuck`] in one of two ways. Its
//! resident memory is read from the operating system all the while.

use super::ScenarioError;
use super::flood::Flood;
use crate::chaos::{Hosts, Programs};
use crate::child::{Child, Signal};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const PAYLOAD: u64 = 4 << 10;
const WINDOW: u64 = 2_048;
const WINDOW_BYTES: u64 = 8 << 20;

/// What a message on its way is besides its payload: topic, NUL, tag, number, sequence.
const ENVELOPE: u64 = 20;

/// How often the memory is read.
const EVERY: Duration = Duration::from_millis(100);

/// How many messages a second whose member is evicted publishes; it is held up by nobody.
const RATE: u64 = 20_000;

/// How a member is stuck.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stuck {
    /// It takes one message and never comes back for the next; its library goes on beating. The
    /// window fills, and the publisher asks again and again.
    #[default]
    Held,
    /// Its process is suspended, with its connections open, and it is evicted; the publisher goes
    /// on.
    Evicted,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq)]
#[must_use]
#[non_exhaustive]
pub struct Figures {
    /// For how long.
    pub seconds: f64,
    /// Resident before the first message, in bytes.
    pub before: u64,
    /// The most that was resident, in bytes.
    pub most: u64,
    /// The most in the second half of the time that the first half had not seen, in bytes.
    pub later: u64,
    /// How much it may grow, in bytes.
    pub bound: u64,
    /// How many messages were accepted.
    pub published: u64,
    /// How many of them the member was owed and did not acknowledge.
    pub stuck: u64,
    /// How many were evicted.
    pub evicted: u64,
    /// How it was stuck.
    pub how: Stuck,
}

impl Figures {
    /// By how much it grew, in bytes.
    #[must_use]
    pub fn growth(&self) -> u64 {
        self.most.saturating_sub(self.before)
    }

    /// Whether the window was full, and the growth within its bound; and over in the first half,
    /// but for 1 MiB.
    #[must_use]
    pub fn passed(&self) -> bool {
        let is_full = self.stuck * PAYLOAD >= WINDOW_BYTES / 4 * 3;
        let is_as_meant = match self.how {
            Stuck::Held => self.evicted == 0,
            Stuck::Evicted => self.evicted == 1 && self.published > 2 * WINDOW,
        };
        is_full
            && is_as_meant
            && self.before > 0
            && self.growth() <= self.bound
            && self.later <= 1 << 20
    }

    /// All of it, for a line.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "seconds": self.seconds,
            "before_bytes": self.before,
            "most_bytes": self.most,
            "growth_bytes": self.growth(),
            "bound_bytes": self.bound,
            "growth_in_second_half_bytes": self.later,
            "published": self.published,
            "stuck": self.stuck,
            "evicted": self.evicted,
        })
    }
}

/// DESIGN: window bytes + HWM × largest frame + connections × HWM × 64 B.
///
/// Both frames of a message stand in the pipe of each connection, so that is what is multiplied.
fn bound(connections: u64) -> u64 {
    let high_water_mark = 2 * (WINDOW + 64);
    WINDOW_BYTES + high_water_mark * (PAYLOAD + ENVELOPE) + connections * high_water_mark * 64
}

/// Watches a publisher with one stuck member for so long.
///
/// # Errors
///
/// If a process can't be started, the memory can't be read, or the publisher ends by itself.
pub fn run(programs: &Programs, time: Duration, how: Stuck) -> Result<Figures, ScenarioError> {
    let settings = [
        match how {
            Stuck::Held => "rate=0".to_owned(),
            Stuck::Evicted => format!("rate={RATE}"),
        },
        // Silence is no reason to go: then it would not be evicted.
        "expiry_ms=3600000".to_owned(),
        match how {
            Stuck::Held => "evict_ms=0".to_owned(),
            Stuck::Evicted => "evict_ms=200".to_owned(),
        },
        "wait=1".to_owned(),
        format!("window={WINDOW}"),
        format!("window_bytes={WINDOW_BYTES}"),
        format!("shortest={PAYLOAD}"),
        format!("payload={PAYLOAD}"),
    ];
    let flood = Flood::start(programs, Duration::from_secs(1), &settings)?;
    let before = resident(flood.child.pid())?;
    let mut command = programs.node(&Hosts::Loopback, Hosts::of_member(0), "sink");
    command
        .arg("name=stuck")
        .arg(format!("data={}", flood.data))
        .arg(format!("control={}", flood.control))
        // An hour and more for one message.
        .args(["batch=1", "queue=64", "work_us=100000000000"]);
    let stuck = Child::spawn("stuck", &mut command)?;
    if how == Stuck::Evicted {
        // As soon as it is a member: who is evicted and awake comes back.
        let soon = Instant::now() + Duration::from_secs(20);
        flood.feed.wait_until(soon, |news| news.is_streaming);
        stuck.signal(Signal::Stop)?;
    }
    let begun = Instant::now();
    let (mut most, mut early) = (before, before);
    while begun.elapsed() < time {
        let soon = Instant::now() + EVERY;
        flood.feed.wait_until(soon, |news| news.has_ended);
        if flood.has_ended() {
            let said = flood.child.last_lines();
            let what = "ended by itself";
            return Err(ScenarioError::Publisher { what, said });
        }
        most = most.max(resident(flood.child.pid())?);
        if begun.elapsed() < time / 2 {
            early = most;
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    let report = flood.stop()?;
    let accepted = &report["counters"]["accepted"];
    let members = report["members"].as_array().into_iter().flatten();
    let topics = members.flat_map(|member| member["topics"].as_array().into_iter().flatten());
    let number = |topic: &Value, key: &str| topic[key].as_u64().unwrap_or(0);
    let behind = topics.map(|topic| number(topic, "last") - number(topic, "processed"));
    Ok(Figures {
        seconds,
        before,
        most,
        later: most - early,
        bound: bound(1),
        published: accepted.as_u64().unwrap_or(0),
        stuck: behind.sum(),
        evicted: report["counters"]["evicted"].as_u64().unwrap_or(0),
        how,
    })
}

/// What a process has in memory, in bytes.
pub(crate) fn resident(pid: u32) -> std::io::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    let missing = || std::io::Error::other("no VmRSS is told");
    Ok(kilobytes.ok_or_else(missing)? * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_the_bound_or_growth_that_goes_on_or_a_window_that_is_not_full_is_no_pass() {
        let good = Figures {
            before: 10 << 20,
            most: (10 << 20) + bound(1),
            later: 1 << 20,
            bound: bound(1),
            stuck: 2_048,
            ..Figures::default()
        };
        assert!(good.passed());
        let change = |change: fn(&mut Figures)| {
            let mut figures = good.clone();
            change(&mut figures);
            figures.passed()
        };
        assert!(!change(|figures| figures.most += 1));
        assert!(!change(|figures| figures.later += 1));
        assert!(!change(|figures| figures.stuck = 1_000));
        assert!(!change(|figures| figures.before = 0));
        assert!(!change(|figures| figures.evicted = 1));
        assert!(!change(|figures| figures.how = Stuck::Evicted));
    }

    #[test]
    fn the_memory_of_this_process_can_be_read() {
        assert!(resident(std::process::id()).unwrap() > 1 << 20);
        assert!(resident(u32::MAX).is_err());
    }
}
