//! Waiting for members, and for their acknowledgements without closing.

use super::Publisher;
use super::core::Core;
use crate::error::{FlushError, WaitError};
use linger_ack_proto::{Quorum, Target, Verdict};
use std::time::Instant;

impl Publisher {
    /// Waits until there are at least `wanted` members. This blocks.
    ///
    /// # Errors
    ///
    /// If the deadline comes or the publisher closes first, with how many there were.
    pub fn wait_for_members(&self, wanted: usize, deadline: Instant) -> Result<(), WaitError> {
        let shared = self.shared();
        let mut core = shared.core.lock();
        loop {
            let joined = core.machine.member_count();
            if joined >= wanted {
                return Ok(());
            }
            if core.closing.is_some() || core.report.is_some() {
                return Err(WaitError::Closed { joined, wanted });
            }
            if shared.change.wait_until(&mut core, deadline).timed_out() {
                let joined = core.machine.member_count();
                if joined >= wanted {
                    return Ok(());
                }
                return Err(WaitError::Deadline { joined, wanted });
            }
        }
    }

    /// Waits until the quorum holds for everything that was accepted before this call.
    ///
    /// Others go on publishing meanwhile. This blocks.
    ///
    /// # Errors
    ///
    /// If the deadline comes first, or the quorum can't hold any more, with what is outstanding.
    pub fn flush_by(&self, deadline: Instant, quorum: Quorum) -> Result<(), FlushError> {
        let shared = self.shared();
        let mut core = shared.core.lock();
        let target = core.machine.target();
        if core.closing.is_none() {
            core.machine.sync_now(Instant::now());
            // Whatever does not fit in one go the thread says.
            core.transmit();
        }
        // The thread tells how far it is.
        core.flushes += 1;
        shared.waker.wake();
        let mut is_late = false;
        let result = loop {
            if let Some(result) = core.flushed(&target, &quorum, is_late) {
                break result;
            }
            is_late = shared.change.wait_until(&mut core, deadline).timed_out();
        };
        core.flushes -= 1;
        result
    }
}

impl Core {
    /// How a flush has ended, if it has.
    fn flushed(
        &self,
        target: &Target,
        quorum: &Quorum,
        is_late: bool,
    ) -> Option<Result<(), FlushError>> {
        let progress = || self.machine.progress(Instant::now());
        match self.machine.verdict(target, quorum) {
            Verdict::Met => return Some(Ok(())),
            Verdict::Impossible => {
                let progress = progress();
                return Some(Err(FlushError::Impossible { progress }));
            }
            _ => {}
        }
        if self.report.is_some() {
            return Some(Err(FlushError::Closed));
        }
        let progress = is_late.then(progress)?;
        Some(Err(FlushError::Deadline { progress }))
    }
}
