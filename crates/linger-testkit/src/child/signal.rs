//! The signals that tests send.

/// A signal that a [`Child`](super::Child) can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signal {
    /// SIGTERM: end, please.
    Terminate,
    /// SIGINT: what Ctrl-C sends.
    Interrupt,
    /// SIGKILL: end, now.
    Kill,
    /// SIGSTOP: stand still, with every connection open. Sending it waits until that is so.
    Stop,
    /// SIGCONT: go on.
    Continue,
}

impl Signal {
    /// Its number, as exit codes and reports have it.
    #[must_use]
    pub const fn number(self) -> i32 {
        self.raw().as_raw()
    }

    pub(super) const fn raw(self) -> rustix::process::Signal {
        use rustix::process::Signal as Raw;
        match self {
            Self::Terminate => Raw::TERM,
            Self::Interrupt => Raw::INT,
            Self::Kill => Raw::KILL,
            Self::Stop => Raw::STOP,
            Self::Continue => Raw::CONT,
        }
    }
}
