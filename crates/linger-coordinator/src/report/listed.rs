//! The phases of a report, which are listed when somebody looks.
//!
//! A shutdown of a hundred thousand members should not wait for a list that nobody reads. Nothing
//! changes in a room once its phase has ended, so it can be read later as well.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use super::phase::PhaseReport;
use crate::machine::Course;
use crate::outcome::Marks;
use crate::phase::Phase;
use crate::room::{Room, Wait};

/// A phase that has begun.
pub(super) struct Begun {
    /// Its own, and those of parts.
    pub(super) rooms: Vec<Arc<Room>>,
    pub(super) after: Vec<Phase>,
    pub(super) course: Course,
}

#[derive(Default)]
pub(super) struct Listed {
    begun: Vec<Begun>,
    armed: Option<Instant>,
    list: OnceLock<Vec<PhaseReport>>,
}

impl Listed {
    pub(super) fn later(begun: Vec<Begun>, armed: Instant) -> Self {
        Self {
            begun,
            armed: Some(armed),
            list: OnceLock::new(),
        }
    }

    #[cfg(feature = "serde")]
    pub(super) fn now(list: Vec<PhaseReport>) -> Self {
        Self {
            list: list.into(),
            ..Self::default()
        }
    }

    pub(super) fn get(&self) -> &[PhaseReport] {
        self.list.get_or_init(|| {
            let armed = self.armed.unwrap_or_else(Instant::now);
            let report = |begun: &Begun| PhaseReport::new(begun, armed);
            self.begun.iter().map(report).collect()
        })
    }

    /// What outcomes there are among the members.
    pub(super) fn marks(&self, wait: Wait) -> Marks {
        let mut marks = Marks::default();
        let has_parts = self.begun.iter().any(|begun| begun.rooms.len() > 1);
        if !has_parts || wait == Wait::Shortly {
            let rooms = self.begun.iter().flat_map(|begun| &begun.rooms);
            rooms.for_each(|room| marks.add(room.marks(wait)));
        } else {
            // A part may have begun to stop, and failed, before the whole did.
            let members = self.get().iter().flat_map(PhaseReport::members);
            members.for_each(|member| marks.note(member.outcome()));
        }
        marks
    }
}
