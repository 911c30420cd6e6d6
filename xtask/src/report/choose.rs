//! Which members of a long list are shown.

use std::collections::BTreeMap;
use std::time::Duration;

use linger_coordinator::MemberReport;

use super::kind::Kind;

/// A longer list is cut.
pub(super) const MOST: usize = 200;

/// The slowest of those that were done are shown then, this many.
const SLOWEST: usize = 20;

/// What is shown of a phase's members.
pub(super) struct Chosen<'a> {
    /// In the order of the report.
    pub(super) shown: Vec<&'a MemberReport>,
    pub(super) rest: Option<Rest>,
}

/// The members that are not shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rest {
    pub(super) count: usize,
    pub(super) kinds: BTreeMap<Kind, usize>,
    pub(super) longest: Duration,
}

/// All, or those that were not simply done, and the slowest of the others.
pub(super) fn choose(members: &[MemberReport]) -> Chosen<'_> {
    if members.len() <= MOST {
        return Chosen {
            shown: members.iter().collect(),
            rest: None,
        };
    }
    let mut order: Vec<usize> = (0..members.len()).collect();
    order.sort_by_key(|&index| {
        let member = &members[index];
        (rank(Kind::of(member)), std::cmp::Reverse(member.took()))
    });
    let special = order
        .iter()
        .take_while(|&&index| Kind::of(&members[index]) != Kind::Done);
    let count = special.count().min(MOST - SLOWEST) + SLOWEST;
    let rest = order.split_off(count);
    order.sort_unstable();
    Chosen {
        shown: order.into_iter().map(|index| &members[index]).collect(),
        rest: Rest::of(rest.into_iter().map(|index| &members[index])),
    }
}

/// Worst first: what was left undone, what went wrong, what was nearly late, what was done.
fn rank(kind: Kind) -> u8 {
    match kind {
        Kind::Abandoned | Kind::Aborted | Kind::Forced | Kind::Skipped => 0,
        Kind::Failed | Kind::Panicked | Kind::Other => 1,
        Kind::NearMiss => 2,
        Kind::Done => 3,
    }
}

impl Rest {
    fn of<'a>(members: impl Iterator<Item = &'a MemberReport>) -> Option<Self> {
        let mut rest = Self {
            count: 0,
            kinds: BTreeMap::new(),
            longest: Duration::ZERO,
        };
        for member in members {
            rest.count += 1;
            *rest.kinds.entry(Kind::of(member)).or_default() += 1;
            rest.longest = rest.longest.max(member.took());
        }
        (rest.count > 0).then_some(rest)
    }
}
