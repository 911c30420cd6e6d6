//! The sockets of all links, and one look at them: read, let the machines think, say what they say.

use super::sockets::Sockets;
use super::state::Shared;
use linger_registry::zmq;
use std::time::{Duration, Instant};

/// How soon a timer that is past is looked at again while the DEALER takes nothing: what it would
/// say can't be said, but it may also be the one that ends a wait for a publisher that is gone.
const REFUSED: Duration = Duration::from_millis(100);

pub(super) struct Reader {
    pub(super) links: Vec<Sockets>,
    takes_data: Vec<bool>,
    /// The sockets were ended under whoever read them.
    pub(super) failed: Option<zmq::Error>,
}

/// What a look came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Looked {
    /// There may be more to read.
    pub(super) has_more: bool,
    /// Every membership has ended.
    pub(super) has_ended: bool,
    /// Nobody is to be waited for: the sockets are all that is left to look after.
    pub(super) is_ending: bool,
    /// There is something to tell.
    pub(super) has_events: bool,
    /// When to look again though nothing came.
    pub(super) wake_at: Option<Instant>,
}

impl Reader {
    pub(super) fn new(links: Vec<Sockets>) -> Self {
        Self {
            takes_data: vec![true; links.len()],
            links,
            failed: None,
        }
    }

    /// Looks once; never waits.
    pub(super) fn look(&mut self, shared: &Shared) -> zmq::Result<Looked> {
        shared.waker.take();
        let mut has_more = false;
        for link in &mut self.links {
            has_more |= link.read_control()?;
        }
        let mut state = shared.lock();
        // Under the lock: the machines' time never goes back.
        let now = Instant::now();
        let is_stopped = state.is_stopped();
        let (mut has_news, mut has_events) = (false, false);
        let (mut has_ended, mut is_ending) = (true, is_stopped);
        for (at, link) in self.links.iter_mut().enumerate() {
            let state = &mut state.links[at];
            let step = link.step(now, state, self.takes_data[at] && !is_stopped)?;
            has_events |= step.has_events;
            has_more |= step.has_more;
            has_ended &= state.ended.is_some();
            is_ending |= state.is_over();
        }
        has_news |= has_events;
        let mut wake_at = None;
        let mut handover = shared.handover.lock();
        for (at, link) in self.links.iter().enumerate() {
            let state = &mut state.links[at];
            has_news |= handover.fill(at, state);
            self.takes_data[at] = handover.takes_data(at) && !is_stopped;
            let due = state.machine.poll_timeout();
            let due = match link.is_refused() {
                true => due.map(|due| due.max(now + REFUSED)),
                false => due,
            };
            wake_at = wake_at.into_iter().chain(due).min();
        }
        handover.note(&state.links);
        drop(handover);
        match has_news {
            true => shared.announce(state),
            false => drop(state),
        }
        if has_events {
            let links = self.links.iter_mut().enumerate();
            let news = links.map(|(at, link)| (at, link.take_news()));
            shared.news.lock().extend(news);
        }
        Ok(Looked {
            has_more,
            has_ended,
            is_ending,
            has_events,
            wake_at,
        })
    }

    /// Sleeps until something comes, is asked for, or falls due.
    pub(super) fn sleep(&self, shared: &Shared, until: Option<Instant>) {
        // What was acknowledged since the look sets a timer first.
        if !shared.handover.sleeps(until) {
            return;
        }
        let mut items = Vec::with_capacity(2 * self.links.len() + 1);
        items.push(zmq::PollItem::from_fd(
            shared.waker.descriptor(),
            zmq::POLLIN,
        ));
        for (link, takes_data) in self.links.iter().zip(&self.takes_data) {
            let mut wanted = zmq::POLLIN;
            if link.is_refused() {
                wanted |= zmq::POLLOUT;
            }
            items.push(link.dealer.as_poll_item(wanted));
            if *takes_data {
                items.push(link.sub.as_poll_item(zmq::POLLIN));
            }
        }
        // Rounded up: to wake before the time is to wake in vain.
        let timeout = until.map_or(-1, |at| {
            let wait = at.saturating_duration_since(Instant::now());
            let wait = wait + Duration::from_micros(999);
            i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)
        });
        // An error, if it lasts, shows again at the next look.
        let _ = zmq::poll(&mut items, timeout);
        shared.handover.is_awake();
    }
}
