//! The platform's own limit: how long after SIGTERM its SIGKILL comes.

use std::ffi::OsString;
use std::time::Duration;

use tracing::warn;

use crate::builder::{BuildError, Builder};
use crate::plan::Plan;

/// What must be left between the hard end and SIGKILL: time for the watchdog's list to be written
/// and for the process to end.
pub(crate) const MARGIN: Duration = Duration::from_secs(1);

impl Builder {
    /// Tells how long after SIGTERM the platform's SIGKILL comes.
    ///
    /// It changes nothing of the shutdown: the [`Plan`] shows it, and where the budget and 1 s more
    /// don't fit below it, says so, and a warning is logged at the start. Kubernetes calls it
    /// `terminationGracePeriodSeconds` (30 s unless set, and a `preStop` hook uses it up, too),
    /// systemd `TimeoutStopSec` (90 s), Docker `--stop-timeout` (10 s).
    pub fn platform_limit(mut self, limit: Duration) -> Self {
        self.platform_limit = Some(Ok(limit));
        self
    }

    /// Takes the [platform's limit](Self::platform_limit) from an environment variable, in whole seconds.
    ///
    /// For deployments that set one, as no platform does by itself. Where it is not set there is no
    /// limit; a value that is no number of seconds is an error of [`start`](Self::start).
    pub fn platform_limit_from_env(mut self, variable: impl Into<String>) -> Self {
        let variable = variable.into();
        let value = std::env::var_os(&variable);
        self.platform_limit = value.map(|value| seconds(variable, value));
        self
    }
}

fn seconds(variable: String, value: OsString) -> Result<Duration, BuildError> {
    let value = value.to_string_lossy().into_owned();
    match value.trim().parse() {
        Ok(seconds) => Ok(Duration::from_secs(seconds)),
        Err(source) => Err(BuildError::PlatformLimit {
            variable,
            value,
            source,
        }),
    }
}

/// Logs a warning if SIGKILL would come before the stop has ended.
pub(crate) fn check(plan: &Plan) {
    if let Some(limit) = plan.platform_limit().filter(|_| !plan.fits_platform()) {
        let budget = plan.budget();
        warn!(?budget, ?limit, margin = ?MARGIN, "the platform's limit is too short for the budget");
    }
}
