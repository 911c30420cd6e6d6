//! A service: a coordinator, a registry, and what ties them together.

mod builder;
mod parts;

pub use builder::ServiceBuilder;

use crate::report::Report;
use crate::socket::ServiceSocket;
use linger_coordinator::{BoxError, Coordinator, Member, Phase, RegisterError};
use linger_registry::{Registry, zmq};
use parts::Parts;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// A service that stops in phases, completely, and says how that went. Clones share one service.
///
/// Sockets, publishers and subscribers that are opened through it are stopped and closed by it,
/// in the phase that is theirs.
#[derive(Clone)]
#[must_use]
pub struct Service {
    coordinator: Coordinator,
    registry: Registry,
    parts: Arc<Parts>,
}

impl Service {
    /// Begins to build a service; the name is for reports and logs.
    pub fn builder(name: impl Into<String>) -> ServiceBuilder {
        ServiceBuilder::new(name.into())
    }

    /// The coordinator, for what has no method here.
    #[must_use]
    pub fn coordinator(&self) -> &Coordinator {
        &self.coordinator
    }

    /// The registry that the sockets are in; it is closed in the phase `sockets`.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Describes a socket to open; the caller's file and line are noted.
    #[track_caller]
    pub fn socket(&self, kind: zmq::SocketType) -> ServiceSocket {
        ServiceSocket::new(self.clone(), kind)
    }

    /// Describes a publisher to open; it is closed in the phase `acks`.
    #[cfg(feature = "ack")]
    #[track_caller]
    pub fn publisher(&self, name: impl Into<String>) -> crate::ServicePublisher {
        crate::ServicePublisher::new(self.clone(), name.into())
    }

    /// Describes a subscriber to open; its deliveries end in `intake`, it leaves in `acks`.
    #[cfg(feature = "ack")]
    #[track_caller]
    pub fn subscriber(&self, name: impl Into<String>) -> crate::ServiceSubscriber {
        crate::ServiceSubscriber::new(self.clone(), name.into())
    }

    /// Spawns a task as a member of `phase`: see [`Coordinator::spawn`].
    ///
    /// # Errors
    ///
    /// The phase is unknown or has begun, or has a member of that name; there is no runtime.
    #[track_caller]
    pub fn spawn<F, T>(
        &self,
        name: impl Into<Cow<'static, str>>,
        phase: Phase,
        task: F,
    ) -> Result<(), RegisterError>
    where
        F: FnOnce(Member) -> T,
        T: Future + Send + 'static,
        T::Output: linger_coordinator::Ending,
    {
        self.coordinator.spawn(name, phase, task)
    }

    /// Runs a closure on a thread of its own, as a member: see [`Coordinator::spawn_blocking`].
    ///
    /// # Errors
    ///
    /// The phase is unknown or has begun, or has a member of that name; there is no thread.
    #[track_caller]
    pub fn spawn_blocking<F>(
        &self,
        name: impl Into<Cow<'static, str>>,
        phase: Phase,
        body: F,
    ) -> Result<(), RegisterError>
    where
        F: FnOnce(Member) -> Result<(), BoxError> + Send + 'static,
    {
        self.coordinator.spawn_blocking(name, phase, body)
    }

    /// Runs an async closure when `phase` begins: see [`Coordinator::hook`].
    ///
    /// # Errors
    ///
    /// The phase is unknown or has begun, or has a member of that name; there is no runtime.
    #[track_caller]
    pub fn hook<F, T>(
        &self,
        name: impl Into<Cow<'static, str>>,
        phase: Phase,
        hook: F,
    ) -> Result<(), RegisterError>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Future + Send + 'static,
        T::Output: linger_coordinator::Ending,
    {
        self.coordinator.hook(name, phase, hook)
    }

    /// Begins the stop on request, from any thread; never blocks.
    pub fn shutdown(&self) {
        self.coordinator.shutdown();
    }

    /// Waits until a stop was begun, by a signal, a failure or a call, and is over.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropped, it leaves nothing behind, and another call gives the same report.
    pub async fn run(&self) -> Report {
        let shutdown = self.coordinator.wait().await;
        self.parts.report(shutdown)
    }

    /// As [`run`](Self::run), blocking this thread. Not for async code.
    pub fn run_blocking(&self) -> Report {
        let shutdown = self.coordinator.wait_blocking();
        self.parts.report(shutdown)
    }

    #[cfg(feature = "ack")]
    pub(crate) fn parts(&self) -> &Arc<Parts> {
        &self.parts
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("name", &self.parts.name())
            .finish_non_exhaustive()
    }
}
