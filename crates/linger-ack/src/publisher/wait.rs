//! Waiting for members, and for their acknowledgements without closing.

use super::Publisher;
use crate::error::{FlushError, WaitError};
use linger_ack_proto::{Quorum, Verdict};
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
            shared.waker.wake();
        }
        let mut is_late = false;
        loop {
            match core.machine.verdict(&target, &quorum) {
                Verdict::Met => return Ok(()),
                Verdict::Impossible => {
                    return Err(FlushError::Impossible {
                        progress: core.machine.progress(Instant::now()),
                    });
                }
                _ => {}
            }
            if core.report.is_some() {
                return Err(FlushError::Closed);
            }
            if is_late {
                return Err(FlushError::Deadline {
                    progress: core.machine.progress(Instant::now()),
                });
            }
            is_late = shared.change.wait_until(&mut core, deadline).timed_out();
        }
    }
}
