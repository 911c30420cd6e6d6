//! Culprits that are hooks.

use super::{Cast, block, hang, next_line, panics};
use linger::linger_coordinator::{BoxError, Member, RegisterError, ShutdownHook, async_trait};

struct Panics;

#[async_trait]
impl ShutdownHook for Panics {
    async fn run(&mut self, _: &Member) -> Result<(), BoxError> {
        panics();
        Ok(())
    }
}

impl Cast<'_> {
    pub(super) fn hook_blocks(self) -> Result<String, RegisterError> {
        let (stop, name, phase) = self.place();
        let at = next_line!();
        stop.hook(name, phase, || async { block() })?;
        Ok(at)
    }

    pub(super) fn hook_panics(self) -> Result<String, RegisterError> {
        let (stop, name, phase) = self.place();
        let at = next_line!();
        stop.hook(name, phase, || async { panics() })?;
        Ok(at)
    }

    pub(super) fn hook_with_panics(self) -> Result<String, RegisterError> {
        let (stop, name, phase) = self.place();
        let at = next_line!();
        stop.hook_with(name, phase, Panics)?;
        Ok(at)
    }

    pub(super) fn hook_asks(self) -> Result<String, RegisterError> {
        let (stop, name, phase) = self.place();
        let own = stop.clone();
        let at = next_line!();
        stop.hook(name, phase, || async move {
            own.shutdown();
        })?;
        Ok(at)
    }

    pub(super) fn hook_waits(self) -> Result<String, RegisterError> {
        let (stop, name, phase) = self.place();
        let own = stop.clone();
        let at = next_line!();
        stop.hook(name, phase, || async move {
            own.shutdown();
            let _ = own.wait().await;
        })?;
        Ok(at)
    }

    pub(super) fn hook_waits_blocking(self) -> Result<String, RegisterError> {
        let (stop, name, phase) = self.place();
        let own = stop.clone();
        let at = next_line!();
        stop.hook(name, phase, || async move {
            own.shutdown();
            let _ = own.wait_blocking();
        })?;
        Ok(at)
    }

    pub(super) fn blocking_hook_hangs(self) -> Result<String, RegisterError> {
        let (stop, name, phase) = self.place();
        let at = next_line!();
        stop.blocking_hook(name, phase, |_| hang())?;
        Ok(at)
    }

    pub(super) fn blocking_hook_panics(self) -> Result<String, RegisterError> {
        let (stop, name, phase) = self.place();
        let at = next_line!();
        stop.blocking_hook(name, phase, |_| {
            panics();
            Ok(())
        })?;
        Ok(at)
    }

    pub(super) fn blocking_hook_asks(self) -> Result<String, RegisterError> {
        let (stop, name, phase) = self.place();
        let own = stop.clone();
        let at = next_line!();
        stop.blocking_hook(name, phase, move |_| {
            own.shutdown();
            Ok(())
        })?;
        Ok(at)
    }

    pub(super) fn blocking_hook_waits(self) -> Result<String, RegisterError> {
        let (stop, name, phase) = self.place();
        let own = stop.clone();
        let at = next_line!();
        stop.blocking_hook(name, phase, move |_| {
            own.shutdown();
            let _ = own.wait_blocking();
            Ok(())
        })?;
        Ok(at)
    }
}
