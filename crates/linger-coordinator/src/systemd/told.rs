//! What systemd knows, and what it is to be told yet.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use super::Message;
use super::progress::Progress;
use super::status;
use crate::phase::Phase;
use crate::room::{Left, Room, Wait};

/// After the hard end, time for the report to be logged and for the process to end.
const MARGIN: Duration = Duration::from_secs(2);

/// What was not told waits here; of each kind the last counts, so that nothing piles up.
#[derive(Default)]
pub(super) struct Told {
    hard: Option<Instant>,
    /// Of the phases that run.
    rooms: Vec<(Phase, Vec<Arc<Room>>)>,
    progress: Progress,
    ready: bool,
    stopping: bool,
    extend: bool,
    status: Option<String>,
}

impl Told {
    /// Takes in a message; what it returns is dropped once its telling was tried.
    pub(super) fn hear(&mut self, message: Message) -> Option<SyncSender<()>> {
        match message {
            // After the trigger it would be a lie.
            Message::Ready => self.ready = self.hard.is_none(),
            Message::Triggered { hard } => {
                self.hard = Some(hard);
                self.ready = false;
                self.stopping = true;
            }
            Message::Begun {
                phase,
                rooms,
                members,
            } => {
                self.begin(phase, members, left_in(&rooms));
                self.rooms.push((phase, rooms));
            }
            Message::Forced { phase } => {
                self.progress.force(phase);
                self.tell_status();
            }
            Message::Progress { phase } => {
                let rooms = self.rooms.iter().find(|(it, _)| *it == phase);
                if let Some(left) = rooms.map(|(_, rooms)| left_in(rooms)) {
                    self.advance(phase, left);
                }
            }
            Message::Ended { phase } => {
                self.rooms.retain(|(it, _)| *it != phase);
                self.end(phase);
            }
            Message::Stopped { clean, took, tried } => {
                self.extend = true;
                self.status = Some(status::stopped(clean, took));
                return Some(tried);
            }
        }
        None
    }

    fn begin(&mut self, phase: Phase, members: usize, left: Vec<Left>) {
        self.progress.begin(phase, members, left);
        self.tell_status();
    }

    fn advance(&mut self, phase: Phase, left: Vec<Left>) {
        self.extend |= self.progress.advance(phase, left);
        self.tell_status();
    }

    fn end(&mut self, phase: Phase) {
        self.extend |= self.progress.end(phase);
        self.tell_status();
    }

    fn tell_status(&mut self) {
        let hard = self.hard.unwrap_or_else(Instant::now);
        let time = hard.saturating_duration_since(Instant::now());
        self.status = Some(status::draining(self.progress.phases(), time));
    }

    pub(super) fn is_told(&self) -> bool {
        !self.ready && !self.stopping && !self.extend && self.status.is_none()
    }

    /// All that was not told, in one datagram.
    pub(super) fn datagram(&self, now: Instant) -> Option<String> {
        if self.is_told() {
            return None;
        }
        let mut text = String::new();
        if self.ready {
            text.push_str("READY=1\n");
        }
        if self.stopping {
            text.push_str("STOPPING=1\n");
        }
        if let Some(hard) = self.hard.filter(|_| self.extend) {
            let time = hard.saturating_duration_since(now) + MARGIN;
            // Writing to a string fails only where a `Display` does.
            let _ = writeln!(text, "EXTEND_TIMEOUT_USEC={}", time.as_micros());
        }
        if let Some(status) = &self.status {
            let _ = writeln!(text, "STATUS={status}");
        }
        Some(text)
    }

    pub(super) fn set_told(&mut self) {
        self.ready = false;
        self.stopping = false;
        self.extend = false;
        self.status = None;
    }
}

fn left_in(rooms: &[Arc<Room>]) -> Vec<Left> {
    rooms
        .iter()
        .flat_map(|room| room.left(Wait::ForAll).0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::Name;
    use crate::origin::Origin;

    fn left(members: &[(u64, Option<&str>)]) -> Vec<Left> {
        let member = |&(sequence, note): &(u64, Option<&str>)| Left {
            name: Name::Static("journal"),
            origin: Origin::of(std::panic::Location::caller()),
            sequence,
            note: note.map(Into::into),
        };
        members.iter().map(member).collect()
    }

    fn triggered() -> (Told, Instant) {
        let mut told = Told::default();
        let now = Instant::now();
        let hard = now + Duration::from_secs(10);
        told.hear(Message::Triggered { hard });
        (told, now)
    }

    /// What it tells, and whether it asks for more time.
    fn tells(told: &mut Told, now: Instant) -> (String, bool) {
        let text = told.datagram(now).unwrap_or_default();
        told.set_told();
        let extends = text.contains("EXTEND_TIMEOUT_USEC=12000000\n");
        assert_eq!(extends, text.contains("EXTEND"), "{text}");
        (text, extends)
    }

    #[test]
    fn it_asks_for_more_time_only_when_a_member_ends_or_says_something_new() {
        let (mut told, now) = triggered();
        told.begin(Phase::WORK, 2, left(&[(1, None), (2, Some("1 of 7"))]));
        let (text, extends) = tells(&mut told, now);
        assert!(
            text.starts_with("STOPPING=1\nSTATUS=Stopping: work, 2 left ("),
            "{text}"
        );
        assert!(!extends, "it has only begun");
        told.advance(Phase::WORK, left(&[(1, None), (2, Some("1 of 7"))]));
        assert!(!tells(&mut told, now).1, "nothing is new");
        told.advance(Phase::WORK, left(&[(1, None), (2, Some("2 of 7"))]));
        assert!(tells(&mut told, now).1, "a note");
        told.advance(Phase::WORK, left(&[(1, None)]));
        assert!(tells(&mut told, now).1, "an end");
        told.advance(Phase::WORK, left(&[(1, None)]));
        assert!(!tells(&mut told, now).1, "nothing is new");
        told.end(Phase::WORK);
        assert!(tells(&mut told, now).1, "the phase is done");
    }

    #[test]
    fn an_empty_phase_and_one_that_was_given_up_are_no_advance() {
        let (mut told, now) = triggered();
        told.begin(Phase::INTAKE, 0, Vec::new());
        told.end(Phase::INTAKE);
        told.begin(Phase::WORK, 1, left(&[(1, None)]));
        told.hear(Message::Forced { phase: Phase::WORK });
        assert!(
            tells(&mut told, now)
                .0
                .contains("work, 1 left, forced (journal)")
        );
        told.end(Phase::WORK);
        assert!(!tells(&mut told, now).1);
    }

    #[test]
    fn what_could_not_be_sent_is_kept_and_does_not_pile_up() {
        let (mut told, now) = triggered();
        for count in 0..1000 {
            told.begin(Phase::new("some"), 1, left(&[(count, None)]));
            told.end(Phase::new("some"));
        }
        let (text, extends) = tells(&mut told, now);
        assert!(extends && text.lines().count() == 3, "{text}");
        assert!(told.is_told() && told.datagram(now).is_none());
    }

    #[test]
    fn ready_is_told_before_the_trigger_and_never_after() {
        let mut told = Told::default();
        told.hear(Message::Ready);
        assert_eq!(told.datagram(Instant::now()).as_deref(), Some("READY=1\n"));
        let hard = Instant::now();
        told.hear(Message::Triggered { hard });
        assert_eq!(told.datagram(hard).as_deref(), Some("STOPPING=1\n"));
        told.hear(Message::Ready);
        assert_eq!(told.datagram(hard).as_deref(), Some("STOPPING=1\n"));
    }

    #[test]
    fn past_the_hard_end_only_the_margin_is_left() {
        let (mut told, now) = triggered();
        told.begin(Phase::WORK, 1, Vec::new());
        told.end(Phase::WORK);
        let text = told.datagram(now + Duration::from_secs(60)).unwrap();
        assert!(text.contains("EXTEND_TIMEOUT_USEC=2000000\n"), "{text}");
    }
}
