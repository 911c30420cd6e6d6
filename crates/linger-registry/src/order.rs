//! The order in which a close stops the groups.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use crate::plan::Plan;

/// What stops next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The group of that name.
    Group(Arc<str>),
    /// All groups that were not named.
    Rest,
}

/// How far a close is in stopping the groups.
#[derive(Debug)]
pub(crate) struct Course {
    /// The group that was stopped last, whose sockets are waited for.
    current: Option<Arc<str>>,
    /// Until when they are waited for.
    due: Instant,
    ahead: VecDeque<Step>,
}

impl Course {
    /// Nothing has stopped yet.
    pub(crate) fn new(named: &[Arc<str>], now: Instant) -> Self {
        let steps = named.iter().map(|name| Step::Group(Arc::clone(name)));
        Self {
            current: None,
            due: now,
            ahead: steps.chain([Step::Rest]).collect(),
        }
    }

    /// What stops now, if its turn has come; `gone` tells whether a group has no socket left.
    ///
    /// A step has an equal share of what is left until `plan.linger_until`: what one does not use,
    /// those after it have.
    pub(crate) fn next(
        &mut self,
        now: Instant,
        plan: &Plan,
        gone: impl FnOnce(&str) -> bool,
    ) -> Option<Step> {
        let steps = u32::try_from(self.ahead.len()).unwrap_or(u32::MAX);
        if steps == 0 {
            return None;
        }
        let over = self.due.min(plan.linger_until) <= now;
        if !over && !self.current.as_deref().is_none_or(gone) {
            return None;
        }
        let step = self.ahead.pop_front()?;
        self.due = now + plan.linger_left(now) / steps;
        self.current = match &step {
            Step::Group(name) => Some(Arc::clone(name)),
            Step::Rest => None,
        };
        Some(step)
    }

    /// When the next step is due, whoever still holds a socket; `None` when all have stopped.
    pub(crate) fn due(&self) -> Option<Instant> {
        (!self.ahead.is_empty()).then_some(self.due)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn course(now: Instant, names: &[&str]) -> (Course, Plan) {
        let names: Vec<Arc<str>> = names.iter().map(|name| (*name).into()).collect();
        let plan = Plan::new(now, now + Duration::from_millis(10_400));
        (Course::new(&names, now), plan)
    }

    #[test]
    fn without_an_order_all_stop_at_once() {
        let now = Instant::now();
        let (mut course, plan) = course(now, &[]);
        assert_eq!(course.next(now, &plan, |_| false), Some(Step::Rest));
        assert_eq!(course.next(now, &plan, |_| true), None);
        assert_eq!(course.due(), None);
    }

    #[test]
    fn the_next_group_waits_for_the_sockets_of_the_one_before() {
        let now = Instant::now();
        let (mut course, plan) = course(now, &["in", "out"]);
        assert_eq!(
            course.next(now, &plan, |_| false),
            Some(Step::Group("in".into()))
        );
        assert_eq!(course.next(now, &plan, |group| group != "in"), None);
        assert_eq!(
            course.next(now, &plan, |group| group == "in"),
            Some(Step::Group("out".into()))
        );
        assert_eq!(
            course.next(now, &plan, |group| group == "out"),
            Some(Step::Rest)
        );
    }

    #[test]
    fn a_group_that_holds_on_has_its_share_and_no_more() {
        let second = Duration::from_secs(1);
        let now = Instant::now();
        let (mut course, plan) = course(now, &["in", "out", "late", "last"]);
        course.next(now, &plan, |_| false);
        assert_eq!(course.due(), Some(now + 2 * second));
        assert_eq!(course.next(now + second, &plan, |_| false), None);
        let later = now + 2 * second;
        assert_eq!(
            course.next(later, &plan, |_| false),
            Some(Step::Group("out".into()))
        );
        assert_eq!(course.due(), Some(now + 4 * second));
        // One second used of two: the other is shared by the three that are left.
        course.next(now + 3 * second, &plan, |_| true);
        let share = Duration::from_secs(7) / 3;
        assert_eq!(course.due(), Some(now + 3 * second + share));
    }

    #[test]
    fn a_deadline_that_is_drawn_in_draws_the_steps_in() {
        let now = Instant::now();
        let (mut course, plan) = course(now, &["in", "out"]);
        course.next(now, &plan, |_| false);
        let soon = Plan::new(now, now);
        assert!(course.next(now, &soon, |_| false).is_some());
        assert!(course.next(now, &soon, |_| false).is_some());
        assert_eq!(course.due(), None);
    }
}
