//! What became of a prefix that was wished for.

use super::Subscriber;
use super::join::Stage;

/// How a prefix stands at the publisher, as far as a subscriber knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PrefixStanding {
    /// It is not subscribed to, and nothing of it is owed.
    Unsubscribed,
    /// It is wanted, and asked for as soon as this can be.
    Pending,
    /// The publisher owes what it matches.
    Subscribed,
    /// It was unsubscribed; what was published before the publisher heard of it may still come.
    Releasing,
    /// The publisher did not grant it. It was given up.
    Refused {
        /// Why, in words.
        why: &'static str,
    },
}

impl Subscriber {
    /// How a prefix stands now.
    ///
    /// What was subscribed is pending again once its session is lost. A refusal is told until the
    /// prefix is wished for anew, or unsubscribed.
    #[must_use]
    pub fn prefix(&self, prefix: &[u8]) -> PrefixStanding {
        let prefixes = &self.prefixes;
        if let Some(why) = prefixes.refusal(prefix) {
            return PrefixStanding::Refused { why };
        }
        let is_wanted = prefixes.is_wanted(prefix);
        match self.stage {
            Stage::Leaving | Stage::Ended => PrefixStanding::Unsubscribed,
            Stage::Member if is_wanted && prefixes.is_granted(prefix) => PrefixStanding::Subscribed,
            _ if is_wanted => PrefixStanding::Pending,
            _ if prefixes.is_on_socket(prefix) => PrefixStanding::Releasing,
            _ => PrefixStanding::Unsubscribed,
        }
    }
}
