//! A thread that owns a socket and blocks.

use std::fs;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use crate::support::eventually;

/// A thread of that name, once it is asleep in what `work` waits for.
#[track_caller]
pub(crate) fn asleep<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    let (id, told) = mpsc::channel();
    let owner = thread::Builder::new()
        .name(name.into())
        .spawn(move || {
            // As `1234/task/1240`.
            let here = fs::read_link("/proc/thread-self").unwrap();
            id.send(here).unwrap();
            work()
        })
        .unwrap();
    let status = format!("/proc/{}/status", told.recv().unwrap().display());
    eventually("the owner sleeps", || {
        fs::read_to_string(&status).unwrap().contains("State:\tS")
    });
    owner
}
