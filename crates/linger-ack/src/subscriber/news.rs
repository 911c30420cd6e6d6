//! What the receive thread logs: gathered under the lock, told without it.

use linger_ack_proto::SubscriberEvent;

#[derive(Debug)]
pub(super) struct News {
    publisher: String,
    events: Vec<SubscriberEvent>,
}

impl News {
    pub(super) fn of(publisher: &str) -> Self {
        Self {
            publisher: publisher.to_owned(),
            events: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, event: SubscriberEvent) {
        self.events.push(event);
    }

    /// What happened since the last call, if anything did.
    pub(super) fn take(&mut self) -> Option<Self> {
        let events = std::mem::take(&mut self.events);
        (!events.is_empty()).then(|| Self {
            publisher: self.publisher.clone(),
            events,
        })
    }

    /// Logs it. A log can block: then the publisher waits, but no caller does.
    pub(super) fn tell(self) {
        let publisher = self.publisher;
        for event in self.events {
            match event {
                SubscriberEvent::Joined => tracing::info!(%publisher, "joined"),
                SubscriberEvent::Rejoin => {
                    tracing::info!(%publisher, "the session is over; joining anew");
                }
                SubscriberEvent::Restarted { old, .. } => {
                    tracing::info!(%publisher, %old, "the publisher was restarted");
                }
                SubscriberEvent::Refused { why } => {
                    tracing::info!(%publisher, why, "not joined yet");
                }
                SubscriberEvent::Evicted => {
                    tracing::warn!(%publisher, "evicted: the publisher's window was held back");
                }
                SubscriberEvent::PrefixRefused { prefix, why } => {
                    tracing::warn!(%publisher, ?prefix, why, "a prefix was refused");
                }
                SubscriberEvent::EndOfStream => tracing::info!(%publisher, "end of stream"),
                SubscriberEvent::Ended { reason } => {
                    tracing::info!(%publisher, ?reason, "membership ended");
                }
                _ => {}
            }
        }
    }
}
