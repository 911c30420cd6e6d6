//! Signals, read on a thread of their own.
//!
//! A runtime whose workers are blocked delivers signals late; a thread does not.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use signal_hook::consts::FORBIDDEN;
use signal_hook::iterator::{Handle, Signals as Pending};
use signal_hook::low_level::signal_name;

use crate::builder::BuildError;
use crate::inbox::Inbox;
use crate::reason::Reason;

/// Whether signals are listened to.
#[derive(Debug)]
pub(crate) enum Signals {
    None,
    Listening(Listener),
    /// The report is there; it may be so before the start is over.
    Over,
}

impl Signals {
    pub(crate) fn keep(&mut self, listener: Listener) {
        match self {
            Self::Over => listener.stop(),
            _ => *self = Self::Listening(listener),
        }
    }

    pub(crate) fn stop(&mut self) {
        if let Self::Listening(listener) = std::mem::replace(self, Self::Over) {
            listener.stop();
        }
    }
}

#[derive(Debug)]
pub(crate) struct Listener {
    handle: Handle,
    /// From now on signals do what they do by default.
    by_default: Option<Arc<AtomicBool>>,
}

impl Listener {
    pub(crate) fn start(
        numbers: &[i32],
        inbox: Arc<Inbox>,
        owns_process: bool,
    ) -> Result<Self, BuildError> {
        for &signal in numbers {
            if FORBIDDEN.contains(&signal) || signal_name(signal).is_none() {
                let source = io::Error::new(io::ErrorKind::InvalidInput, "it can't be caught");
                return Err(BuildError::Signal { signal, source });
            }
        }
        // Handlers run in the order they are registered in. This one comes first, or a shutdown that
        // is over before the handlers are would make it end the process for the signal that began
        // it. And until the other is there a signal does what it does by default: nobody else would
        // hear it.
        let by_default = owns_process.then(|| Arc::new(AtomicBool::new(true)));
        if let Some(by_default) = &by_default {
            for &signal in numbers {
                signal_hook::flag::register_conditional_default(signal, Arc::clone(by_default))
                    .map_err(|source| BuildError::Signal { signal, source })?;
            }
        }
        let mut signals = Pending::new(numbers).map_err(|source| BuildError::Signal {
            signal: numbers.first().copied().unwrap_or_default(),
            source,
        })?;
        if let Some(by_default) = &by_default {
            by_default.store(false, Ordering::SeqCst);
        }
        let handle = signals.handle();
        let listen = move || {
            for signal in signals.forever() {
                inbox.trigger(Reason::Signal(signal));
            }
        };
        thread::Builder::new()
            .name("linger-signals".to_owned())
            .spawn(listen)
            .map_err(BuildError::Thread)?;
        Ok(Self { handle, by_default })
    }

    /// The shutdown is over. In a process of our own, signals end it again; elsewhere they are
    /// left to others who listen.
    fn stop(self) {
        if let Some(by_default) = self.by_default {
            by_default.store(true, Ordering::SeqCst);
        }
        self.handle.close();
    }
}
