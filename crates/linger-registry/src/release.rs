//! Threads for what may wait without a limit: letting go of a context.

use std::mem::ManuallyDrop;
use std::sync::mpsc::{SendError, sync_channel};
use std::thread;

/// Gives `held` to `work` on a thread of its own, which nobody joins.
///
/// It is given back if there can be no thread. Should anything panic here it is leaked: it is
/// never dropped on the calling thread.
pub(crate) fn apart<T, F>(held: T, work: F) -> Result<(), T>
where
    T: Send + 'static,
    F: FnOnce(T) + Send + 'static,
{
    let held = ManuallyDrop::new(held);
    // Not in the closure: a thread that can't be made drops its closure right here.
    let (give, take) = sync_channel::<ManuallyDrop<T>>(1);
    let thread = thread::Builder::new()
        .name("linger-release".into())
        .spawn(move || {
            if let Ok(held) = take.recv() {
                work(ManuallyDrop::into_inner(held));
            }
        });
    let given = match thread {
        Ok(_) => give.send(held).map_err(|SendError(held)| held),
        Err(_) => Err(held),
    };
    given.map_err(ManuallyDrop::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn it_is_dropped_on_another_thread() {
        struct Tell(mpsc::Sender<thread::ThreadId>);
        impl Drop for Tell {
            fn drop(&mut self) {
                self.0.send(thread::current().id()).unwrap();
            }
        }
        let (tell, told) = mpsc::channel();
        assert!(apart(Tell(tell), drop).is_ok());
        assert_ne!(told.recv().unwrap(), thread::current().id());
    }
}
