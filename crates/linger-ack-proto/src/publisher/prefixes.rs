//! Which topics a subscriber asks for, in a form that is quick to ask.

use bytes::Bytes;
use std::collections::BTreeSet;

/// The prefixes that one member asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Prefixes {
    asked: BTreeSet<Bytes>,
    /// Those of them that begin with no other, sorted. So at most one of them can match a topic:
    /// the last one that does not sort after it.
    widest: Vec<Bytes>,
}

impl Prefixes {
    pub(super) fn new(prefixes: impl IntoIterator<Item = Bytes>) -> Self {
        let mut new = Self::default();
        new.add(prefixes);
        new
    }

    pub(super) fn len(&self) -> usize {
        self.asked.len()
    }

    pub(super) fn widest(&self) -> &[Bytes] {
        &self.widest
    }

    pub(super) fn add(&mut self, prefixes: impl IntoIterator<Item = Bytes>) {
        self.asked.extend(prefixes);
        self.sort();
    }

    pub(super) fn remove(&mut self, prefixes: &[Bytes]) {
        for prefix in prefixes {
            self.asked.remove(prefix);
        }
        self.sort();
    }

    pub(super) fn matches(&self, topic: &[u8]) -> bool {
        let after = self.widest.partition_point(|prefix| &prefix[..] <= topic);
        let before = after.checked_sub(1).and_then(|at| self.widest.get(at));
        before.is_some_and(|prefix| topic.starts_with(prefix))
    }

    fn sort(&mut self) {
        self.widest.clear();
        for prefix in &self.asked {
            let last = self.widest.last();
            if !last.is_some_and(|last| prefix.starts_with(last)) {
                self.widest.push(prefix.clone());
            }
        }
        self.widest.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_matches_as_trying_each_prefix_does() {
        // Every word of up to three letters, and every set of three of them.
        let letters = [b"a", b"b", b"\xFF"];
        let mut words = vec![Vec::new()];
        for at in 0..13 {
            for letter in letters {
                words.push([&words[at][..], letter].concat());
            }
        }
        assert_eq!(words.len(), 40);
        for first in &words {
            for second in &words {
                for third in words.iter().step_by(3) {
                    let set = [first, second, third];
                    let prefixes = set.map(|word| Bytes::copy_from_slice(word)).to_vec();
                    let mut without = Prefixes::new(prefixes.clone());
                    without.remove(&prefixes[..1]);
                    let prefixes = Prefixes::new(prefixes);
                    for topic in &words {
                        let expected = set.iter().any(|prefix| topic.starts_with(prefix));
                        assert_eq!(prefixes.matches(topic), expected, "{set:?} {topic:?}");
                        let mut rest = set.iter().filter(|prefix| **prefix != first);
                        let expected = rest.any(|prefix| topic.starts_with(prefix));
                        assert_eq!(without.matches(topic), expected, "{set:?} {topic:?}");
                    }
                }
            }
        }
        assert!(!Prefixes::default().matches(b"a"));
    }
}
