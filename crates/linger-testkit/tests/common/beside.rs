//! A stream to an honest member, strangers beside it, and what must hold whatever they do.

use super::{Folder, Publisher, Stopped, Subscriber, event_where, must, said};
use std::time::Duration;

/// What the publisher retains at most: messages, and their bytes.
pub const WINDOW: u64 = 1_024;
const PAYLOAD: u64 = 512;
const WINDOW_BYTES: u64 = WINDOW * PAYLOAD;

/// Of the PUB socket (SPEC, Sockets), and how many frames a message is.
const HIGH_WATER_MARK: u64 = 2 * (WINDOW + 64);
const FRAMES: u64 = 2;

/// What libzmq keeps of each frame that waits, its content aside.
const SLOT: u64 = 64;

/// What a message needs that waits for a connection alone: contents and their headers.
const MESSAGE: u64 = PAYLOAD + 24 + FRAMES * 64;

/// Messages a second.
const RATE: u64 = 10_000;

/// How long a stop may take.
const BUDGET: Duration = Duration::from_secs(3);

/// What a publisher needs for itself, and its allocator wastes.
const ITSELF: u64 = 6 << 20;

/// By how much a publisher may grow beside so many connections to the data port that read too
/// slowly: its window, and for each of them a queue up to the high-water mark.
pub const fn bound(slow_readers: u64) -> u64 {
    ITSELF + WINDOW_BYTES + slow_readers * HIGH_WATER_MARK * (MESSAGE + FRAMES * SLOT)
}

/// A publisher that streams to the honest member `one`.
pub struct Beside {
    pub publisher: Publisher,
    honest: Subscriber,
    folder: Folder,
    /// Resident when both were there, in bytes.
    before: u64,
}

impl Beside {
    /// Some messages have been processed already.
    #[track_caller]
    pub fn a_stream() -> Self {
        Self::of(&[])
    }

    #[track_caller]
    pub fn of(more: &[&str]) -> Self {
        let beside = Self::quiet(more);
        beside.publisher.say(&format!("stream {RATE}"));
        beside.honest.wait_until_processed(1_000);
        beside
    }

    /// The stream has not begun.
    #[track_caller]
    pub fn quiet(more: &[&str]) -> Self {
        let folder = Folder::new();
        let mut settings = vec![
            format!("window={WINDOW}"),
            format!("window_bytes={WINDOW_BYTES}"),
            format!("digits={PAYLOAD}"),
        ];
        settings.extend(more.iter().map(|&setting| setting.to_owned()));
        let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
        let publisher = Publisher::start_with_budget(BUDGET, &settings);
        let honest = Subscriber::of(&folder, "one", &publisher, &[]);
        publisher.order("wait 1");
        let before = memory(&publisher, "VmRSS");
        Self {
            publisher,
            honest,
            folder,
            before,
        }
    }

    /// Waits until some more have gone by.
    #[track_caller]
    pub fn goes_on(&self) {
        let event = event_where(&self.publisher.child, |event| event["published"].is_u64());
        // Lines come once for a thousand, so one that is read may be old.
        let published = event["published"].as_u64().unwrap();
        self.honest.wait_until_processed(published + 2_000);
    }

    /// By how much the publisher has grown at most, in bytes.
    #[track_caller]
    pub fn growth(&self) -> u64 {
        memory(&self.publisher, "VmHWM").saturating_sub(self.before)
    }

    /// Stops it: by its deadline, without a panic; within this growth; the honest member has all.
    #[track_caller]
    pub fn stop(self, bound: u64) -> Stopped {
        let growth = self.growth();
        assert!(growth <= bound, "grew by {growth} bytes, beyond {bound}");
        let stopped = self.publisher.stop();
        let words = said(&self.publisher.child);
        assert!(!words.contains("panicked"), "{words}");
        assert_eq!(stopped.unacked("one"), 0, "{stopped}");
        self.honest.done();
        self.honest.has_exactly(stopped.accepted());
        drop(self.folder);
        stopped
    }

    /// As [`stop`](Self::stop); and drained, for nobody but the honest member was owed anything.
    #[track_caller]
    pub fn drains(self, bound: u64) -> Stopped {
        let stopped = self.stop(bound).drained();
        assert_eq!(stopped.members(), 1, "{stopped}");
        stopped
    }
}

#[track_caller]
fn memory(publisher: &Publisher, which: &str) -> u64 {
    let path = format!("/proc/{}/status", publisher.child.pid());
    let status = must(std::fs::read_to_string(path));
    let mut lines = status.lines();
    let line = lines.find_map(|line| line.strip_prefix(which)?.strip_prefix(':'));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    kilobytes.unwrap().parse::<u64>().unwrap() * 1_024
}
