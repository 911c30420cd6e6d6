//! What only tasks have: tokens, aborts, a runtime that may be blocked.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::task::{Context, Wake, Waker};
use std::time::{Duration, Instant};

use crate::common::{Blocks, LONG, stopped_within};
use linger_coordinator::{Coordinator, Outcome, Phase, Phases, Reason, RegisterError};
use tokio::runtime::{Builder, Handle, Runtime};

fn runtime(workers: usize) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .unwrap()
}

fn started(budget: Duration) -> Coordinator {
    Coordinator::builder()
        .phases(Phases::service())
        .budget(budget)
        .start()
        .unwrap()
}

#[test]
fn with_both_workers_blocked_the_report_is_there_by_the_deadline() {
    let budget = Duration::from_millis(500);
    let runtime = runtime(2);
    let blocks = Blocks::default();
    let stop = started(budget);
    let (blocked, seen) = channel();
    for name in ["first", "second"] {
        let _runtime = runtime.enter();
        let (block, blocked) = (blocks.block(), blocked.clone());
        stop.spawn(name, Phase::WORK, move |member| async move {
            member.note("in a blocking call");
            blocked.send(()).unwrap();
            let _ = block.recv();
        })
        .unwrap();
    }
    for _ in 0..2 {
        seen.recv_timeout(LONG).unwrap();
    }
    let since = Instant::now();
    stop.trigger(Reason::Signal(15));
    let report = stopped_within(&stop, since, budget);
    for name in ["first", "second"] {
        let member = report.member(name).unwrap();
        assert_eq!(*member.outcome(), Outcome::Abandoned);
        assert_eq!(member.note(), Some("in a blocking call"));
        assert_eq!(member.origin().file(), file!());
    }
    drop(blocks);
}

#[test]
fn a_current_thread_runtime_that_is_blocked_holds_up_nobody() {
    let budget = Duration::from_millis(500);
    let blocks = Blocks::default();
    let block = blocks.block();
    let stop = started(budget);
    let other = stop.clone();
    let (blocked, seen) = channel();
    let thread = std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            other
                .spawn("blocks", Phase::WORK, move |_member| async move {
                    blocked.send(()).unwrap();
                    let _ = block.recv();
                })
                .unwrap();
            other.wait().await
        })
    });
    seen.recv_timeout(LONG).unwrap();
    let since = Instant::now();
    stop.shutdown();
    let report = stopped_within(&stop, since, budget);
    assert_eq!(
        *report.member("blocks").unwrap().outcome(),
        Outcome::Abandoned
    );
    drop(blocks);
    // Polled again, the runtime gets the same report.
    assert_eq!(thread.join().unwrap().to_string(), report.to_string());
}

#[tokio::test]
async fn cancelling_a_token_reaches_nobody_else() {
    let stop = started(LONG);
    let one = stop.register("one").phase(Phase::WORK).unwrap();
    let other = stop.register("other").phase(Phase::WORK).unwrap();
    let before = other.token();
    one.token().cancel();
    one.forced_token().cancel();
    assert!(one.token().is_cancelled());
    assert!(!before.is_cancelled() && !other.token().is_cancelled());
    assert!(!other.forced_token().is_cancelled() && !other.is_forced());
    assert!(!one.is_triggered(), "nothing begins");
    stop.shutdown();
    before.cancelled().await;
    assert!(!other.forced_token().is_cancelled());
    // A token taken after the phase began is cancelled too.
    let late = stop.register("late").phase(Phase::TELEMETRY).unwrap();
    drop((one, other));
    late.triggered().await;
    late.token().cancelled().await;
    drop(late);
    assert!(stop.wait().await.is_clean());
}

#[tokio::test]
async fn the_member_may_be_dropped_long_before_its_task_ends() {
    let stop = started(LONG);
    let (go, gone) = tokio::sync::oneshot::channel::<()>();
    stop.spawn("ignores it", Phase::INTAKE, |_member| async move {
        gone.await.unwrap();
    })
    .unwrap();
    let later = stop.register("later").phase(Phase::WORK).unwrap();
    stop.shutdown();
    assert!(!later.is_triggered());
    go.send(()).unwrap();
    later.triggered().await;
    drop(later);
    let report = stop.wait().await;
    assert_eq!(
        *report.member("ignores it").unwrap().outcome(),
        Outcome::Done
    );
}

#[test]
fn a_task_needs_a_runtime_and_finds_the_one_of_the_start() {
    let homeless = started(LONG);
    let refused = homeless.spawn("task", Phase::WORK, |_| async {});
    assert!(matches!(refused, Err(RegisterError::NoRuntime { name }) if name == "task"));
    assert!(homeless.hook("hook", Phase::WORK, || async {}).is_err());

    let runtime = runtime(1);
    let stop = runtime.block_on(async { started(LONG) });
    stop.spawn("task", Phase::WORK, |member| async move {
        member.triggered().await;
    })
    .unwrap();
    stop.hook("hook", Phase::WORK, || async { Err::<(), _>("no disk") })
        .unwrap();
    stop.shutdown();
    let report = stop.wait_blocking();
    assert_eq!(*report.member("task").unwrap().outcome(), Outcome::Done);
    assert_eq!(
        *report.member("hook").unwrap().outcome(),
        Outcome::Failed("no disk".into())
    );
}

#[test]
fn a_runtime_that_goes_away_takes_its_tasks_with_it() {
    let stop = started(LONG);
    let runtime = runtime(1);
    {
        let _runtime = runtime.enter();
        stop.spawn("task", Phase::WORK, |_| std::future::pending::<()>())
            .unwrap();
        stop.hook("hook", Phase::WORK, || async {}).unwrap();
    }
    let guard = stop.register("guard").phase(Phase::INTAKE).unwrap();
    stop.shutdown();
    guard.wait();
    drop(runtime);
    drop(guard);
    let report = stop.wait_blocking();
    assert_eq!(*report.member("task").unwrap().outcome(), Outcome::Aborted);
    assert_eq!(*report.member("hook").unwrap().outcome(), Outcome::Aborted);
}

#[test]
fn a_drop_that_panics_is_a_panic_of_its_member() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in a drop");
        }
    }
    let runtime = runtime(1);
    let stop = started(LONG);
    let _entered = runtime.enter();
    let bomb = Bomb;
    stop.spawn("bomb", Phase::WORK, |member| async move {
        let _bomb = bomb;
        member.triggered().await;
    })
    .unwrap();
    stop.shutdown();
    let report = stop.wait_blocking();
    assert_eq!(
        *report.member("bomb").unwrap().outcome(),
        Outcome::Panicked("in a drop".into())
    );
}

#[tokio::test]
async fn asked_for_inside_a_hook_it_has_no_second_meaning() {
    let stop = started(LONG);
    let other = stop.clone();
    stop.hook("asks", Phase::WORK, move || async move { other.shutdown() })
        .unwrap();
    stop.shutdown();
    let report = stop.wait().await;
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.later_reasons(), [Reason::Request]);
}

#[test]
fn a_member_that_outlives_its_task_ends_nobody_elses_place() {
    let stop = started(LONG);
    let runtime = runtime(1);
    let (kept, members) = channel();
    {
        let _runtime = runtime.enter();
        stop.spawn("a", Phase::WORK, move |member| {
            kept.send(member).unwrap();
            std::future::pending::<()>()
        })
        .unwrap();
    }
    let outlives = members.recv_timeout(LONG).unwrap();
    drop(runtime);
    // The name and the place in the listing are free, and given again.
    let next = stop.register("a").phase(Phase::WORK).unwrap();
    outlives.note("not mine any more");
    outlives.wait();
    drop(outlives);
    stop.shutdown();
    assert!(next.wait_until(Instant::now() + LONG));
    assert!(
        stop.report().is_none(),
        "the phase waits for the one that is left"
    );
    drop(next);
    let report = stop.wait_blocking();
    assert_eq!(report.members().count(), 1, "{report}");
    let next = report.member("a").unwrap();
    assert_eq!((next.outcome(), next.note()), (&Outcome::Done, None));
}

/// More than the engine wakes itself where there is a runtime.
const MANY: usize = 10_000;

#[derive(Debug, Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Many members of a coordinator that was started in `runtime`, each waiting outside of it, are all
/// woken by a shutdown, each once, though nobody polls anything before.
fn all_are_woken(runtime: &Handle, before_the_shutdown: impl FnOnce()) {
    let stop = {
        let _runtime = runtime.enter();
        started(LONG)
    };
    let members: Vec<_> = (0..MANY)
        .map(|_| stop.register("waits").phase(Phase::WORK).unwrap())
        .collect();
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    let mut waiting: Vec<_> = members.iter().map(|it| Box::pin(it.triggered())).collect();
    for future in &mut waiting {
        assert!(future.as_mut().poll(&mut context).is_pending());
    }
    let token = members[0].token();
    before_the_shutdown();
    stop.shutdown();
    let limit = Instant::now() + LONG;
    while woken.0.load(Ordering::SeqCst) < MANY || !token.is_cancelled() {
        assert!(Instant::now() < limit, "{woken:?} of {MANY}");
        std::thread::sleep(Duration::from_millis(1));
    }
    drop(waiting);
    drop(members);
    assert!(stop.wait_blocking().is_clean());
    assert_eq!(woken.0.load(Ordering::SeqCst), MANY);
}

#[test]
fn many_members_are_woken_by_their_runtime() {
    all_are_woken(runtime(2).handle(), || {});
}

#[test]
fn many_members_are_woken_while_their_runtime_is_blocked() {
    let runtime = runtime(1);
    let blocks = Blocks::default();
    let block = blocks.block();
    let (blocked, seen) = channel();
    runtime.spawn(async move {
        blocked.send(()).unwrap();
        let _ = block.recv();
    });
    seen.recv_timeout(LONG).unwrap();
    all_are_woken(runtime.handle(), || {});
    drop(blocks);
}

#[test]
fn many_members_are_woken_while_nobody_drives_their_runtime() {
    let runtime = Builder::new_current_thread().build().unwrap();
    all_are_woken(runtime.handle(), || {});
}

#[test]
fn many_members_are_woken_after_the_end_of_their_runtime() {
    let runtime = runtime(1);
    let handle = runtime.handle().clone();
    all_are_woken(&handle, || drop(runtime));
}
