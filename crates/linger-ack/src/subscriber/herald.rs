//! What happens at publishers, told: gathered under the lock, logged and handed on without it.

use linger_ack_proto::{SubscriberEvent, TopicMarks};
use std::fmt;
use std::panic::{self, AssertUnwindSafe};

type Function = dyn FnMut(&str, &SubscriberEvent) + Send;

/// The application's own function.
pub(super) struct Hook(Box<Function>);

impl Hook {
    pub(super) fn new(hook: impl FnMut(&str, &SubscriberEvent) + Send + 'static) -> Self {
        Self(Box::new(hook))
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hook")
    }
}

pub(super) struct Herald {
    subscriber: String,
    hook: Option<Hook>,
}

impl Herald {
    pub(super) fn new(subscriber: String, hook: Option<Hook>) -> Self {
        Self { subscriber, hook }
    }

    /// Tells it. A log, or the application, can block: then the publisher waits, but no caller
    /// does.
    pub(super) fn tell(&mut self, publisher: &str, events: Vec<SubscriberEvent>) {
        for event in events {
            log(&self.subscriber, publisher, &event);
            if let Some(Hook(hook)) = &mut self.hook {
                // The panic hook tells of it; the application's own panic is no reason to lose
                // messages.
                let _ = panic::catch_unwind(AssertUnwindSafe(|| hook(publisher, &event)));
            }
        }
    }
}

fn log(subscriber: &str, publisher: &str, event: &SubscriberEvent) {
    match event {
        SubscriberEvent::Joined => tracing::info!(subscriber, publisher, "joined"),
        SubscriberEvent::Rejoin => {
            tracing::info!(subscriber, publisher, "the session is over; joining anew");
        }
        SubscriberEvent::Restarted { old, marks } => {
            let topics = marks.len();
            tracing::info!(subscriber, publisher, %old, topics, "the publisher was restarted");
            for TopicMarks {
                topic,
                received,
                processed,
                ..
            } in marks
            {
                tracing::debug!(subscriber, publisher, %old, ?topic, received, processed, "where the old epoch ended");
            }
        }
        SubscriberEvent::Refused { why } => {
            tracing::info!(subscriber, publisher, why, "not joined yet");
        }
        SubscriberEvent::Evicted => {
            tracing::warn!(
                subscriber,
                publisher,
                "evicted: the publisher's window was held back"
            );
        }
        SubscriberEvent::Subscribed { prefix } => {
            tracing::debug!(subscriber, publisher, ?prefix, "a prefix was granted");
        }
        SubscriberEvent::Unsubscribe { prefix } => {
            tracing::debug!(subscriber, publisher, ?prefix, "a prefix was released");
        }
        SubscriberEvent::PrefixRefused { prefix, why } => {
            tracing::warn!(subscriber, publisher, ?prefix, why, "a prefix was refused");
        }
        SubscriberEvent::Abandoned { topic, sequence } => {
            tracing::debug!(
                subscriber,
                publisher,
                ?topic,
                sequence,
                "a message was given up unacknowledged"
            );
        }
        SubscriberEvent::EndOfStream => {
            tracing::info!(subscriber, publisher, "end of stream");
        }
        SubscriberEvent::Ended { reason } => {
            tracing::info!(subscriber, publisher, ?reason, "membership ended");
        }
        _ => {}
    }
}
