//! The hard deadline, with the engine itself held up.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{Blocks, Closures, Driver, LONG, Part, SLACK, stopped_within};
use linger_coordinator::{Builder, Coordinator, Member, Outcome, Phase, Phases, Process, exit};

const BUDGET: Duration = Duration::from_millis(300);

/// A process that is not ended, but tells.
struct Told {
    text: Mutex<Option<String>>,
    exits: Mutex<Sender<(i32, Option<String>)>>,
    /// Stderr is a full pipe.
    blocked: Option<Mutex<Receiver<()>>>,
}

impl Told {
    fn new(blocked: Option<Receiver<()>>) -> (Arc<Self>, Receiver<(i32, Option<String>)>) {
        let (exits, told) = channel();
        let (text, exits) = (Mutex::new(None), Mutex::new(exits));
        (
            Arc::new(Self {
                text,
                exits,
                blocked: blocked.map(Mutex::new),
            }),
            told,
        )
    }
}

impl Process for Told {
    fn write(&self, text: &str) {
        if let Some(blocked) = &self.blocked {
            let _ = blocked.lock().unwrap().recv();
        }
        *self.text.lock().unwrap() = Some(text.to_owned());
    }

    fn exit(&self, status: i32) {
        let text = self.text.lock().unwrap().take();
        // The test may be over.
        let _ = self.exits.lock().unwrap().send((status, text));
    }
}

/// A waker that holds up whoever wakes it.
struct Trap(Mutex<Receiver<()>>);

impl Wake for Trap {
    fn wake(self: Arc<Self>) {
        let _ = self.0.lock().unwrap().recv();
    }
}

fn builder() -> Builder {
    Coordinator::builder()
        .phases(Phases::service())
        .budget(BUDGET)
}

/// Makes the engine hang in the first wake-up of `member`.
fn hold_up_the_engine(member: &Member, blocks: &Blocks) {
    let waker = Waker::from(Arc::new(Trap(Mutex::new(blocks.block()))));
    // Forgotten, or its drop would take the waker away again.
    let waits = Box::leak(Box::new(Box::pin(leaked(member))));
    assert!(
        waits
            .as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
    );
}

async fn leaked(member: &Member) {
    member.triggered().await;
}

/// Whoever ends a phase as its last member goes on, though a waker of the next phase blocks.
fn whoever_ends_last_goes_on(start: impl FnOnce(Builder) -> Coordinator) {
    let stop = start(builder().budget(LONG));
    let last = stop.register("last").phase(Phase::INTAKE).unwrap();
    let trap = stop.register("trap").phase(Phase::WORK).unwrap();
    let trap: &'static Member = Box::leak(Box::new(trap));
    let blocks = Blocks::default();
    hold_up_the_engine(trap, &blocks);
    stop.shutdown();
    last.wait();
    let (ended, seen) = channel();
    let ending = thread::spawn(move || {
        drop(last);
        ended.send(()).unwrap();
    });
    seen.recv_timeout(LONG).unwrap();
    ending.join().unwrap();
    drop(blocks);
}

#[test]
fn whoever_ends_last_goes_on_though_a_waker_of_the_next_phase_blocks() {
    whoever_ends_last_goes_on(|builder| builder.start().unwrap());
}

#[cfg(feature = "tokio")]
#[test]
fn whoever_ends_last_goes_on_though_a_waker_blocks_the_runtime() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    whoever_ends_last_goes_on(|builder| {
        let _entered = runtime.enter();
        builder.start().unwrap()
    });
}

/// A token may outlive its member, and so be all that there is to be told in a phase.
#[cfg(feature = "tokio")]
#[test]
fn whoever_ends_last_goes_on_though_a_waker_of_a_token_blocks() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    let stop = {
        let _entered = runtime.enter();
        builder().budget(LONG).start().unwrap()
    };
    let last = stop.register("last").phase(Phase::INTAKE).unwrap();
    let gone = stop.register("gone").phase(Phase::WORK).unwrap();
    let blocks = Blocks::default();
    let waker = Waker::from(Arc::new(Trap(Mutex::new(blocks.block()))));
    let mut waits = Box::pin(gone.token().cancelled_owned());
    let mut context = Context::from_waker(&waker);
    assert!(waits.as_mut().poll(&mut context).is_pending());
    drop(gone);
    stop.shutdown();
    last.wait();
    let (ended, seen) = channel();
    let ending = thread::spawn(move || {
        drop(last);
        ended.send(()).unwrap();
    });
    seen.recv_timeout(LONG).unwrap();
    ending.join().unwrap();
    drop(blocks);
    assert!(stop.wait_blocking().is_clean());
}

#[test]
fn with_the_engine_stuck_the_culprit_is_named_and_the_process_ended() {
    let (process, told) = Told::new(None);
    let stop = builder().owns_process().process(process).start().unwrap();
    let line = line!() + 1;
    let culprit = stop.register("culprit").phase(Phase::WORK).unwrap();
    culprit.note("3/7 acked");
    let trap = stop.register("trap").phase(Phase::INTAKE).unwrap();
    let blocks = Blocks::default();
    let trap: &'static Member = Box::leak(Box::new(trap));
    hold_up_the_engine(trap, &blocks);
    let since = Instant::now();
    stop.shutdown();
    let (code, text) = told.recv_timeout(LONG).unwrap();
    let took = since.elapsed();
    assert!(took >= BUDGET && took < BUDGET + SLACK, "{took:?}");
    assert_eq!(code, i32::from(exit::WATCHDOG));
    let text = text.unwrap();
    let expected = format!("work: 'culprit' ({}:{line}) \"3/7 acked\"", file!());
    assert!(text.contains(&expected), "{text}");
    assert!(text.contains("intake: 'trap' ("), "{text}");
    drop(culprit);
}

#[test]
fn without_owning_the_process_the_report_is_there_by_hard() {
    let stop = builder().start().unwrap();
    let later = stop.register("later").phase(Phase::WORK).unwrap();
    let trap = stop.register("trap").phase(Phase::INTAKE).unwrap();
    let trap: &'static Member = Box::leak(Box::new(trap));
    let blocks = Blocks::default();
    hold_up_the_engine(trap, &blocks);
    stop.blocking_hook("flush", Phase::TELEMETRY, |_| Ok(()))
        .unwrap();
    let since = Instant::now();
    stop.shutdown();
    let report = stopped_within(&stop, since, BUDGET);
    assert_eq!(
        *report.member("trap").unwrap().outcome(),
        Outcome::Abandoned
    );
    assert_eq!(
        *report.member("later").unwrap().outcome(),
        Outcome::Abandoned
    );
    assert_eq!(*report.member("flush").unwrap().outcome(), Outcome::Skipped);
    assert_eq!(report.exit_code(), exit::INCOMPLETE);
    // Who waits is let go all the same.
    assert!(later.wait_until(Instant::now() + LONG));
}

#[test]
fn stderr_that_blocks_holds_up_nothing() {
    let blocks = Blocks::default();
    let (process, told) = Told::new(Some(blocks.block()));
    let stop = builder().owns_process().process(process).start().unwrap();
    let trap: &'static Member =
        Box::leak(Box::new(stop.register("trap").phase(Phase::WORK).unwrap()));
    hold_up_the_engine(trap, &blocks);
    let since = Instant::now();
    stop.shutdown();
    let (code, text) = told.recv_timeout(LONG).unwrap();
    assert!(since.elapsed() < BUDGET + SLACK);
    assert_eq!((code, text), (i32::from(exit::WATCHDOG), None));
}

#[test]
fn a_process_that_does_not_leave_after_its_report_is_ended() {
    let (process, told) = Told::new(None);
    let stop = builder().owns_process().process(process).start().unwrap();
    let driver = Closures::default();
    driver
        .member(&stop, "hangs", Phase::WORK, Part::Hangs)
        .unwrap();
    let since = Instant::now();
    stop.shutdown();
    let report = stopped_within(&stop, since, BUDGET);
    assert_eq!(report.exit_code(), exit::INCOMPLETE);
    let (code, text) = told.recv_timeout(LONG).unwrap();
    assert_eq!(code, i32::from(exit::WATCHDOG));
    let text = text.unwrap();
    assert!(
        text.contains("hangs") && text.contains("abandoned"),
        "{text}"
    );
}

#[test]
fn after_a_clean_report_the_process_is_left_alone() {
    let (process, told) = Told::new(None);
    let stop = builder().owns_process().process(process).start().unwrap();
    Closures::default()
        .member(&stop, "a", Phase::WORK, Part::EndsWhenTriggered)
        .unwrap();
    stop.shutdown();
    assert!(stop.wait_blocking().is_clean());
    drop(stop);
    // The watchdog's thread ends, and with it the last who could tell.
    let end = told.recv_timeout(LONG);
    assert_eq!(end, Err(std::sync::mpsc::RecvTimeoutError::Disconnected));
}

#[test]
fn a_third_signal_exits_at_once_where_the_process_is_owned() {
    let (process, told) = Told::new(None);
    let stop = builder()
        .budget(LONG)
        .owns_process()
        .process(process)
        .start()
        .unwrap();
    let driver = Closures::default();
    driver
        .member(&stop, "hangs", Phase::WORK, Part::Hangs)
        .unwrap();
    for _ in 0..3 {
        stop.trigger(linger_coordinator::Reason::Signal(2));
    }
    let (code, _) = told.recv_timeout(Duration::from_secs(5)).unwrap();
    assert_eq!(code, 130);
}
