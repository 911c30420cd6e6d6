//! Subscribers of a service.

use crate::error::ServiceError;
use crate::service::Service;
use linger_ack::{Level, Subscriber, SubscriberBuilder};
use linger_coordinator::Phase;
use std::sync::Arc;
use std::time::Instant;

/// Describes a subscriber of a service; [`connect`](Self::connect) makes it.
#[derive(Debug)]
#[must_use]
pub struct ServiceSubscriber {
    service: Service,
    name: String,
    builder: SubscriberBuilder,
}

impl ServiceSubscriber {
    #[track_caller]
    pub(crate) fn new(service: Service, name: String) -> Self {
        let builder = Subscriber::builder(name.clone());
        let builder = builder
            .registry(service.registry())
            .group(Phase::SOCKETS.name());
        Self {
            service,
            name,
            builder,
        }
    }

    /// Subscribes to all topics that begin with this; the empty prefix is everything.
    pub fn subscribe(mut self, prefix: impl AsRef<[u8]>) -> Self {
        self.builder = self.builder.subscribe(prefix);
        self
    }

    /// What an acknowledgement asserts; [`Level::Processed`] by default.
    pub fn level(mut self, level: Level) -> Self {
        self.builder = self.builder.level(level);
        self
    }

    /// Shown to each publisher's authorizer, as they are: 64 KiB at most; none by default.
    pub fn credentials(mut self, credentials: impl AsRef<[u8]>) -> Self {
        self.builder = self.builder.credentials(credentials);
        self
    }

    /// How many times a delivery that was abandoned is handed out again; 0 by default.
    pub fn redeliveries(mut self, limit: u32) -> Self {
        self.builder = self.builder.redeliveries(limit);
        self
    }

    /// One more publisher, besides the one that [`connect`](Self::connect) names.
    pub fn publisher(mut self, data: impl Into<String>, control: impl Into<String>) -> Self {
        self.builder = self.builder.publisher(data, control);
        self
    }

    /// Whatever else the subscriber can be told.
    pub fn adjust(mut self, change: impl FnOnce(SubscriberBuilder) -> SubscriberBuilder) -> Self {
        self.builder = change(self.builder);
        self
    }

    /// Connects the subscriber; its deliveries end in `intake`, it leaves in `acks`.
    ///
    /// # Errors
    ///
    /// If an endpoint or a prefix is bad, the name is taken, or one of the phases has begun.
    #[track_caller]
    pub fn connect(self, data: &str, control: &str) -> Result<Arc<Subscriber>, ServiceError> {
        let Self {
            service,
            name,
            builder,
        } = self;
        let subscriber = Arc::new(builder.connect(data, control)?);
        let stopped = Arc::clone(&subscriber);
        let hook = format!("deliveries of {name}");
        service
            .coordinator()
            .blocking_hook(hook, Phase::INTAKE, move |_| {
                stopped.stop();
                Ok(())
            })?;
        let parts = Arc::clone(service.parts());
        let left = Arc::clone(&subscriber);
        let hook = format!("leave of {name}");
        service
            .coordinator()
            .blocking_hook(hook, Phase::ACKS, move |member| {
                let deadline = member.deadline().unwrap_or_else(Instant::now);
                let report = left.close_by(deadline);
                let text = (!report.is_clean()).then(|| report.to_string());
                parts.add_subscriber(report);
                match text {
                    None => Ok(()),
                    Some(text) => Err(text.into()),
                }
            })?;
        Ok(subscriber)
    }
}
