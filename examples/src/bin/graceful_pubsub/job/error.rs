//! Why a job failed.

use std::time::Duration;

use linger_testkit::child::{ExitError, SayError, SignalError, SpawnError};

use crate::input::InputError;
use crate::outcome::NeverAccepted;

/// A job failed: what its children had to say is in it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JobError {
    #[error(transparent)]
    Input(#[from] InputError),
    #[error("cannot find this program's own file")]
    OwnProgram(#[source] std::io::Error),
    #[error("cannot start the relay")]
    Relay(#[source] std::io::Error),
    #[error("cannot listen for signals")]
    Signals(#[source] std::io::Error),
    #[error("cannot write the result")]
    Output(#[source] std::io::Error),
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    #[error(transparent)]
    Say(#[from] SayError),
    #[error(transparent)]
    Signal(#[from] SignalError),
    #[error(transparent)]
    Exit(#[from] ExitError),
    #[error("the publisher bound {0:?}, which is no loopback address")]
    Endpoint(String),
    #[error("{name} wrote what is no event: {line}")]
    Event { name: &'static str, line: String },
    #[error("{name} ended too early{how}")]
    Ended { name: &'static str, how: String },
    #[error("{waiting_for} did not come within {limit:?}{errors}")]
    Limit {
        waiting_for: &'static str,
        limit: Duration,
        errors: String,
    },
    #[error("the account of {name} is wrong")]
    Account {
        name: &'static str,
        source: NeverAccepted,
    },
    #[error("interrupted")]
    Interrupted,
}
