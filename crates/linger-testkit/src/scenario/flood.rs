//! A publisher in a process of its own, which streams as fast as it may.

use super::ScenarioError;
use crate::chaos::{Feed, Hosts, Programs};
use crate::child::{Child, Signal};
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a process may need to come up.
const SOON: Duration = Duration::from_secs(20);

/// A running publisher.
#[derive(Debug)]
pub(super) struct Flood {
    pub(super) child: Child,
    pub(super) feed: Arc<Feed>,
    pub(super) data: String,
    pub(super) control: String,
    budget: Duration,
}

impl Flood {
    /// Starts it, with these settings of the node's role `source`, and waits until it is bound.
    pub(super) fn start(
        programs: &Programs,
        budget: Duration,
        settings: &[String],
    ) -> Result<Self, ScenarioError> {
        let feed = Arc::new(Feed::default());
        let hosts = Hosts::Loopback;
        let mut command = programs.node(&hosts, Hosts::of_publisher(), "source");
        command.arg(format!("budget_ms={}", budget.as_millis()));
        command.args(settings);
        let child = Child::spawn_listening("publisher", &mut command, feed.begin())?;
        let deadline = Instant::now() + SOON;
        feed.wait_until(deadline, |news| news.bound.is_some() || news.has_ended);
        let news = feed.news();
        let Some((data, control)) = news.bound else {
            let said = news.error.unwrap_or_else(|| child.last_lines());
            let what = "was not bound";
            return Err(ScenarioError::Publisher { what, said });
        };
        Ok(Self {
            child,
            feed,
            data,
            control,
            budget,
        })
    }

    /// How many messages it has accepted, as far as it said.
    pub(super) fn accepted(&self) -> u64 {
        self.feed.news().accepted()
    }

    /// Whether it ended by itself.
    pub(super) fn has_ended(&self) -> bool {
        self.feed.news().has_ended
    }

    /// Stops it, and gives its report.
    pub(super) fn stop(self) -> Result<Value, ScenarioError> {
        self.child.signal(Signal::Terminate)?;
        let deadline = Instant::now() + self.budget + SOON;
        self.child.wait_for_exit(deadline)?;
        self.feed
            .wait_until(deadline, |news| news.stopped.is_some() || news.has_ended);
        let said = self.child.last_lines();
        let what = "left no report";
        let report = self.feed.news().stopped;
        report.ok_or(ScenarioError::Publisher { what, said })
    }
}
