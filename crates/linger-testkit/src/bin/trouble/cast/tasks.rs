//! Culprits that are tasks.

use super::{Cast, block, next_line};
use linger::linger_coordinator::RegisterError;
use std::future::pending;

impl Cast<'_> {
    pub(super) fn task_hangs(self) -> Result<String, RegisterError> {
        let (stop, name, phase) = self.place();
        let at = next_line!();
        stop.spawn(name, phase, |_| pending::<()>())?;
        Ok(at)
    }

    /// It holds `kept` meanwhile.
    pub(super) fn task_hangs_with<T: Send + 'static>(
        self,
        kept: T,
    ) -> Result<String, RegisterError> {
        let (stop, name, phase) = self.place();
        let ready = self.ready.wait_for_one();
        let at = next_line!();
        stop.spawn(name, phase, |_| async move {
            let _kept = kept;
            ready.arrive();
            pending::<()>().await;
        })?;
        Ok(at)
    }

    /// It ends, and drops `kept` then.
    pub(super) fn task_drops<T: Send + 'static>(self, kept: T) -> Result<String, RegisterError> {
        let (stop, name, phase) = self.place();
        let ready = self.ready.wait_for_one();
        let at = next_line!();
        stop.spawn(name, phase, |member| async move {
            let _kept = kept;
            ready.arrive();
            member.triggered().await;
        })?;
        Ok(at)
    }

    pub(super) fn task_blocks(self) -> Result<String, RegisterError> {
        let (stop, name, phase) = self.place();
        let ready = self.ready.wait_for_one();
        let at = next_line!();
        stop.spawn(name, phase, |_| async move {
            ready.arrive();
            block();
        })?;
        Ok(at)
    }

    pub(super) fn task_blocks_in_the_end(self) -> Result<String, RegisterError> {
        let (stop, name, phase) = self.place();
        let ready = self.ready.wait_for_one();
        let at = next_line!();
        stop.spawn(name, phase, |member| async move {
            ready.arrive();
            member.triggered().await;
            block();
        })?;
        Ok(at)
    }

    pub(super) fn pool_never_returns(self) -> Result<String, RegisterError> {
        let (stop, name, phase) = self.place();
        let ready = self.ready.wait_for_one();
        let at = next_line!();
        stop.spawn(name, phase, |_| async move {
            let never = tokio::task::spawn_blocking(move || {
                ready.arrive();
                block();
            });
            // It is aborted meanwhile.
            let _ = never.await;
        })?;
        Ok(at)
    }
}
