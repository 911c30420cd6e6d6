//! Sockets of a service.

use crate::error::ServiceError;
use crate::service::Service;
use linger_coordinator::Phase;
use linger_registry::{Socket, zmq};
use std::panic::Location;
use std::time::Duration;

/// Describes a socket of a service; [`open`](Self::open) makes it.
#[derive(Debug)]
#[must_use]
pub struct ServiceSocket {
    service: Service,
    kind: zmq::SocketType,
    name: Option<String>,
    phase: Phase,
    linger: Option<Duration>,
    created: &'static Location<'static>,
}

impl ServiceSocket {
    #[track_caller]
    pub(crate) fn new(service: Service, kind: zmq::SocketType) -> Self {
        let created = Location::caller();
        Self {
            service,
            kind,
            name: None,
            phase: Phase::SOCKETS,
            linger: None,
            created,
        }
    }

    /// The socket's name, for reports; by default one is made of its type and a number.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The phase in which it stops: its `messages()` end, its group's descriptor is readable.
    ///
    /// [`Phase::INTAKE`], [`Phase::WORK`], [`Phase::ACKS`] or [`Phase::SOCKETS`], the default.
    pub fn phase(mut self, phase: Phase) -> Self {
        self.phase = phase;
        self
    }

    /// How long what is queued may linger when it is closed; the registry's default otherwise.
    pub fn linger(mut self, limit: Duration) -> Self {
        self.linger = Some(limit);
        self
    }

    /// Opens the socket.
    ///
    /// # Errors
    ///
    /// If its phase has no sockets, the service is closing them, its name is taken, or libzmq
    /// refuses.
    pub fn open(self) -> Result<Socket, ServiceError> {
        let stops = [Phase::INTAKE, Phase::WORK, Phase::ACKS, Phase::SOCKETS];
        if !stops.contains(&self.phase) {
            let name = self.name.unwrap_or_else(|| format!("{:?}", self.kind));
            return Err(ServiceError::PhaseWithoutSockets {
                name,
                phase: self.phase,
            });
        }
        let mut builder = self
            .service
            .registry()
            .socket(self.kind)
            .opened_at(self.created);
        builder = builder.group(self.phase.name());
        if let Some(name) = self.name {
            builder = builder.name(name);
        }
        if let Some(limit) = self.linger {
            builder = builder.linger(limit);
        }
        Ok(builder.open()?)
    }
}
