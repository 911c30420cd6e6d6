//! What a subscriber lost, and whether it was before or after the signal.

use super::RangeSet;

/// What one subscriber processed of what was accepted, and what it lost.
///
/// Lost after the signal is the tail: what was accepted after the last message that it processed.
/// Lost before it are the holes ahead of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Loss {
    pub(crate) processed: u64,
    pub(crate) before_signal: u64,
    pub(crate) after_signal: u64,
}

/// A subscriber processed what the publisher does not say it accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("message {index} was processed, but only {accepted} were accepted")]
pub(crate) struct NeverAccepted {
    index: u64,
    accepted: u64,
}

impl Loss {
    /// Compares what was processed with the accepted messages, 0 to `accepted` - 1.
    pub(crate) fn of(accepted: u64, processed: &RangeSet) -> Result<Self, NeverAccepted> {
        let reached = match processed.last() {
            Some(index) if index >= accepted => return Err(NeverAccepted { index, accepted }),
            Some(index) => index + 1,
            None => 0,
        };
        Ok(Self {
            processed: processed.len(),
            before_signal: reached - processed.len(),
            after_signal: accepted - reached,
        })
    }

    pub(crate) const fn lost(&self) -> u64 {
        self.before_signal + self.after_signal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss(accepted: u64, ranges: &[(u64, u64)]) -> (u64, u64, u64) {
        let mut processed = RangeSet::default();
        for (first, last) in ranges {
            processed.insert(*first, *last);
        }
        let loss = Loss::of(accepted, &processed).unwrap();
        assert_eq!(loss.processed + loss.lost(), accepted);
        (loss.processed, loss.before_signal, loss.after_signal)
    }

    #[test]
    fn holes_are_lost_before_and_the_tail_after() {
        assert_eq!(loss(100, &[(0, 99)]), (100, 0, 0));
        assert_eq!(loss(100, &[(0, 9), (20, 89)]), (80, 10, 10));
        assert_eq!(loss(100, &[(1, 99)]), (99, 1, 0));
        assert_eq!(loss(100, &[(0, 0)]), (1, 0, 99));
    }

    #[test]
    fn without_any_message_all_is_tail() {
        assert_eq!(loss(100, &[]), (0, 0, 100));
        assert_eq!(loss(0, &[]), (0, 0, 0));
    }

    #[test]
    fn what_was_never_accepted_is_no_account() {
        let mut processed = RangeSet::default();
        processed.insert(0, 10);
        let wrong = Loss::of(10, &processed).unwrap_err();
        assert_eq!(
            wrong.to_string(),
            "message 10 was processed, but only 10 were accepted"
        );
    }
}
