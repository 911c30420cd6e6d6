//! Publishers of a service.

use crate::error::ServiceError;
use crate::service::Service;
use linger_ack::{Authorizer, Outcome, Publisher, PublisherBuilder, Quorum};
use linger_coordinator::{BoxError, Member, Phase};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Describes a publisher of a service; [`bind`](Self::bind) makes it.
#[derive(Debug)]
#[must_use]
pub struct ServicePublisher {
    service: Service,
    name: String,
    builder: PublisherBuilder,
    quorum: Quorum,
}

impl ServicePublisher {
    #[track_caller]
    pub(crate) fn new(service: Service, name: String) -> Self {
        let builder = Publisher::builder(name.clone());
        let builder = builder
            .registry(service.registry())
            .group(Phase::SOCKETS.name());
        Self {
            service,
            name,
            builder,
            quorum: Quorum::All,
        }
    }

    /// Who must have acknowledged for the stop to be complete; [`Quorum::All`] by default.
    pub fn quorum(mut self, quorum: Quorum) -> Self {
        self.quorum = quorum;
        self
    }

    /// How much is retained at most: messages (8 to 2^24) and bytes of payload (1 to 2^40).
    pub fn window(mut self, messages: u32, bytes: u64) -> Self {
        self.builder = self.builder.window(messages, bytes);
        self
    }

    /// After how much silence a member expires: 100 ms to 1 h; 5 s by default.
    pub fn expiry(mut self, limit: Duration) -> Self {
        self.builder = self.builder.expiry(limit);
        self
    }

    /// How long `publish` waits for room in a full window; 5 s by default.
    pub fn publish_limit(mut self, limit: Duration) -> Self {
        self.builder = self.builder.publish_limit(limit);
        self
    }

    /// Evicts whoever holds the window full this long; see [`PublisherBuilder::evict_after`].
    pub fn evict_after(mut self, limit: Duration) -> Self {
        self.builder = self.builder.evict_after(limit);
        self
    }

    /// A durable name: what it is owed waits for it while it is away.
    pub fn durable(mut self, name: impl Into<String>) -> Self {
        self.builder = self.builder.durable(name);
        self
    }

    /// A durable name that is owed all of these topics from the start, before it comes.
    pub fn expect<P: AsRef<[u8]>>(
        mut self,
        name: impl Into<String>,
        prefixes: impl IntoIterator<Item = P>,
    ) -> Self {
        self.builder = self.builder.expect(name, prefixes);
        self
    }

    /// Asks this before anyone joins, and before a member gets more prefixes; see [`Authorizer`].
    pub fn authorizer(mut self, authorizer: impl Authorizer + 'static) -> Self {
        self.builder = self.builder.authorizer(authorizer);
        self
    }

    /// Whatever else the publisher can be told.
    pub fn adjust(mut self, change: impl FnOnce(PublisherBuilder) -> PublisherBuilder) -> Self {
        self.builder = change(self.builder);
        self
    }

    /// Opens and binds the publisher, and has it closed in the phase `acks`.
    ///
    /// # Errors
    ///
    /// If an endpoint is bad or taken, a setting is out of range, the name is taken, or the phase
    /// has begun.
    #[track_caller]
    pub fn bind(self, data: &str, control: &str) -> Result<Publisher, ServiceError> {
        let Self {
            service,
            name,
            builder,
            quorum,
        } = self;
        let publisher = builder.bind(data, control)?;
        let parts = Arc::clone(service.parts());
        let closed = publisher.clone();
        let hook = format!("acks of {name}");
        service
            .coordinator()
            .blocking_hook(hook, Phase::ACKS, move |member| {
                let (result, report) = close(&closed, &member, quorum);
                parts.add_publisher(name, report);
                result
            })?;
        Ok(publisher)
    }
}

fn close(
    publisher: &Publisher,
    member: &Member,
    quorum: Quorum,
) -> (Result<(), BoxError>, Arc<linger_ack::Report>) {
    let deadline = member.deadline().unwrap_or_else(Instant::now);
    let report = publisher.close_while(deadline, quorum, |progress| {
        member.note(progress);
        // A second signal does not wait for the deadline.
        match member.is_forced() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    member.note(report.summary());
    let result = match report.outcome {
        Outcome::Behind => Err(behind(&report).into()),
        _ => Ok(()),
    };
    (result, report)
}

/// Who lacks something, in one line; the report has the ranges.
fn behind(report: &linger_ack::Report) -> String {
    let members = report.members.iter().filter(|member| member.unacked() > 0);
    let members = members.map(|member| {
        let name = member.name.escape_debug();
        let (outcome, unacked) = (member.outcome, member.unacked());
        format!("{name} {outcome}, {unacked} not {}", member.level)
    });
    members.collect::<Vec<_>>().join("; ")
}
