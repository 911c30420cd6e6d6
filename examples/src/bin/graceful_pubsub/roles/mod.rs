//! The children: a publisher, and subscribers.

mod halt;
mod orders;
mod pace;
pub(crate) mod publisher;
pub(crate) mod subscriber;

use std::error::Error;
use std::io;
use std::process::ExitCode;

pub(crate) use halt::{Halt, Halting};

use crate::input::InputError;

/// Why a child gave up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RoleError {
    #[error(transparent)]
    Input(#[from] InputError),
    #[error("cannot {doing}")]
    Zmq {
        doing: &'static str,
        source: zmq::Error,
    },
    #[error("cannot {doing}")]
    System {
        doing: &'static str,
        source: io::Error,
    },
    #[error("cannot {doing}")]
    Service {
        doing: &'static str,
        source: Box<dyn Error + Send + Sync>,
    },
    #[error("a message had {0} frames instead of two")]
    Frames(usize),
    #[error("a message of {0} bytes is too short for its index")]
    Payload(usize),
}

/// Says what was being done when something failed.
pub(crate) trait Doing<T> {
    fn doing(self, doing: &'static str) -> Result<T, RoleError>;
}

impl<T> Doing<T> for zmq::Result<T> {
    fn doing(self, doing: &'static str) -> Result<T, RoleError> {
        self.map_err(|source| RoleError::Zmq { doing, source })
    }
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, doing: &'static str) -> Result<T, RoleError> {
        self.map_err(|source| RoleError::System { doing, source })
    }
}

/// The end of a child's process: the parent shows what is said here.
pub(crate) fn end(result: Result<(), RoleError>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            crate::say(&crate::chain(&error));
            ExitCode::FAILURE
        }
    }
}
