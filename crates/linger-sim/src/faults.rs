//! What can go wrong, and how often it did.

use std::fmt;

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident => $text:literal,)*) => {
        /// A kind of fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Fault {
            $($(#[$doc])* $name,)*
        }

        impl Fault {
            /// All kinds, in the order of their declaration.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// What it is, in words.
            #[must_use]
            pub const fn words(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

faults! {
    /// A data connection was cut; what was in flight is lost.
    CutData => "data connections cut",
    /// A control connection was cut; what was in flight is lost.
    CutControl => "control connections cut",
    /// Both connections of a subscriber were cut.
    CutBoth => "both connections cut",
    /// A connection was cut, and what was in flight came up later, behind its successor.
    CutLate => "connections cut whose frames came up late",
    /// One side believes that a connection lives.
    HalfOpen => "half-open connections",
    /// A new connection was refused, and tried again.
    Refused => "connections refused",
    /// Nothing goes one way for a while.
    PartitionOneWay => "partitions, one way",
    /// Nothing goes either way for a while.
    PartitionBothWays => "partitions, both ways",
    /// Everything takes longer for a while.
    Delay => "delays",
    /// A data connection stands still.
    Stall => "data connections stalled",
    /// Frames are lost at random for a while.
    Loss => "spells of lost frames",
    /// A frame was lost so.
    FrameLost => "frames lost",
    /// A message met a full pipe of PUB.
    HighWater => "messages dropped at PUB's high-water mark",
    /// A frame met a full or vanished pipe of ROUTER.
    RouterRefused => "frames refused by ROUTER",
    /// DEALER took nothing.
    DealerFull => "frames not taken by DEALER",
    /// A consumer takes its time.
    SlowConsumer => "slow consumers",
    /// A consumer takes nothing.
    StuckConsumer => "stuck consumers",
    /// A consumer takes, and acknowledges late and in no order.
    HoardingConsumer => "consumers that acknowledge late",
    /// A delivery was dropped without a word.
    DroppedDelivery => "deliveries dropped",
    /// A delivery was given back unacknowledged.
    GivenBack => "deliveries given back",
    /// It was given back too often.
    Abandoned => "messages abandoned for good",
    /// Whoever held a full window back was ended.
    Evicted => "evictions",
    /// A prefix was added.
    Subscribed => "prefixes added",
    /// A prefix was taken away.
    Unsubscribed => "prefixes taken away",
    /// A publisher's process died; another takes its place.
    PublisherRestarted => "publishers restarted",
    /// A subscriber's process died, for good.
    SubscriberKilled => "subscribers killed",
    /// A subscriber's process died, and another of its name took its place.
    SubscriberRestarted => "subscribers restarted",
    /// All connections of a process were lost, and its memory was not.
    Reconnected => "processes that lost all connections",
    /// A publisher's process stood still.
    PublisherSuspended => "publishers suspended",
    /// A subscriber's process stood still.
    SubscriberSuspended => "subscribers suspended",
    /// All processes stood still: the clock jumped.
    ClockJump => "clock jumps",
    /// A second process joined under a name that is taken.
    Duplicate => "duplicate names",
    /// A subscriber joined late.
    LateJoiner => "late joiners",
    /// A subscriber left.
    Leaver => "leavers",
    /// A close began in the middle of it all.
    EarlyClose => "closes amid faults",
    /// A message found the window full.
    WindowFull => "publishes at a full window",
    /// Random bytes came.
    Noise => "frames of random bytes",
    /// A frame came that was cut short, lengthened or changed.
    Mutated => "broken frames",
    /// A frame came again, on another connection.
    Replayed => "frames replayed",
    /// A frame came for another session or epoch.
    Foreign => "frames of others",
    /// Someone who has no business here said HELLO, or claimed marks.
    Stranger => "frames of strangers",
}

/// How often each kind of fault happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultCounts([u64; Fault::ALL.len()]);

impl Default for FaultCounts {
    fn default() -> Self {
        Self([0; Fault::ALL.len()])
    }
}

impl FaultCounts {
    pub(crate) fn count(&mut self, fault: Fault) {
        self.0[fault as usize] += 1;
    }

    /// Adds what was counted elsewhere.
    pub fn add(&mut self, other: &Self) {
        for (sum, count) in self.0.iter_mut().zip(other.0) {
            *sum += count;
        }
    }

    /// How often this kind happened.
    #[must_use]
    pub fn of(&self, fault: Fault) -> u64 {
        self.0[fault as usize]
    }
}

/// A line for each kind.
impl fmt::Display for FaultCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &fault in Fault::ALL {
            writeln!(f, "  {:>12} {}", self.of(fault), fault.words())?;
        }
        Ok(())
    }
}
