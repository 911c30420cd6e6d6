//! Bugs that are planted to see whether the simulator catches them.
//!
//! Without `--cfg linger_planted` there are none: [`planted`] is `false`, and nothing of it is
//! left in the build.

macro_rules! bugs {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// A bug that can be planted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[cfg_attr(not(linger_planted), expect(unreachable_pub, reason = "public where planted"))]
        pub enum Bug {
            $($(#[$doc])* $name,)*
        }

        #[cfg(linger_planted)]
        impl Bug {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

bugs! {
    /// A delivery counts as processed when it is handed out.
    AckBeforeProcessing,
    /// A delivery that is given back for good counts as processed.
    DroppedCountsAsProcessed,
    /// A delivery that is handed out again counts as processed.
    RedeliveryCountsAsAck,
    /// An acknowledgement of a former session counts in this one.
    AckAcrossSessions,
    /// The received mark is one too high.
    MarkOffByOne,
    /// A mark that comes late takes a later one back.
    MarkTakenBack,
    /// BYE has no marks.
    ByeWithoutMarks,
    /// Data of another epoch is taken.
    NoEpochCheck,
    /// A message that came before is handed out again.
    DuplicateDelivered,
    /// While the reorder buffer is full, the next message is dropped too.
    ReorderDropsNext,
    /// What is gone is stepped over without a word.
    GoneSwallowed,
    /// QUERY is not answered.
    QueryIgnored,
    /// NACK is repeated when nothing is missing any more.
    NackWithoutEnd,
    /// The first part of WELCOME stands for all.
    WelcomeInPart,
    /// The end of stream is announced while something is missing.
    EndAnnouncedEarly,
    /// A WELCOME that is repeated names new bases.
    BaseRecomputed,
    /// A session may name the nonce of another.
    NonceShared,
    /// HELLO makes a member.
    JoinedNotNeeded,
    /// What is kept for a candidate may be let go.
    CandidateHoldForgotten,
    /// The window is trimmed by the fastest.
    TrimmedByFastest,
    /// Messages that nobody is owed are not counted.
    UnowedMiscounted,
    /// A mark that stands still is never told what was sent.
    NoSync,
    /// A close has no end of stream.
    NoEnd,
    /// END leaves out what was released.
    EndWithoutReleased,
    /// A quorum of some is judged by how many members there are.
    AtLeastByMembers,
    /// What is gone does not bar a quorum of all.
    GoneDoesNotBar,
    /// Who is silent is judged before what it said is read.
    ExpiryBeforeReading,
    /// A reconnect does not move the route.
    RouteNotMoved,
    /// A frame that comes late moves the route back.
    RouteMovedByOldSerial,
    /// Who is superseded is taken for one that left.
    SupersededUntold,
    /// GRANTED names a base that is one too high.
    GrantedBasePlusOne,
    /// RELEASED names the last instead of the next.
    ReleasedOneTooLow,
    /// What a durable name is owed stays with its old session.
    ClaimNotTakenOver,
    /// Who is evicted is not reported.
    EvictedNotNamed,
    /// What waits in a batch is not retained.
    BatchNotRetained,
    /// A batch lacks the last message that was added to it.
    BatchLastForgotten,
    /// What is said in-band overtakes what waits in a batch.
    BatchOvertaken,
    /// A batch names a first sequence that is one too high.
    BatchFirstOffByOne,
    /// A batch is taken in as if its first message were the next one.
    BatchOutOfPlace,
}

#[cfg(linger_planted)]
mod switch {
    use super::Bug;
    use std::cell::Cell;

    thread_local! {
        static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Plants a bug in all machines of this thread, or none.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.set(bug);
    }

    /// Whether this bug is planted.
    pub(crate) fn planted(bug: Bug) -> bool {
        PLANTED.get() == Some(bug)
    }
}

#[cfg(linger_planted)]
pub use switch::plant;
#[cfg(linger_planted)]
pub(crate) use switch::planted;

/// Whether this bug is planted: never, in this build.
#[cfg(not(linger_planted))]
pub(crate) const fn planted(_bug: Bug) -> bool {
    false
}
