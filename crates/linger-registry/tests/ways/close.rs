//! Closing a registry, and who was woken when.

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::support::{after, ample};
use linger_registry::{ContextOutcome, Outcome, Registry, Report};

/// Long enough for a full reserve: owners in bare calls are woken 200 ms before its end.
const LATE: Duration = Duration::from_secs(2);

/// Closes while `owner` is in a call that sees no stop, and checks that it was woken no sooner
/// than the reserve, and that the close ended by its deadline.
///
/// The owner tells what its call returned, and when.
#[track_caller]
pub(crate) fn wakes_late<T>(registry: &Registry, owner: JoinHandle<(T, Instant)>) -> (T, Report) {
    let deadline = after(LATE);
    let report = registry.close_by(deadline);
    let returned = Instant::now();
    assert!(returned < deadline + Duration::from_millis(500), "{report}");
    let (result, woken) = owner.join().unwrap();
    assert!(woken >= deadline - Duration::from_millis(250), "{report}");
    (result, report)
}

/// Closes while `owner` is in a call that sees the stop, and checks that it was woken at once, and
/// that every socket was seen to its end.
#[track_caller]
pub(crate) fn wakes_at_once<T>(registry: &Registry, owner: JoinHandle<T>) -> (T, Report) {
    let report = registry.close_by(ample());
    assert!(report.took() < Duration::from_secs(10), "{report}");
    assert!(
        report.sockets().iter().all(|it| it.outcome().is_end_seen()),
        "{report}"
    );
    assert!(
        matches!(report.context(), ContextOutcome::Ended { .. }),
        "{report}"
    );
    (owner.join().unwrap(), report)
}

/// The socket was closed by an owner whom only the end of the context had woken, on that thread.
#[track_caller]
pub(crate) fn is_closed_late(report: &Report, socket: &str, thread: &str) {
    let socket = report.socket(socket).unwrap();
    assert!(
        matches!(socket.outcome(), Outcome::ClosedLate { .. }),
        "{report}"
    );
    assert_eq!(socket.info().last_thread(), thread, "{report}");
}
