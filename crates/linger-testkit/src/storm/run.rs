//! Storms, one after the other.

use super::StormError;
use super::figures::Figures;
use super::judge::{Evidence, judge};
use super::leaks::Held;
use super::outside::{self, Last, Order, Streams};
use super::owner::own;
use super::plan::{Plan, Size};
use super::scene::{AMPLE, Scene};
use linger::linger_registry::{Outcome, Registry, RegistryState, Report};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long what was sent may be on its way to a receiver outside.
const ARRIVAL: Duration = Duration::from_secs(10);

/// Carries out one storm for each of these seeds, and tells of each that something is wrong with.
///
/// # Errors
///
/// If a storm does not come up: too few descriptors, a folder that can't be made.
pub fn run(
    seeds: impl IntoIterator<Item = u64>,
    size: Size,
    mut tell: impl FnMut(&str),
) -> Result<Figures, StormError> {
    let begun = Instant::now();
    let mut figures = Figures::default();
    for seed in seeds {
        let folder = Folder::new()?;
        let evidence = storm(seed, size, &folder.path)?;
        let verdict = judge(&evidence);
        for complaint in &verdict.complaints {
            tell(&format!("seed {seed}: {complaint}"));
        }
        figures.add(&evidence, verdict);
        figures.took = begun.elapsed();
        if figures.seeds % 20 == 0 {
            tell(&figures.line());
        }
    }
    Ok(figures)
}

/// A folder for the endpoints of ipc; it goes with all that is in it.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new() -> std::io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("linger-storm-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path)?;
        Ok(Self { path })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left of it harms nobody.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

fn storm(seed: u64, size: Size, folder: &Path) -> Result<Evidence, StormError> {
    let before = Held::now();
    let scene = Arc::new(Scene::new(Plan::new(seed, size), folder.to_owned())?);
    let order = Order::default();
    let (reader, streams) = {
        let (scene, order) = (Arc::clone(&scene), Arc::clone(&order));
        spawn("outside", move || outside::read(&scene, &order))?
    };
    let mut owners = Vec::new();
    for owner in 0..size.threads {
        let scene = Arc::clone(&scene);
        owners.push(spawn(&format!("owner-{owner}"), move || {
            own(&scene, owner)
        })?);
    }
    let came_up = load(&scene);
    let asked = Instant::now();
    let report = scene.registry.close_by(asked + scene.plan.budget);
    let returned = Instant::now();
    let limit = returned + AMPLE;
    let mut threads = Threads::default();
    let mut known = Vec::new();
    for (owner, word) in owners {
        known.extend(threads.join(owner, &word, limit).into_iter().flatten());
    }
    let mut evidence = Evidence {
        plan: scene.plan.clone(),
        asked,
        returned,
        known,
        reported: reported(&report),
        streams: Streams::new(),
        panicked: 0,
        lost: 0,
        is_closed: false,
        leaked: Held {
            descriptors: 0,
            threads: 0,
        },
    };
    *order.lock() = Some(last(&evidence));
    let streams = threads.join(reader, &streams, Instant::now() + ARRIVAL + AMPLE);
    // Why it can't go on says more than what came of that.
    came_up?;
    evidence.streams = streams.transpose()?.unwrap_or_default();
    evidence.is_closed = is_closed(&scene.registry);
    drop(scene);
    (evidence.panicked, evidence.lost) = (threads.panicked, threads.lost);
    if let Some(before) = before {
        evidence.leaked = before.beyond(Instant::now() + AMPLE);
    }
    Ok(evidence)
}

/// Lets it rage until the close is to begin.
fn load(scene: &Scene) -> Result<(), StormError> {
    let (plan, board) = (&scene.plan, &scene.board);
    board
        .wait_for_opened(plan.opened, scene.limit)
        .map_err(StormError::NotUp)?;
    let begun = Instant::now();
    if let Some(group) = plan.stopped_before {
        board
            .wait_until(begun + plan.load / 2)
            .map_err(StormError::NotUp)?;
        scene.registry.stop(group);
    }
    board
        .wait_until(begun + plan.load)
        .map_err(StormError::NotUp)
}

fn reported(report: &Report) -> Vec<(String, Outcome)> {
    let sockets = report.sockets().iter();
    sockets
        .map(|socket| (socket.name().to_owned(), socket.outcome().clone()))
        .collect()
}

/// What emptied has to come; of the rest, what comes.
fn last(evidence: &Evidence) -> Last {
    let emptied = evidence
        .judged()
        .filter(|(_, _, outcome)| matches!(outcome, Outcome::Emptied { .. }));
    Last {
        wanted: emptied.map(|(link, sent, _)| (link, sent)).collect(),
        until: Instant::now() + ARRIVAL,
    }
}

/// Waits until the context has ended; the last sockets may linger beyond the deadline.
fn is_closed(registry: &Registry) -> bool {
    let limit = Instant::now() + AMPLE;
    while registry.state() != RegistryState::Closed {
        if Instant::now() > limit {
            return false;
        }
        thread::park_timeout(Duration::from_millis(1));
    }
    true
}

type Spawned<T> = (JoinHandle<()>, Receiver<T>);

/// Runs it on a thread of its own, whose word can be waited for with a limit.
fn spawn<T: Send + 'static>(
    name: &str,
    run: impl FnOnce() -> T + Send + 'static,
) -> Result<Spawned<T>, StormError> {
    let (say, hear) = mpsc::sync_channel(1);
    let builder = thread::Builder::new().name(name.to_owned());
    let thread = builder.spawn(move || drop(say.send(run())))?;
    Ok((thread, hear))
}

/// How the threads ended.
#[derive(Default)]
struct Threads {
    panicked: usize,
    lost: usize,
}

impl Threads {
    fn join<T>(&mut self, thread: JoinHandle<()>, word: &Receiver<T>, by: Instant) -> Option<T> {
        let left = by.saturating_duration_since(Instant::now());
        match word.recv_timeout(left) {
            Ok(said) => {
                // It has said its last word, and so ends.
                self.panicked += usize::from(thread.join().is_err());
                Some(said)
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                self.panicked += 1;
                None
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {
                self.lost += 1;
                None
            }
        }
    }
}
