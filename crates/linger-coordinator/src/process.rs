//! The process that may be ended.

/// What the coordinator does to the process that it owns; tests put another in its place.
#[doc(hidden)]
pub trait Process: Send + Sync + 'static {
    /// Writes to stderr. May block for ever: the caller is a thread that nobody waits for.
    fn write(&self, text: &str);
    /// Ends the process at once: no destructors, no exit handlers.
    fn exit(&self, status: i32);
}

pub(crate) struct ThisProcess;

impl Process for ThisProcess {
    fn write(&self, text: &str) {
        use std::io::Write;
        // Nothing can be done about a stderr that is closed.
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }

    fn exit(&self, status: i32) {
        signal_hook::low_level::exit(status);
    }
}
