//! Why a context can't be had.

use std::io;

use thiserror::Error;

use crate::context::NoContext;
use crate::registry::RegistryState;

/// Why [`Registry::context`](crate::Registry::context) failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ContextError {
    /// The registry was made by [`Registry::new`](crate::Registry::new), and ends its context.
    ///
    /// A clone of it that is used afterwards would be a use after free: there is none.
    #[error("the context is private: only that of `Registry::shared` can be had")]
    Private,
    /// [`close_by`](crate::Registry::close_by) was called.
    #[error("context refused: the registry is {state}")]
    Closing {
        /// How far the registry is.
        state: RegistryState,
    },
    /// The registry was made in another process, of which this one is a fork.
    #[error("context refused: the registry is of process {made_in}, this is a fork of it")]
    Forked {
        /// The id of the process that made the registry.
        made_in: u32,
    },
    /// The registry's closer thread could not be started.
    #[error("the closer thread could not be started")]
    Thread {
        /// What the system said.
        source: io::Error,
    },
    /// The system refused something: most often, it is out of file descriptors.
    #[error("the context could not be made")]
    System {
        /// What the system said.
        source: io::Error,
    },
}

impl From<NoContext> for ContextError {
    fn from(fault: NoContext) -> Self {
        match fault {
            NoContext::System(source) => Self::System { source },
            NoContext::Thread(source) => Self::Thread { source },
        }
    }
}
