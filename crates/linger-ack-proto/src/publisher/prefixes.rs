//! Which topics a subscriber asks for, in a form that is quick to ask.

use bytes::Bytes;

/// A set of prefixes, sorted, of which none begins with another.
///
/// So at most one of them can match a topic: the last one that does not sort after it.
#[derive(Debug)]
pub(super) struct Prefixes(Vec<Bytes>);

impl Prefixes {
    pub(super) fn new(mut prefixes: Vec<Bytes>) -> Self {
        prefixes.sort_unstable();
        prefixes.dedup_by(|next, kept| next.starts_with(kept));
        prefixes.shrink_to_fit();
        Self(prefixes)
    }

    pub(super) fn matches(&self, topic: &[u8]) -> bool {
        let after = self.0.partition_point(|prefix| &prefix[..] <= topic);
        let before = after.checked_sub(1).and_then(|at| self.0.get(at));
        before.is_some_and(|prefix| topic.starts_with(prefix))
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
                    let prefixes = Prefixes::new(prefixes);
                    for topic in &words {
                        let expected = set.iter().any(|prefix| topic.starts_with(prefix));
                        assert_eq!(prefixes.matches(topic), expected, "{set:?} {topic:?}");
                    }
                }
            }
        }
        assert!(!Prefixes::new(Vec::new()).matches(b"a"));
    }
}
