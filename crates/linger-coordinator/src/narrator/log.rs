//! A shutdown as spans and events: `shutdown` › `phase` › `member`.

use std::sync::Arc;
use std::time::Instant;

use tracing::field::Empty;
use tracing::{Level, Span, debug, debug_span, info, info_span, warn, warn_span};

use super::line::{Line, names};
use crate::machine::Course;
use crate::outcome::Outcome;
use crate::phase::Phase;
use crate::report::MemberReport;
use crate::room::Room;

/// Members of a phase that were simply done and are logged; what went wrong always is.
const DONE: usize = 64;

/// The spans that are open.
#[derive(Default)]
pub(super) struct Log {
    shutdown: Option<Span>,
    phases: Vec<(Phase, Span)>,
}

impl Log {
    pub(super) fn write(&mut self, line: Line) {
        match line {
            Line::Triggered { reason, budget, .. } => {
                let span = info_span!(
                    parent: None, "shutdown", %reason, ?budget, took = Empty, exit_code = Empty
                );
                span.in_scope(|| info!(%reason, ?budget, "shutdown begins"));
                self.shutdown = Some(span);
            }
            Line::Begun {
                phase,
                members,
                limit,
                ..
            } => {
                let span = self.in_shutdown(
                    || info_span!("phase", %phase, cap = ?limit, took = Empty, forced = Empty),
                );
                span.in_scope(|| info!(%phase, members, ?limit, "phase begins"));
                self.phases.push((phase, span));
            }
            Line::Forced { phase, left } => self.in_phase(phase, || {
                warn!(%phase, left = names(&left), "phase is forced");
            }),
            Line::Ended {
                rooms,
                course,
                armed,
            } => self.end(&rooms, &course, armed),
            Line::Progress { phase, left, time } => self.in_phase(phase, || {
                info!(%phase, remaining = left.len(), left = names(&left), ?time, "still stopping");
            }),
            Line::Stopped(report, _logged) => {
                // Open yet only where a line was lost.
                self.phases.clear();
                if let Some(span) = &self.shutdown {
                    span.record("took", tracing::field::debug(report.took()));
                    span.record("exit_code", report.exit_code());
                }
                self.in_shutdown(|| {
                    if report.is_clean() {
                        info!(took = ?report.took(), reason = %report.reason(), "stopped");
                    } else {
                        warn!(%report, "stopped, not clean");
                    }
                });
                self.shutdown = None;
            }
        }
    }

    fn end(&mut self, rooms: &[Arc<Room>], course: &Course, armed: Instant) {
        let Some(phase) = rooms.first().map(|room| room.phase()) else {
            return;
        };
        let place = self.phases.iter().position(|(it, _)| *it == phase);
        let span = place.map_or_else(Span::none, |place| self.phases.swap_remove(place).1);
        let start = course.window.start;
        let ended = course.ended.unwrap_or(start);
        let took = ended.saturating_duration_since(start);
        span.record("took", tracing::field::debug(took));
        span.record("forced", course.forced);
        span.in_scope(|| {
            members(rooms, course, armed);
            info!(%phase, ?took, "phase ended");
        });
    }

    fn in_shutdown<T>(&self, what: impl FnOnce() -> T) -> T {
        match &self.shutdown {
            Some(span) => span.in_scope(what),
            None => what(),
        }
    }

    fn in_phase(&self, phase: Phase, what: impl FnOnce()) {
        match self.phases.iter().find(|(it, _)| *it == phase) {
            Some((_, span)) => span.in_scope(what),
            None => self.in_shutdown(what),
        }
    }
}

/// Logs the members of a phase that has ended: all that went wrong, and some of the others.
fn members(rooms: &[Arc<Room>], course: &Course, armed: Instant) {
    if !tracing::enabled!(Level::WARN) {
        return;
    }
    let mut more = if tracing::enabled!(Level::DEBUG) {
        DONE
    } else {
        0
    };
    let near = course.window.start + course.granted / 5 * 4;
    let mut is_told = |outcome: &Outcome, at| {
        if !outcome.is_done() || at > near {
            return true;
        }
        // Of a part that stopped alone: it was done before.
        let shown = more > 0 && at >= armed;
        more -= usize::from(shown);
        shown
    };
    let each = rooms.iter().map(|room| room.ended_where(&mut is_told));
    let ended: Vec<_> = each.collect();
    for ended in ended.into_iter().flatten() {
        let before = ended.at < armed;
        member(
            &MemberReport::new(ended, course.window.start, armed, course.granted),
            before,
        );
    }
}

/// Its span is made when its phase has ended: its times are fields, not the span's own.
fn member(member: &MemberReport, before: bool) {
    let (name, origin, outcome) = (member.name(), member.origin(), member.outcome());
    let took = member.took();
    if outcome.is_done() && !member.is_near_miss() {
        let span = debug_span!("member", name, %origin, %outcome, ?took);
        span.in_scope(|| debug!(name, %outcome, note = member.note(), "member ended"));
        return;
    }
    let span = warn_span!("member", name, %origin, %outcome, ?took);
    span.in_scope(|| {
        let note = member.note();
        if before {
            warn!(name, %outcome, note, "member failed before the shutdown");
        } else if member.is_near_miss() {
            warn!(name, %outcome, note, "member was nearly late");
        } else {
            warn!(name, %outcome, note, "member was not done");
        }
    });
}
