//! The drivers under one face: the same part played by a task, a closure, a plain thread.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use linger_coordinator::{Coordinator, Member, Outcome, Phase, RegisterError};

/// What "at once" and "by the deadline" may cost on a loaded machine.
pub(crate) const SLACK: Duration = Duration::from_millis(250);

/// No wait of a test is longer.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// What a member does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    EndsWhenTriggered,
    EndsWhenForced,
    Hangs,
    FailsWhenTriggered,
    PanicsWhenTriggered,
    FailsAtOnce,
    PanicsAtOnce,
}

pub(crate) trait Driver {
    fn member(
        &self,
        stop: &Coordinator,
        name: &'static str,
        phase: Phase,
        part: Part,
    ) -> Result<(), RegisterError>;

    fn hook(
        &self,
        stop: &Coordinator,
        name: &'static str,
        phase: Phase,
        part: Part,
    ) -> Result<(), RegisterError>;

    /// What becomes of one that hangs.
    fn hung(&self) -> Outcome;

    /// The text of a panic, where it is known.
    fn panic_text(&self) -> &'static str {
        "out of luck"
    }
}

/// Blocks threads that hang until the test is over.
#[derive(Default)]
pub(crate) struct Blocks(Mutex<Vec<Sender<()>>>);

impl Blocks {
    pub(crate) fn block(&self) -> Receiver<()> {
        let (sender, receiver) = channel();
        self.0.lock().unwrap().push(sender);
        receiver
    }
}

fn play(member: &Member, part: Part, block: &Receiver<()>) -> Result<(), &'static str> {
    match part {
        Part::EndsWhenTriggered => member.wait(),
        Part::EndsWhenForced => {
            while !member.is_forced() {
                thread::park_timeout(Duration::from_millis(1));
            }
        }
        Part::Hangs => {
            let _ = block.recv();
        }
        Part::FailsWhenTriggered => {
            member.wait();
            return Err("no disk");
        }
        Part::PanicsWhenTriggered => {
            member.wait();
            panic!("out of luck");
        }
        Part::FailsAtOnce => return Err("no disk"),
        Part::PanicsAtOnce => panic!("out of luck"),
    }
    Ok(())
}

/// Blocking closures, each on a thread of the coordinator.
#[derive(Default)]
pub(crate) struct Closures(Blocks);

impl Driver for Closures {
    fn member(
        &self,
        stop: &Coordinator,
        name: &'static str,
        phase: Phase,
        part: Part,
    ) -> Result<(), RegisterError> {
        let block = self.0.block();
        stop.spawn_blocking(name, phase, move |member| Ok(play(&member, part, &block)?))
    }

    fn hook(
        &self,
        stop: &Coordinator,
        name: &'static str,
        phase: Phase,
        part: Part,
    ) -> Result<(), RegisterError> {
        let block = self.0.block();
        stop.blocking_hook(name, phase, move |member| Ok(play(&member, part, &block)?))
    }

    fn hung(&self) -> Outcome {
        Outcome::Abandoned
    }
}

/// Guards on threads that the coordinator knows nothing of.
#[derive(Default)]
pub(crate) struct Guards(Blocks);

impl Driver for Guards {
    fn member(
        &self,
        stop: &Coordinator,
        name: &'static str,
        phase: Phase,
        part: Part,
    ) -> Result<(), RegisterError> {
        let block = self.0.block();
        let member = stop.register(name).critical().phase(phase)?;
        thread::spawn(move || {
            if let Err(error) = play(&member, part, &block) {
                member.fail(error);
            }
        });
        Ok(())
    }

    fn hook(
        &self,
        stop: &Coordinator,
        name: &'static str,
        phase: Phase,
        part: Part,
    ) -> Result<(), RegisterError> {
        let block = self.0.block();
        stop.blocking_hook(name, phase, move |member| Ok(play(&member, part, &block)?))
    }

    fn hung(&self) -> Outcome {
        Outcome::Abandoned
    }

    fn panic_text(&self) -> &'static str {
        "text unknown"
    }
}

#[cfg(feature = "tokio")]
pub(crate) use tasks::Tasks;

#[cfg(feature = "tokio")]
mod tasks {
    use std::future::pending;

    use linger_coordinator::{BoxError, ShutdownHook, async_trait};
    use tokio::runtime::{Builder, Runtime};

    use super::{Coordinator, Driver, Member, Outcome, Part, Phase, RegisterError};

    /// Tasks on a tokio runtime of two workers.
    pub(crate) struct Tasks(Runtime);

    impl Default for Tasks {
        fn default() -> Self {
            Self(
                Builder::new_multi_thread()
                    .worker_threads(2)
                    .enable_all()
                    .build()
                    .unwrap(),
            )
        }
    }

    async fn play(member: &Member, part: Part) -> Result<(), &'static str> {
        match part {
            Part::EndsWhenTriggered => member.triggered().await,
            Part::EndsWhenForced => member.forced_token().cancelled().await,
            Part::Hangs => pending().await,
            Part::FailsWhenTriggered => {
                member.token().cancelled().await;
                return Err("no disk");
            }
            Part::PanicsWhenTriggered => {
                member.triggered().await;
                panic!("out of luck");
            }
            Part::FailsAtOnce => return Err("no disk"),
            Part::PanicsAtOnce => panic!("out of luck"),
        }
        Ok(())
    }

    struct Hook(Part);

    #[async_trait]
    impl ShutdownHook for Hook {
        async fn run(&mut self, member: &Member) -> Result<(), BoxError> {
            Ok(play(member, self.0).await?)
        }
    }

    impl Driver for Tasks {
        fn member(
            &self,
            stop: &Coordinator,
            name: &'static str,
            phase: Phase,
            part: Part,
        ) -> Result<(), RegisterError> {
            let _runtime = self.0.enter();
            stop.spawn(name, phase, move |member| async move {
                play(&member, part).await
            })
        }

        fn hook(
            &self,
            stop: &Coordinator,
            name: &'static str,
            phase: Phase,
            part: Part,
        ) -> Result<(), RegisterError> {
            let _runtime = self.0.enter();
            stop.hook_with(name, phase, Hook(part))
        }

        fn hung(&self) -> Outcome {
            Outcome::Aborted
        }
    }
}

/// Waits for the report, from the moment of `since`, and no longer than `limit` and the slack.
pub(crate) fn stopped_within(
    stop: &Coordinator,
    since: Instant,
    limit: Duration,
) -> linger_coordinator::Report {
    let report = stop.wait_blocking();
    let took = since.elapsed();
    assert!(took < limit + SLACK, "took {took:?} of {limit:?}\n{report}");
    report
}
