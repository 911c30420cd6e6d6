//! Whether a stop advances.

use crate::phase::Phase;
use crate::room::Left;

/// A phase that runs, and who was left in it when that was last told.
struct Running {
    phase: Phase,
    /// How many members it began with.
    members: usize,
    forced: bool,
    left: Vec<Left>,
}

/// The phases that run.
#[derive(Default)]
pub(super) struct Progress {
    running: Vec<Running>,
}

impl Progress {
    pub(super) fn begin(&mut self, phase: Phase, members: usize, left: Vec<Left>) {
        self.running.push(Running {
            phase,
            members,
            forced: false,
            left,
        });
    }

    pub(super) fn force(&mut self, phase: Phase) {
        if let Some(running) = self.of(phase) {
            running.forced = true;
        }
    }

    /// Whether its members have ended by themselves: an empty phase is no advance, and neither is
    /// one that was given up.
    pub(super) fn end(&mut self, phase: Phase) -> bool {
        let Some(place) = self.running.iter().position(|it| it.phase == phase) else {
            return false;
        };
        let ended = self.running.remove(place);
        ended.members > 0 && !ended.forced
    }

    /// Takes in who is left; whether one has ended, or says something new, since the last time.
    pub(super) fn advance(&mut self, phase: Phase, left: Vec<Left>) -> bool {
        let Some(running) = self.of(phase) else {
            return false;
        };
        let before = std::mem::replace(&mut running.left, left);
        let stands = |member: &Left| (member.sequence, member.note.clone());
        !before
            .iter()
            .map(stands)
            .eq(running.left.iter().map(stands))
    }

    pub(super) fn phases(&self) -> impl Iterator<Item = (Phase, bool, &[Left])> {
        let phases = self.running.iter();
        phases.map(|it| (it.phase, it.forced, &*it.left))
    }

    fn of(&mut self, phase: Phase) -> Option<&mut Running> {
        self.running
            .iter_mut()
            .find(|running| running.phase == phase)
    }
}
