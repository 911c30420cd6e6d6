//! What the control thread tells: gathered under the lock, told without it.

use super::authorize::Denial;
use super::core::Core;
use super::drain::Drain;
use linger_ack_proto::{Event, PublisherReport, Quorum};
use linger_registry::zmq;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::time::Instant;

/// The application's handler of events.
pub(super) type OnEvent = Box<dyn FnMut(Event) + Send>;

#[derive(Default)]
pub(super) struct News {
    events: Vec<Event>,
    on_event: Option<OnEvent>,
    pub(super) denials: Vec<Denial>,
    drain: Drain,
    /// How far a drain is.
    line: Option<String>,
    closing: Option<Quorum>,
    has_told_closing: bool,
    report: Option<Arc<PublisherReport>>,
    /// The sockets were ended before the publisher was closed.
    pub(super) terminated: Option<zmq::Error>,
}

impl News {
    pub(super) fn new(on_event: Option<OnEvent>) -> Self {
        Self {
            on_event,
            ..Self::default()
        }
    }

    pub(super) fn gather(&mut self, core: &mut Core, now: Instant) {
        while let Some(event) = core.machine.poll_event() {
            self.events.push(event);
        }
        self.line = self.drain.look(core, now).or(self.line.take());
        self.closing = core.closing.as_ref().map(|closing| closing.quorum.clone());
        self.report.clone_from(&core.report);
    }

    /// When there is something to tell though nothing has happened.
    pub(super) fn due(&self) -> Option<Instant> {
        self.drain.due()
    }

    /// Tells what was gathered. A log can block: then members wait, but no caller does.
    pub(super) fn tell(&mut self, name: &str) {
        let Self {
            events, on_event, ..
        } = self;
        for event in events.drain(..) {
            log(name, &event);
            if let Some(on_event) = on_event {
                // It is the application's code, and no reason to hear nobody any more.
                let told = panic::catch_unwind(AssertUnwindSafe(|| on_event(event)));
                if told.is_err() {
                    tracing::warn!(publisher = %name, "the handler of events panicked");
                }
            }
        }
        for denial in self.denials.drain(..) {
            let Denial {
                name: member,
                address,
                denied,
            } = denial;
            tracing::debug!(publisher = %name, member = %member.escape_debug(), ?address, reason = ?denied.reason(), "denied");
        }
        if let (Some(quorum), false) = (&self.closing, self.has_told_closing) {
            self.has_told_closing = true;
            tracing::info!(publisher = %name, ?quorum, "publisher closes");
        }
        if let Some(line) = self.line.take() {
            tracing::info!(publisher = %name, "{line}");
        }
        if let Some(error) = self.terminated.take() {
            tracing::warn!(publisher = %name, %error, "the sockets were ended before the publisher was closed");
        }
        match self.report.take() {
            Some(report) if report.is_drained() || report.members.is_empty() => {
                tracing::info!(publisher = %name, outcome = %report.outcome, "publisher closed");
            }
            Some(report) => tracing::warn!(publisher = %name, "publisher closed: {report}"),
            None => {}
        }
    }
}

/// Names and topics come from strangers: what is logged of them is escaped.
fn log(publisher: &str, event: &Event) {
    match event {
        Event::Joined { name, returned } => {
            tracing::info!(publisher, member = %name.escape_debug(), returned, "member joined");
        }
        Event::Suspected { name } => {
            tracing::debug!(publisher, member = %name.escape_debug(), "member is silent");
        }
        Event::Absent { name, unacked } => {
            tracing::info!(publisher, member = %name.escape_debug(), unacked, "member is absent");
        }
        Event::Departed {
            name,
            outcome,
            unacked,
        } => {
            tracing::info!(publisher, member = %name.escape_debug(), %outcome, unacked, "member departed");
        }
        Event::Gone { name, topic, range } => {
            tracing::warn!(publisher, member = %name.escape_debug(), topic = %topic.escape_ascii(), %range, "messages are gone");
        }
        Event::Refused { name, why } => {
            tracing::debug!(publisher, member = %name.escape_debug(), ?why, "refused");
        }
        Event::Room => tracing::trace!(publisher, "there is room again"),
        other => tracing::debug!(publisher, event = ?other, "event"),
    }
}
