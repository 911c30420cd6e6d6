//! The messages of one topic that are kept, by sequence.

use bytes::Bytes;
use std::collections::VecDeque;

/// In ascending order of their sequences; there may be holes, where nobody was owed anything.
#[derive(Debug, Default)]
pub(super) struct Retained(VecDeque<(u64, Bytes)>);

impl Retained {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn first(&self) -> Option<u64> {
        self.0.front().map(|(sequence, _)| *sequence)
    }

    /// Keeps the topic's newest message.
    pub(super) fn push(&mut self, sequence: u64, payload: Bytes) {
        self.0.push_back((sequence, payload));
    }

    /// Lets go of the first one, if its sequence is at most `last`.
    pub(super) fn pop_to(&mut self, last: u64) -> Option<(u64, Bytes)> {
        match self.first()? <= last {
            true => self.0.pop_front(),
            false => None,
        }
    }

    /// Lets go of those that `keep` does not want; says which.
    pub(super) fn sift(&mut self, keep: impl Fn(u64) -> bool) -> Vec<(u64, Bytes)> {
        let (kept, let_go) = std::mem::take(&mut self.0)
            .into_iter()
            .partition::<Vec<_>, _>(|(sequence, _)| keep(*sequence));
        self.0 = kept.into();
        let_go
    }

    /// Those from `first` on, in order.
    pub(super) fn from(&self, first: u64) -> impl Iterator<Item = (u64, &Bytes)> {
        let (Ok(at) | Err(at)) = self.position(first);
        let rest = self.0.range(at..);
        rest.map(|(sequence, payload)| (*sequence, payload))
    }

    /// Whether every sequence of `first..next` is kept.
    pub(super) fn has_all(&self, first: u64, next: u64) -> bool {
        let kept = self.from(first).map(|(sequence, _)| sequence);
        kept.take_while(|&sequence| sequence < next).count() as u64 == next.saturating_sub(first)
    }

    fn position(&self, sequence: u64) -> Result<usize, usize> {
        // Without holes its place is known.
        let guess = self.first().and_then(|first| sequence.checked_sub(first));
        let guess = guess.and_then(|guess| usize::try_from(guess).ok());
        let at = guess.and_then(|guess| Some((guess, self.0.get(guess)?.0)));
        match at {
            Some((guess, found)) if found == sequence => Ok(guess),
            _ => self.0.binary_search_by_key(&sequence, |(found, _)| *found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_no_messages() {
        let mut kept = Retained::default();
        for sequence in [3, 4, 8, 9, 12] {
            kept.push(sequence, Bytes::from(sequence.to_string()));
        }
        for sequence in 0..15 {
            let expected = [3, 4, 8, 9, 12].contains(&sequence);
            assert_eq!(kept.position(sequence).is_ok(), expected, "{sequence}");
        }
        let from = |first| kept.from(first).map(|(n, _)| n).collect::<Vec<_>>();
        assert_eq!(from(5), [8, 9, 12]);
        assert_eq!(from(13), [0; 0]);
        assert!(kept.has_all(8, 10) && kept.has_all(5, 5));
        assert!(!kept.has_all(4, 9) && !kept.has_all(2, 4) && !kept.has_all(12, 14));
        let gone = kept.sift(|sequence| sequence != 8);
        assert_eq!(gone.len(), 1);
        assert_eq!(kept.pop_to(2), None);
        assert_eq!(kept.pop_to(3).map(|(n, _)| n), Some(3));
        assert_eq!(kept.first(), Some(4));
    }
}
