//! Which names were ever members, as far as memory is set aside for it.

use std::collections::{BTreeSet, VecDeque};

/// How many names are remembered.
const REMEMBERED: usize = 16_384;

/// A set of names; the oldest one makes room for the newest.
#[derive(Debug, Default)]
pub(super) struct Names {
    set: BTreeSet<String>,
    order: VecDeque<String>,
    /// Not all that was noted is here.
    is_cut: bool,
}

impl Names {
    pub(super) fn note(&mut self, name: &str) {
        if !self.set.insert(name.to_owned()) {
            return;
        }
        self.order.push_back(name.to_owned());
        if self.order.len() > REMEMBERED {
            if let Some(oldest) = self.order.pop_front() {
                self.set.remove(&oldest);
                self.is_cut = true;
            }
        }
    }

    pub(super) fn holds(&self, name: &str) -> bool {
        self.set.contains(name)
    }

    /// Whether it was noted, or may have been.
    pub(super) fn may_hold(&self, name: &str) -> bool {
        self.is_cut || self.holds(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_forgotten_may_have_been_noted() {
        let mut names = Names::default();
        for number in 0..REMEMBERED {
            names.note(&number.to_string());
            names.note("0");
        }
        assert!(names.holds("0") && !names.may_hold("x"));
        names.note("one more");
        assert!(!names.holds("0") && names.may_hold("0") && names.holds("1"));
        assert_eq!(names.set.len(), names.order.len());
    }
}
