//! A socket that is dropped on an async thread.

use std::future::pending;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;

use crate::support::{ample, pair, stuck};
use linger_registry::Registry;

/// Far below the lingers here, far above what a loaded machine needs.
const AT_ONCE: Duration = Duration::from_secs(2);

const AN_HOUR: Duration = Duration::from_secs(3600);

#[test]
fn on_the_only_thread_of_a_runtime_it_does_not_block() {
    let registry = Registry::new();
    let socket = stuck(&registry, "lingers", AN_HOUR);
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let began = Instant::now();
    runtime.block_on(async move {
        let dropped = tokio::spawn(async move { drop(socket) });
        // The only thread has to be free for this one to come back.
        tokio::time::sleep(Duration::from_millis(1)).await;
        dropped.await.unwrap();
        // The last handle of the registry, too.
        drop(registry);
    });
    assert!(began.elapsed() < AT_ONCE);
}

#[test]
fn a_task_that_is_aborted_lets_go_of_it() {
    let registry = Registry::new();
    let (push, pull) = pair(&registry);
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    let (owns, owned) = mpsc::channel();
    let task = runtime.spawn(async move {
        let sockets = (push, pull);
        owns.send(()).unwrap();
        pending::<()>().await;
        drop(sockets);
    });
    owned.recv().unwrap();
    task.abort();
    let report = registry.close_by(ample());
    assert!(report.is_clean(), "{report}");
}

#[test]
fn a_runtime_that_goes_takes_the_sockets_of_its_tasks_with_it() {
    let registry = Registry::new();
    let lingers = stuck(&registry, "lingers", AN_HOUR);
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    let (owns, owned) = mpsc::channel();
    runtime.spawn(async move {
        let _lingers = lingers;
        owns.send(()).unwrap();
        pending::<()>().await;
    });
    owned.recv().unwrap();
    let began = Instant::now();
    drop(runtime);
    assert!(began.elapsed() < AT_ONCE);
    assert!(registry.snapshot().iter().all(|it| it.name() == "lingers"));
}
