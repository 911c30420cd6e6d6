//! How a whole stop went.

use std::fmt;
use std::process::{ExitCode, Termination};

/// How a service stopped: its shutdown, its publishers, its subscribers, its sockets.
///
/// Returned from `main`, it picks the exit code, by [the coordinator's
/// table](linger_coordinator::exit), and is printed to stderr if anything was not clean.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[must_use]
#[non_exhaustive]
pub struct Report {
    /// The service's name.
    pub service: String,
    /// Reason, phases, members.
    pub shutdown: linger_coordinator::Report,
    /// How each socket ended, and the context; `None` if the stop did not get that far.
    pub sockets: Option<linger_registry::Report>,
    /// What each publisher knows of its messages and members, with the publisher's name.
    #[cfg(feature = "ack")]
    #[cfg_attr(feature = "serde", serde(serialize_with = "by_name"))]
    pub publishers: Vec<(String, std::sync::Arc<linger_ack::Report>)>,
    /// How each subscriber left.
    #[cfg(feature = "ack")]
    pub subscribers: Vec<linger_ack::SubscriberReport>,
}

impl Report {
    /// Whether everything was done in time and without an error.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.shutdown.is_clean()
    }

    /// What the process should exit with.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        self.shutdown.exit_code()
    }

    /// What the publisher of that name knows.
    #[cfg(feature = "ack")]
    #[must_use]
    pub fn publisher(&self, name: &str) -> Option<&linger_ack::Report> {
        let named = self
            .publishers
            .iter()
            .find(|(publisher, _)| publisher == name);
        named.map(|(_, report)| &**report)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "service {}: {}", self.service, self.shutdown)?;
        #[cfg(feature = "ack")]
        {
            for (name, report) in &self.publishers {
                write!(f, "\npublisher {name}: {report}")?;
            }
            for report in &self.subscribers {
                write!(f, "\nsubscriber {report}")?;
            }
        }
        match &self.sockets {
            Some(report) => write!(f, "\nsockets: {report}"),
            None => Ok(()),
        }
    }
}

impl Termination for Report {
    fn report(self) -> ExitCode {
        if !self.is_clean() {
            // Nobody reads a pipe that is closed, and a panic here would hide the code.
            let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{self}\n"));
        }
        ExitCode::from(self.exit_code())
    }
}

/// A map from each publisher's name to its report.
#[cfg(all(feature = "ack", feature = "serde"))]
fn by_name<S: serde::Serializer>(
    publishers: &[(String, std::sync::Arc<linger_ack::Report>)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(publishers.iter().map(|(name, report)| (name, &**report)))
}
