//! The word that begins the stop, where no signal does.

use linger::linger_coordinator::Coordinator;
use linger_testkit::trouble::Alarm;
use std::io::{self, BufRead as _};
use std::sync::mpsc::Sender;
use std::thread;

/// What this process ends with when its judge is gone.
const ALONE: i32 = 3;

/// Reads stdin, on a thread of its own.
pub(crate) fn take(alarm: Alarm, stop: Coordinator, fail: Sender<()>) -> io::Result<()> {
    let take = move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            match alarm {
                Alarm::Request if line == "go" => stop.shutdown(),
                // The member that is to fail is there until it does.
                Alarm::Failure if line == "go" => drop(fail.send(())),
                _ => {}
            }
        }
        std::process::exit(ALONE);
    };
    let thread = thread::Builder::new().name("orders".to_owned());
    thread.spawn(take).map(drop)
}
