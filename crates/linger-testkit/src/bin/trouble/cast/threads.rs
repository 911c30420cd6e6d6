//! Culprits that are threads and blocking closures.

use super::{Cast, hang, next_line};
use linger::linger_coordinator::{Member, RegisterError};
use std::thread;
use std::time::Duration;

impl Cast<'_> {
    pub(super) fn closure_hangs(self) -> Result<String, RegisterError> {
        let (stop, name, phase) = self.place();
        let ready = self.ready.wait_for_one();
        let at = next_line!();
        stop.spawn_blocking(name, phase, move |_| {
            ready.arrive();
            hang()
        })?;
        Ok(at)
    }

    /// It ends, and drops `kept` then.
    pub(super) fn closure_drops<T: Send + 'static>(self, kept: T) -> Result<String, RegisterError> {
        let (stop, name, phase) = self.place();
        let at = next_line!();
        stop.spawn_blocking(name, phase, |member| {
            let _kept = kept;
            member.wait();
            Ok(())
        })?;
        Ok(at)
    }

    pub(super) fn guard_hangs(self) -> Result<String, RegisterError> {
        let (member, at) = self.guard()?;
        let ready = self.ready.wait_for_one();
        thread::spawn(move || {
            let _member = member;
            ready.arrive();
            hang();
        });
        Ok(at)
    }

    /// It ends, and drops `kept` before its guard.
    pub(super) fn guard_drops<T: Send + 'static>(self, kept: T) -> Result<String, RegisterError> {
        let (member, at) = self.guard()?;
        thread::spawn(move || {
            let member = member;
            let _kept = kept;
            member.wait();
        });
        Ok(at)
    }

    pub(super) fn heeds_force(self) -> Result<String, RegisterError> {
        let (member, at) = self.guard()?;
        thread::spawn(move || {
            while !member.is_forced() {
                thread::park_timeout(Duration::from_millis(1));
            }
        });
        Ok(at)
    }

    fn guard(self) -> Result<(Member, String), RegisterError> {
        let at = next_line!();
        let registration = self.stop.register(self.name.to_owned());
        Ok((registration.phase(self.phase)?, at))
    }
}
