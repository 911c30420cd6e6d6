//! Ending a publisher: by its deadline, with a report, once.

use super::Publisher;
use super::control::End;
use super::core::{Closing, Core, Shared};
use linger_ack_proto::{Progress, PublisherReport, Quorum, Verdict};
use parking_lot::MutexGuard;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the thread of a publisher that was dropped may go on.
const ABANDONED: Duration = Duration::from_secs(1);

/// How often a close says how far it is.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// How long before the deadline the thread concludes, so that it is not the caller who must.
const MARGIN: Duration = Duration::from_millis(10);

/// How long the sockets of a publisher with a registry of its own may take to end.
pub(super) const SOCKETS: Duration = Duration::from_secs(1);

impl Publisher {
    /// Closes, and says what became of every accepted message.
    ///
    /// Publishes are refused from now on, members are told the end of stream, and what they miss
    /// is repaired until the quorum holds, or nobody who is here lacks anything, or the deadline
    /// comes. This never waits past the deadline. Called again, from any thread, it gives the
    /// same report; an earlier deadline then shortens the first call's.
    ///
    /// This blocks. If the publisher has its own registry, it also waits, within the deadline,
    /// until its sockets have ended.
    #[must_use = "only the report says whether the quorum held"]
    pub fn close_by(&self, deadline: Instant, quorum: Quorum) -> Arc<PublisherReport> {
        self.close_while(deadline, quorum, |_| ControlFlow::Continue(()))
    }

    /// As [`close_by`](Self::close_by), for as long as `tell` says to go on.
    ///
    /// It is told how far the close is at the beginning and then every tenth of a second, on this
    /// thread. [`ControlFlow::Break`] is as if the deadline had come.
    #[must_use = "only the report says whether the quorum held"]
    pub fn close_while(
        &self,
        deadline: Instant,
        quorum: Quorum,
        mut tell: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Arc<PublisherReport> {
        let shared = self.shared();
        let report = shared.close_by(deadline, quorum, &mut tell);
        shared.wake_tasks();
        if let Some(registry) = &shared.own_registry {
            // How its two sockets ended says nothing that the acknowledgements don't say better.
            let _ = registry.close_by(deadline.min(Instant::now() + SOCKETS));
        }
        report
    }
}

impl Shared {
    fn close_by(
        &self,
        mut deadline: Instant,
        quorum: Quorum,
        tell: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Arc<PublisherReport> {
        let mut core = self.core.lock();
        let mut told = None;
        self.begin_close(&mut core, deadline, quorum);
        loop {
            // The sockets are handed back before this returns, so that names and ports can be
            // used again; but the deadline does not wait for that.
            let is_late = deadline <= Instant::now();
            if let Some(report) = core.closed(is_late) {
                return report;
            }
            let now = Instant::now();
            let next = told.map_or(now, |told: Instant| told + TELL_EVERY);
            if next <= now {
                told = Some(now);
                let progress = core.machine.progress(now);
                // It is the caller's code: it may take its time, or ask this publisher something.
                if MutexGuard::unlocked(&mut core, || tell(&progress)).is_break() {
                    deadline = now;
                }
                continue;
            }
            self.change.wait_until(&mut core, deadline.min(next));
            if deadline <= Instant::now() {
                // The thread could not conclude in time: it does not run, or has much to read.
                self.conclude(&mut core);
            }
        }
    }

    /// Has the thread close, unless it has.
    pub(super) fn begin_close(&self, core: &mut Core, deadline: Instant, quorum: Quorum) {
        if core.report.is_none() {
            self.ask_to_close(core, deadline, quorum);
        }
    }

    fn ask_to_close(&self, core: &mut Core, deadline: Instant, quorum: Quorum) {
        let closing = core.closing.get_or_insert(Closing { deadline, quorum });
        closing.deadline = closing.deadline.min(deadline);
        self.room.notify_all();
        self.change.notify_all();
        self.waker.wake();
    }

    /// The last handle is gone: close in the background.
    pub(super) fn abandon(&self) {
        let mut core = self.core.lock();
        if core.report.is_none() && core.closing.is_none() {
            self.ask_to_close(&mut core, Instant::now() + ABANDONED, Quorum::All);
        }
    }

    /// Whether a close that was begun is to be concluded now, or when.
    pub(super) fn judge(&self, core: &Core, closing: &Closing, now: Instant) -> Option<End> {
        let target = core.machine.target();
        let is_met = core.machine.verdict(&target, &closing.quorum) == Verdict::Met;
        let at = closing
            .deadline
            .checked_sub(MARGIN)
            .unwrap_or(closing.deadline);
        if is_met || core.machine.is_settled(&target) || at <= now {
            return Some(End::Now);
        }
        Some(End::By(at))
    }

    /// Makes the report, once, and hands the data socket back to its registry.
    pub(super) fn conclude(&self, core: &mut Core) {
        if core.report.is_some() {
            return;
        }
        let quorum = core
            .closing
            .as_ref()
            .map(|closing| closing.quorum.clone())
            .unwrap_or_default();
        let report = Arc::new(core.machine.finish(quorum));
        // A word to each member, and no lists any more.
        while core.transmit() {}
        match core.data.take() {
            // Nobody who is here lacks anything: what is left is END, said again in vain.
            Some(data) if core.is_settled() => data.discard(),
            data => drop(data),
        }
        core.report = Some(report);
        self.announce();
        self.waker.wake();
    }
}

impl Core {
    /// Whether nobody has anything left to acknowledge.
    pub(super) fn is_settled(&self) -> bool {
        self.machine.is_settled(&self.machine.target())
    }

    /// The report, once the sockets are handed back, or the deadline has come.
    pub(super) fn closed(&self, is_late: bool) -> Option<Arc<PublisherReport>> {
        let is_over = self.has_thread_ended || is_late;
        self.report.clone().filter(|_| is_over)
    }
}
