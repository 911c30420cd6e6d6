//! Registering, waiting, ending and listing, raced against each other and the engine by loom.
//!
//! The code under test is `room` as it is, with its shards, and `member` on top of it. loom runs
//! each model once for every order in which its threads can be scheduled, with at most
//! [`PREEMPTIONS`] switches that no thread asked for, or `LOOM_MAX_PREEMPTIONS`. What comes
//! in at the inbox is looked at when all threads are back.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use loom::sync::Notify;
use loom::thread;

use crate::budget::Window;
use crate::inbox::Inbox;
use crate::machine::Event;
use crate::member::{Member, RegisterError};
use crate::outcome::Outcome;
use crate::phase::Phase;
use crate::phases::Phases;
use crate::plan::Plan;
use crate::reason::Reason;
use crate::room::{Entry, Room, Wait};
use crate::seat::Seat;
use crate::turn::Turn;

const PREEMPTIONS: usize = 2;

fn model(body: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(PREEMPTIONS);
    builder.check(body);
}

/// A room, and what its inbox got.
struct Model {
    room: Arc<Room>,
    inbox: Arc<Inbox>,
}

/// What a driver does: the engine is one, the watchdog another.
#[derive(Clone)]
struct Driver {
    room: Arc<Room>,
    inbox: Arc<Inbox>,
}

impl Driver {
    /// How many hooks there were to run; each ends at once.
    fn begin(&self) -> usize {
        self.inbox.trigger(Reason::Request);
        let begun = self.room.begin(window());
        self.room.wake_all();
        let count = begun.jobs.len();
        for (key, job) in begun.jobs {
            job(Arc::new(Seat::new(Arc::clone(&self.room), key)));
        }
        count
    }
}

impl Model {
    fn new() -> Self {
        let budget = Duration::from_secs(3600);
        let plan = Plan::new(&Phases::new().then(Phase::WORK), budget).unwrap();
        let inbox = Arc::new(Inbox::new(budget));
        let room = Arc::new(Room::new(&plan.phases()[0], 0, Arc::clone(&inbox)));
        Self { room, inbox }
    }

    fn driver(&self) -> Driver {
        Driver {
            room: Arc::clone(&self.room),
            inbox: Arc::clone(&self.inbox),
        }
    }

    fn begin(&self) -> usize {
        self.driver().begin()
    }

    fn register(&self, name: &'static str) -> Result<Member, RegisterError> {
        register(&self.room, entry(name))
    }

    fn events(&self) -> impl Iterator<Item = Event> {
        std::iter::from_fn(|| self.inbox.next())
    }

    /// How many times it was said that the room is empty.
    fn emptied(&self) -> usize {
        let is_emptied = |event: &Event| matches!(event, Event::Emptied { .. });
        self.events().filter(is_emptied).count()
    }

    /// After all threads are back: the room is empty, this was said once, and these were in it.
    fn check(&self, expected: &[Outcome]) {
        assert!(self.room.is_empty());
        assert_eq!(self.room.open(), 0);
        assert_eq!(self.emptied(), 1);
        let ended = self.room.ended().0;
        let outcomes: Vec<_> = ended.into_iter().map(|member| member.outcome).collect();
        assert_eq!(outcomes, expected);
    }
}

fn entry(name: &'static str) -> Entry {
    Entry::new(Cow::Borrowed(name))
}

fn register(room: &Arc<Room>, entry: Entry) -> Result<Member, RegisterError> {
    let name = entry.name.clone();
    let key = room.register(entry)?;
    Ok(Member::new(Seat::new(Arc::clone(room), key), name))
}

/// Ample, so that nobody is late by the clock.
fn window() -> Window {
    let start = Instant::now();
    let end = start + Duration::from_secs(3600);
    Window {
        start,
        force: end,
        abort: end,
        end,
    }
}

struct Bell(Notify);

impl Bell {
    fn new() -> Arc<Self> {
        Arc::new(Self(Notify::new()))
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.notify();
    }
}

/// As a runtime does it: polls, and polls again when it was woken. A wake-up that is lost is a
/// deadlock, which loom finds.
fn wait(member: &Member) {
    let bell = Bell::new();
    let waker = Waker::from(Arc::clone(&bell));
    let mut future = pin!(member.triggered());
    while future
        .as_mut()
        .poll(&mut Context::from_waker(&waker))
        .is_pending()
    {
        bell.0.wait();
    }
}

#[test]
fn a_registration_that_races_with_the_begin_is_refused_or_woken_and_counted() {
    model(|| {
        let it = Model::new();
        let room = Arc::clone(&it.room);
        let registering = thread::spawn(move || {
            let Ok(member) = register(&room, entry("late")) else {
                return false;
            };
            wait(&member);
            assert!(member.is_triggered());
            assert!(!room.is_empty(), "it is counted until it ends");
            true
        });
        it.begin();
        assert!(it.register("too late").is_err());
        let registered = registering.join().unwrap();
        it.check(&[Outcome::Done][usize::from(!registered)..]);
    });
}

#[test]
fn whoever_was_let_in_is_waited_for() {
    model(|| {
        let it = Model::new();
        let room = Arc::clone(&it.room);
        let registering = thread::spawn(move || register(&room, entry("late")));
        it.begin();
        match registering.join().unwrap() {
            Ok(member) => {
                assert!(!it.room.is_empty());
                assert_eq!(it.emptied(), 0, "it is still there");
                assert_eq!(it.room.left(Wait::ForAll).0.len(), 1);
                drop(member);
                it.check(&[Outcome::Done]);
            }
            Err(_) => it.check(&[]),
        }
    });
}

#[test]
fn members_that_end_while_the_phase_begins_empty_it_once_and_never_too_early() {
    model(|| {
        let it = Model::new();
        let gone = Arc::new(AtomicUsize::new(0));
        let members = [it.register("a").unwrap(), it.register("b").unwrap()];
        let ending = members.map(|member| {
            let gone = Arc::clone(&gone);
            thread::spawn(move || {
                gone.fetch_add(1, Ordering::SeqCst);
                drop(member);
            })
        });
        it.begin();
        if it.room.is_empty() {
            assert_eq!(gone.load(Ordering::SeqCst), 2, "it was empty too early");
        }
        for ending in ending {
            ending.join().unwrap();
        }
        assert!(it.room.is_empty());
        assert_eq!(it.emptied(), 1);
        assert_eq!(it.room.open(), 0);
    });
}

#[test]
fn who_stays_in_one_shard_keeps_the_room_from_being_empty() {
    model(|| {
        let it = Model::new();
        let [going, staying] = [it.register("a").unwrap(), it.register("b").unwrap()];
        let ending = thread::spawn(move || drop(going));
        it.begin();
        ending.join().unwrap();
        assert!(!it.room.is_empty());
        assert_eq!(it.emptied(), 0);
        drop(staying);
        assert!(it.room.is_empty());
        assert_eq!(it.emptied(), 1);
    });
}

#[test]
fn whoever_waits_while_the_phase_begins_is_woken() {
    model(|| {
        let it = Model::new();
        let members = [it.register("a").unwrap(), it.register("b").unwrap()];
        let waiting = members.map(|member| thread::spawn(move || wait(&member)));
        it.begin();
        for waiting in waiting {
            waiting.join().unwrap();
        }
        it.check(&[Outcome::Done, Outcome::Done]);
    });
}

#[test]
fn a_future_that_is_polled_with_another_waker_wakes_that_one() {
    model(|| {
        let it = Model::new();
        let member = it.register("moved").unwrap();
        let waiting = thread::spawn(move || {
            let (first, second) = (Bell::new(), Bell::new());
            let mut future = pin!(member.triggered());
            let waker = Waker::from(first);
            let mut context = Context::from_waker(&waker);
            if future.as_mut().poll(&mut context).is_ready() {
                return;
            }
            // Its task has moved.
            let waker = Waker::from(Arc::clone(&second));
            while future
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
            {
                second.0.wait();
            }
        });
        it.begin();
        waiting.join().unwrap();
        it.check(&[Outcome::Done]);
    });
}

#[test]
fn a_future_that_goes_away_while_the_phase_begins_takes_no_other_waiter_with_it() {
    model(|| {
        let it = Model::new();
        let member = Arc::new(it.register("shared").unwrap());
        let other = Arc::clone(&member);
        let waiting = thread::spawn(move || wait(&other));
        let leaving = Arc::clone(&member);
        let leaving = thread::spawn(move || {
            let waker = Waker::from(Bell::new());
            let mut future = pin!(leaving.triggered());
            matches!(
                future.as_mut().poll(&mut Context::from_waker(&waker)),
                Poll::Ready(())
            )
        });
        it.begin();
        waiting.join().unwrap();
        leaving.join().unwrap();
        drop(member);
        it.check(&[Outcome::Done]);
    });
}

#[test]
fn two_drivers_that_begin_at_once_wake_everybody_and_run_each_hook_once() {
    model(|| {
        let it = Model::new();
        let runs = Arc::new(AtomicUsize::new(0));
        let mut hook = entry("hook");
        hook.job = Some(Box::new({
            let runs = Arc::clone(&runs);
            move |seat| {
                runs.fetch_add(1, Ordering::SeqCst);
                drop(seat);
            }
        }));
        it.room.register(hook).unwrap();
        let member = it.register("waits").unwrap();
        let waiting = thread::spawn(move || wait(&member));
        let watchdog = it.driver();
        let watchdog = thread::spawn(move || watchdog.begin());
        let begun = it.begin();
        assert_eq!(begun + watchdog.join().unwrap(), 1);
        waiting.join().unwrap();
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        it.check(&[Outcome::Done, Outcome::Done]);
    });
}

#[test]
fn of_two_who_settle_a_member_at_once_one_counts() {
    model(|| {
        let it = Model::new();
        let key = it.room.register(entry("shared")).unwrap();
        let seat = Arc::new(Seat::new(Arc::clone(&it.room), key));
        let failing = Arc::clone(&seat);
        let driver = it.driver();
        let beginning = thread::spawn(move || driver.begin());
        let failing = thread::spawn(move || failing.settle(Outcome::Failed("no".to_owned())));
        seat.settle(Outcome::Panicked("oh".to_owned()));
        drop(seat);
        failing.join().unwrap();
        beginning.join().unwrap();
        let (ended, omitted) = it.room.ended();
        // Before the trigger, only what went wrong is kept: both went wrong, and one counts.
        assert_eq!((ended.len(), omitted), (1, 0));
        it.check(&[ended[0].outcome.clone()]);
    });
}

#[test]
fn who_has_failed_already_ends_nobody_who_took_its_place() {
    model(|| {
        let it = Model::new();
        let key = it.room.register(entry("first")).unwrap();
        // The other shard's turn, so that the next meets the first.
        drop(it.register("between").unwrap());
        let seat = Seat::new(Arc::clone(&it.room), key);
        let failing = thread::spawn(move || {
            seat.settle(Outcome::Failed("no".to_owned()));
            // Its drop settles again.
        });
        let next = it.register("next").unwrap();
        failing.join().unwrap();
        assert_eq!(it.room.open(), 1);
        it.begin();
        assert_eq!(it.room.left(Wait::ForAll).0[0].name.to_string(), "next");
        drop(next);
        it.check(&[Outcome::Failed("no".to_owned()), Outcome::Done]);
    });
}

#[test]
fn a_member_that_ends_while_it_is_given_up_has_one_outcome() {
    model(|| {
        let it = Model::new();
        let member = it.register("late").unwrap();
        it.begin();
        let ending = thread::spawn(move || drop(member));
        let given_up = it.room.close(Instant::now(), Wait::ForAll).len();
        ending.join().unwrap();
        let outcomes = [Outcome::Abandoned, Outcome::Done];
        it.check(&outcomes[1 - given_up..][..1]);
        let marks = it.room.marks(Wait::ForAll);
        assert_eq!((marks.incomplete, marks.failed), (given_up == 1, false));
    });
}

#[test]
fn a_watchdog_that_gives_up_while_the_engine_begins_finds_the_room_empty_once() {
    model(|| {
        let it = Model::new();
        let member = it.register("hangs").unwrap();
        let driver = it.driver();
        let watchdog = thread::spawn(move || {
            // As it concludes: who is left is given up, and then told.
            driver.inbox.trigger(Reason::Request);
            let given_up = driver.room.close(Instant::now(), Wait::ForAll).len();
            driver.begin();
            given_up
        });
        it.begin();
        assert_eq!(watchdog.join().unwrap(), 1);
        wait(&member);
        drop(member);
        it.check(&[Outcome::Abandoned]);
    });
}

#[test]
fn a_list_that_is_made_meanwhile_has_a_member_whole_or_not_at_all() {
    model(|| {
        let it = Model::new();
        let member = it.register("busy").unwrap();
        it.begin();
        let working = thread::spawn(move || {
            member.note("half");
            member.note("all");
            drop(member);
        });
        let (left, whole) = it.room.left(Wait::ForAll);
        assert!(whole);
        let ended = it.room.ended().0;
        for member in &left {
            assert_eq!(member.name.to_string(), "busy");
            assert!([None, Some("half"), Some("all")].contains(&member.note.as_deref()));
        }
        if left.is_empty() {
            assert_eq!(ended.len(), 1, "who is not left has ended");
        }
        for member in &ended {
            assert_eq!(member.note.as_deref(), Some("all"), "the last note is kept");
        }
        working.join().unwrap();
        it.check(&[Outcome::Done]);
    });
}

#[test]
fn a_failure_that_races_with_the_trigger_is_kept_once_and_starts_it() {
    model(|| {
        let it = Model::new();
        let mut critical = entry("critical");
        critical.on_failure = true;
        critical.on_end = true;
        let member = register(&it.room, critical).unwrap();
        let failing = thread::spawn(move || member.fail("broken"));
        it.begin();
        failing.join().unwrap();
        let events: Vec<_> = it.events().collect();
        let tells_of_it = |event: &&Event| {
            matches!(
                event,
                Event::Trigger {
                    reason: Reason::MemberFailed { .. },
                    ..
                }
            )
        };
        assert_eq!(events.iter().filter(tells_of_it).count(), 1);
        let (ended, omitted) = it.room.ended();
        assert_eq!((ended.len(), omitted), (1, 0));
        assert_eq!(ended[0].outcome, Outcome::Failed("broken".to_owned()));
        assert!(it.room.is_empty());
    });
}

#[test]
fn who_wakes_others_before_the_phase_has_begun_leaves_nobody_out() {
    model(|| {
        let it = Model::new();
        let member = it.register("waits").unwrap();
        let room = Arc::clone(&it.room);
        let early = thread::spawn(move || {
            // One for each shard, and one for the tokens.
            for _ in 0..3 {
                room.wake_all();
            }
        });
        let driver = it.driver();
        let beginning = thread::spawn(move || driver.begin());
        wait(&member);
        drop(member);
        early.join().unwrap();
        beginning.join().unwrap();
        assert_eq!(it.room.woken(), None);
        it.check(&[Outcome::Done]);
    });
}

#[test]
fn what_is_brought_while_another_is_at_it_is_seen_to() {
    model(|| {
        let brought = Arc::new(AtomicUsize::new(0));
        let turn = Arc::new(Turn::new(0));
        let bring = || {
            let (brought, turn) = (Arc::clone(&brought), Arc::clone(&turn));
            thread::spawn(move || {
                brought.fetch_add(1, Ordering::SeqCst);
                turn.take(|seen| *seen = brought.load(Ordering::SeqCst));
            })
        };
        let others = [bring(), bring()];
        // As the engine's thread: it has the turn, and looks for news after letting it go.
        loop {
            let mut seen = turn.wait();
            *seen = brought.load(Ordering::SeqCst);
            drop(seen);
            if !turn.has_news() {
                break;
            }
        }
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(*turn.wait(), 2);
    });
}
