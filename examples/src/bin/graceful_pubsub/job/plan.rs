//! What happens in a run, and when: the same for every way.

use std::time::Duration;

/// A subscriber of the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Subscriber {
    pub(crate) name: &'static str,
    /// What a message costs it.
    pub(crate) work: Duration,
    /// Whether it is connected through the relay that is cut.
    pub(crate) relayed: bool,
}

/// The slow one takes ten times as long: it falls behind by 10,000 messages a second.
pub(crate) const SUBSCRIBERS: [Subscriber; 3] = [
    Subscriber {
        name: "fast",
        work: Duration::from_micros(5),
        relayed: false,
    },
    Subscriber {
        name: "slow",
        work: Duration::from_micros(50),
        relayed: false,
    },
    Subscriber {
        name: "relayed",
        work: Duration::from_micros(5),
        relayed: true,
    },
];

/// When things happen, by how many of the input's lines were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marks {
    /// The relay cuts.
    pub(super) cut: u64,
    /// `--kill` kills.
    pub(super) kill: u64,
    /// The publisher gets SIGTERM.
    pub(super) signal: u64,
}

impl Marks {
    pub(super) const fn of(lines: u64) -> Self {
        // The cut comes early enough for the relayed one to be back when the signal comes.
        Self {
            cut: lines / 4,
            kill: lines / 8 * 3,
            signal: lines.div_ceil(2),
        }
    }
}

/// How long a child may take to be ready.
pub(super) const TO_BE_READY: Duration = Duration::from_secs(20);

/// How long there may be no news where some are due.
pub(super) const SILENCE: Duration = Duration::from_secs(30);

/// How long the publisher may take to stop until it is killed.
pub(super) const TO_STOP: Duration = Duration::from_secs(60);

/// How long a process that has said its last word may take to end.
pub(super) const TO_END: Duration = Duration::from_secs(10);

/// How often progress is shown.
pub(super) const PROGRESS: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cut_and_the_kill_come_before_the_signal() {
        for lines in [0, 1, 2, 3, 10, 100_000, u64::MAX] {
            let marks = Marks::of(lines);
            assert!(
                marks.cut <= marks.signal && marks.kill <= marks.signal,
                "{lines}: {marks:?}"
            );
            assert!(marks.signal <= lines && lines - marks.signal <= marks.signal);
        }
    }

    #[test]
    fn one_is_ten_times_slower_and_one_is_relayed() {
        let slow = SUBSCRIBERS
            .iter()
            .find(|subscriber| subscriber.name == "slow")
            .unwrap();
        let rest = SUBSCRIBERS
            .iter()
            .filter(|subscriber| subscriber.name != "slow");
        assert!(rest.into_iter().all(|other| other.work * 10 == slow.work));
        assert_eq!(
            SUBSCRIBERS
                .iter()
                .filter(|subscriber| subscriber.relayed)
                .count(),
            1
        );
    }
}
