//! What the control thread logs: gathered under the lock, told without it.

use super::core::Core;
use linger_ack_proto::{Event, PublisherReport, Quorum};
use linger_registry::zmq;
use std::sync::Arc;

#[derive(Debug, Default)]
pub(super) struct News {
    events: Vec<Event>,
    closing: Option<Quorum>,
    has_told_closing: bool,
    report: Option<Arc<PublisherReport>>,
    /// The sockets were ended before the publisher was closed.
    pub(super) terminated: Option<zmq::Error>,
}

impl News {
    pub(super) fn gather(&mut self, core: &mut Core) {
        while let Some(event) = core.machine.poll_event() {
            self.events.push(event);
        }
        self.closing = core.closing.as_ref().map(|closing| closing.quorum.clone());
        self.report.clone_from(&core.report);
    }

    /// Logs what was gathered. A log can block: then members wait, but no caller does.
    pub(super) fn tell(&mut self, name: &str) {
        for event in self.events.drain(..) {
            match event {
                Event::Joined { name: member, .. } => {
                    tracing::info!(publisher = %name, %member, "member joined");
                }
                Event::Departed {
                    name: member,
                    outcome,
                    unacked,
                } => {
                    tracing::info!(publisher = %name, %member, %outcome, unacked, "member departed");
                }
                _ => {}
            }
        }
        if let (Some(quorum), false) = (&self.closing, self.has_told_closing) {
            self.has_told_closing = true;
            tracing::info!(publisher = %name, ?quorum, "publisher closes");
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
