//! Building a service.

use super::Service;
use super::parts::Parts;
use crate::error::StartError;
use linger_coordinator::{BoxError, Builder, Coordinator, Member, Phase, Phases};
use linger_registry::{ContextOutcome, Registry};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Settings of a [`Service`]; [`start`](Self::start) makes it.
#[must_use]
pub struct ServiceBuilder {
    name: String,
    coordinator: Builder,
}

impl ServiceBuilder {
    pub(super) fn new(name: String) -> Self {
        let coordinator = Coordinator::builder().phases(Phases::zmq_service());
        Self {
            name,
            coordinator: coordinator.on_signals().owns_process(),
        }
    }

    /// How long a stop may take in all, from its trigger; the coordinator's default otherwise.
    pub fn budget(mut self, budget: Duration) -> Self {
        self.coordinator = self.coordinator.budget(budget);
        self
    }

    /// Other phases than [`Phases::zmq_service`]; `intake`, `acks`, `sockets` and `context` must
    /// be among them.
    pub fn phases(mut self, phases: Phases) -> Self {
        self.coordinator = self.coordinator.phases(phases);
        self
    }

    /// Whatever else the coordinator can be told, in place of what was told so far.
    ///
    /// By default it listens to SIGTERM and SIGINT and owns the process: if the process still runs
    /// at the hard deadline, the watchdog says who is left and ends it.
    pub fn coordinator(mut self, coordinator: Builder) -> Self {
        self.coordinator = coordinator;
        self
    }

    /// Starts the service: from now on signals are caught.
    ///
    /// # Errors
    ///
    /// If the budget is zero or the reserves don't fit into it, a phase is missing, or the system
    /// refuses a thread.
    #[track_caller]
    pub fn start(self) -> Result<Service, StartError> {
        let Self { name, coordinator } = self;
        let coordinator = coordinator
            .start()
            .map_err(|source| StartError::Coordinator {
                service: name.clone(),
                source,
            })?;
        let service = Service {
            coordinator,
            registry: Registry::new(),
            parts: Arc::new(Parts::new(name.clone())),
        };
        service.hooks().map_err(|source| StartError::Hook {
            service: name,
            source,
        })?;
        Ok(service)
    }
}

impl Service {
    /// What a service does in each phase by itself; reports name the line that started it.
    #[track_caller]
    fn hooks(&self) -> Result<(), linger_coordinator::RegisterError> {
        for phase in [Phase::INTAKE, Phase::WORK, Phase::ACKS] {
            let registry = self.registry.clone();
            self.coordinator
                .blocking_hook("stop sockets", phase, move |_| {
                    registry.stop(phase.name());
                    Ok(())
                })?;
        }
        let (registry, parts) = (self.registry.clone(), Arc::clone(&self.parts));
        self.coordinator
            .blocking_hook("close sockets", Phase::SOCKETS, move |member| {
                close_sockets(&registry, &parts, &member)
            })?;
        let parts = Arc::clone(&self.parts);
        self.coordinator
            .blocking_hook("end of context", Phase::CONTEXT, move |_| {
                match parts
                    .sockets()
                    .as_ref()
                    .map(linger_registry::Report::context)
                {
                    Some(pending @ ContextOutcome::Pending { .. }) => {
                        Err(pending.to_string().into())
                    }
                    _ => Ok(()),
                }
            })
    }
}

fn close_sockets(registry: &Registry, parts: &Parts, member: &Member) -> Result<(), BoxError> {
    let deadline = member.deadline().unwrap_or_else(Instant::now);
    let report = registry.close_by(deadline);
    let sockets = report.sockets().iter();
    let unclean: Vec<String> = sockets
        .filter(|socket| !socket.outcome().is_clean())
        .map(|socket| format!("{} {}", socket.name(), socket.outcome()))
        .collect();
    member.note(format_args!("{} sockets", report.sockets().len()));
    parts.set_sockets(report);
    if unclean.is_empty() {
        Ok(())
    } else {
        Err(unclean.join("; ").into())
    }
}

impl std::fmt::Debug for ServiceBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceBuilder")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
