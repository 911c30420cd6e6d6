//! Waiting for members, and for their acknowledgements without closing.

use super::Publisher;
use super::core::{Core, Shared};
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
        let mut is_late = false;
        loop {
            if let Some(result) = core.awaited(wanted, is_late) {
                return result;
            }
            is_late = shared.change.wait_until(&mut core, deadline).timed_out();
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
        let target = shared.begin_flush(&mut core);
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

impl Shared {
    /// Says everyone how far they should be. The thread tells how far they are, for as long as
    /// `flushes` is not counted down again.
    pub(super) fn begin_flush(&self, core: &mut Core) -> Target {
        let target = core.machine.target();
        if core.closing.is_none() {
            core.machine.sync_now(Instant::now());
            // Whatever does not fit in one go the thread says.
            core.transmit();
        }
        core.flushes += 1;
        self.waker.wake();
        target
    }
}

impl Core {
    /// How waiting for members has ended, if it has.
    pub(super) fn awaited(&self, wanted: usize, is_late: bool) -> Option<Result<(), WaitError>> {
        let joined = self.machine.member_count();
        if joined >= wanted {
            return Some(Ok(()));
        }
        if self.closing.is_some() || self.report.is_some() {
            return Some(Err(WaitError::Closed { joined, wanted }));
        }
        is_late.then_some(Err(WaitError::Deadline { joined, wanted }))
    }

    /// How a flush has ended, if it has.
    pub(super) fn flushed(
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

#[cfg(test)]
mod tests {
    use super::*;
    use linger_ack_proto::Expected;

    /// A publisher that owes somebody something for ever.
    fn owing() -> Publisher {
        let expected = Expected::new("never").expect("a name").prefix("");
        let ticks = Publisher::builder("ticks").expected(expected);
        let ticks = ticks.bind("inproc://data", "inproc://control");
        let ticks = ticks.expect("bound");
        ticks.publish("T", "1").expect("accepted");
        ticks
    }

    #[test]
    fn a_flush_that_is_over_is_told_of_no_more() {
        let ticks = owing();
        let late = Instant::now();
        assert!(ticks.flush_by(late, Quorum::All).is_err());
        assert_eq!(ticks.shared().core.lock().flushes, 0);
    }

    #[cfg(feature = "tokio")]
    #[tokio::test]
    async fn a_flush_that_is_dropped_is_told_of_no_more() {
        use std::future::Future as _;
        use std::task::{Context, Waker};
        let ticks = owing().into_async();
        let late = Instant::now() + std::time::Duration::from_secs(60);
        {
            let mut flush = std::pin::pin!(ticks.flush_by(late, Quorum::All));
            let polled = flush.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(polled.is_pending());
            assert_eq!(ticks.publisher().shared().core.lock().flushes, 1);
        }
        assert_eq!(ticks.publisher().shared().core.lock().flushes, 0);
    }
}
