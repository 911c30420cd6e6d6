//! Applications that are all busy: their members beat on, and nobody expires.
//!
//! Each application takes one message and works on it, on the processor, for as long as the run
//! says, which is longer than the expiry. Then they catch up, and the publisher's stop is complete.

use super::ScenarioError;
use super::flood::Flood;
use crate::chaos::Programs;
use linger::Subscriber;
use serde_json::{Value, json};
use std::thread;
use std::time::{Duration, Instant};

/// The expiry that publishers have unless told otherwise.
const EXPIRY: Duration = Duration::from_secs(5);

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
#[non_exhaustive]
pub struct Figures {
    /// How many members there were.
    pub members: u64,
    /// How long each application was busy.
    pub busy: Duration,
    /// The expiry of the publisher.
    pub expiry: Duration,
    /// How many members expired.
    pub expired: u64,
    /// How many sessions there were in all; more than members if one was lost.
    pub sessions: u64,
    /// How many messages were published.
    pub published: u64,
    /// How the close ended.
    pub outcome: String,
}

impl Figures {
    /// Whether nobody expired, and everything was acknowledged in the end.
    #[must_use]
    pub fn passed(&self) -> bool {
        let is_long = self.busy > self.expiry;
        let is_whole = self.sessions == self.members && self.outcome == "drained";
        is_long && is_whole && self.expired == 0 && self.published > 0
    }

    /// All of it, for a line.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "members": self.members,
            "busy_seconds": self.busy.as_secs_f64(),
            "expiry_ms": self.expiry.as_secs_f64() * 1e3,
            "expired": self.expired,
            "sessions": self.sessions,
            "published": self.published,
            "outcome": self.outcome,
        })
    }
}

/// Keeps so many members busy for so long.
///
/// # Errors
///
/// If a process or a subscriber can't be started, or the publisher ends without a report.
pub fn run(programs: &Programs, members: u64, busy: Duration) -> Result<Figures, ScenarioError> {
    let expiry = EXPIRY.min(busy / 3);
    let settings = [
        "rate=1000".to_owned(),
        "window=1024".to_owned(),
        format!("expiry_ms={}", expiry.as_millis()),
        format!("wait={members}"),
    ];
    let flood = Flood::start(programs, Duration::from_secs(20), &settings)?;
    let applications: Vec<_> = (0..members)
        .map(|number| {
            let all = Subscriber::builder(format!("busy-{number}")).subscribe("");
            let subscriber = all.connect(&flood.data, &flood.control)?;
            let application = thread::Builder::new().name(format!("busy-{number}"));
            Ok(application.spawn(move || work(&subscriber, busy))?)
        })
        .collect::<Result<_, ScenarioError>>()?;
    let until = Instant::now() + busy;
    // It ends only if something is wrong.
    flood.feed.wait_until(until, |news| news.has_ended);
    let published = flood.accepted();
    let report = flood.stop()?;
    for application in applications {
        application.join().map_err(|_| ScenarioError::Panicked)?;
    }
    let sessions = report["members"].as_array().map_or(0, Vec::len);
    Ok(Figures {
        members,
        busy,
        expiry,
        expired: report["counters"]["expired"].as_u64().unwrap_or(u64::MAX),
        sessions: sessions as u64,
        published,
        outcome: report["outcome"].as_str().unwrap_or("none").to_owned(),
    })
}

fn work(subscriber: &Subscriber, busy: Duration) {
    for (number, delivery) in subscriber.deliveries().enumerate() {
        if number == 0 {
            // Not asleep: the processor is what all of them want.
            let until = Instant::now() + busy;
            while Instant::now() < until {
                std::hint::spin_loop();
            }
        }
        if let Ok(delivery) = delivery {
            delivery.ack();
        }
    }
    let _ = subscriber.close_by(Instant::now() + Duration::from_secs(2));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Figures {
        Figures {
            members: 3,
            busy: Duration::from_secs(3),
            expiry: Duration::from_secs(1),
            expired: 0,
            sessions: 3,
            published: 100,
            outcome: "drained".to_owned(),
        }
    }

    #[test]
    fn one_that_expired_or_was_lost_or_nothing_to_do_is_no_pass() {
        assert!(good().passed());
        let change = |change: fn(&mut Figures)| {
            let mut figures = good();
            change(&mut figures);
            figures.passed()
        };
        assert!(!change(|figures| figures.expired = 1));
        assert!(!change(|figures| figures.sessions = 4));
        assert!(!change(|figures| figures.published = 0));
        assert!(!change(|figures| figures.outcome = "behind".to_owned()));
        assert!(!change(|figures| figures.busy = figures.expiry));
    }
}
