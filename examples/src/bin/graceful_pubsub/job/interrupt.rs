//! Ctrl-C: the children end and the copy of the input goes before the parent does.

use std::io;
use std::sync::Arc;
use std::thread;

use parking_lot::Mutex;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

type Listener = Box<dyn Fn() + Send>;

/// Hears SIGINT, SIGTERM and SIGHUP, and tells the run that is under way.
#[derive(Clone)]
pub(super) struct Interrupt {
    state: Arc<Mutex<State>>,
}

struct State {
    came: bool,
    listener: Option<Listener>,
}

impl Interrupt {
    pub(super) fn listen() -> io::Result<Self> {
        let interrupt = Self::new();
        let told = interrupt.clone();
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        thread::Builder::new()
            .name("interrupt".to_owned())
            .spawn(move || {
                for _signal in signals.forever() {
                    told.come();
                }
            })?;
        Ok(interrupt)
    }

    fn new() -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                came: false,
                listener: None,
            })),
        }
    }

    fn come(&self) {
        let mut state = self.state.lock();
        state.came = true;
        if let Some(listener) = &state.listener {
            listener();
        }
    }

    /// Calls `listener` when the interrupt comes, or at once if it came; the one before is gone.
    pub(super) fn tell(&self, listener: impl Fn() + Send + 'static) {
        let mut state = self.state.lock();
        if state.came {
            listener();
        }
        state.listener = Some(Box::new(listener));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn an_interrupt_is_told_to_whoever_listens_then_or_later() {
        let interrupt = Interrupt::new();
        let (tell, told) = mpsc::channel();
        let early = tell.clone();
        interrupt.tell(move || early.send("early").unwrap());
        assert!(told.try_recv().is_err());
        interrupt.come();
        assert_eq!(told.try_recv(), Ok("early"));
        interrupt.tell(move || tell.send("late").unwrap());
        assert_eq!(told.try_recv(), Ok("late"));
    }
}
