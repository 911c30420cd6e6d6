//! What ends a wait besides what is waited for, and the one wait that most here are made of.

use std::os::fd::{AsRawFd, RawFd};
use std::time::{Duration, Instant};

use crate::group::Group;
use crate::socket::Socket;

/// How long to pause when libzmq says that there is room, and then refuses the message.
///
/// A mandatory `ROUTER` does so while one peer is full and another is not, and so does a `STREAM`:
/// their poll is about any peer. To poll again at once would be to spin.
pub(super) const REFUSED: Duration = Duration::from_millis(1);

/// The longest single poll. Longer waits are made of several: libzmq counts in narrower types.
const LONGEST: Duration = Duration::from_secs(3600);

/// What ends a wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Until {
    sees_stop: bool,
    deadline: Option<Instant>,
}

/// Why a wait ended without what was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    /// The group has stopped, or the context is being ended.
    Stopped,
    TimedOut,
    Failed(zmq::Error),
}

impl Until {
    /// The stop alone.
    pub(crate) const STOPPED: Self = Self {
        sees_stop: true,
        deadline: None,
    };

    /// The stop or the deadline, whichever comes first.
    pub(crate) fn stopped_or(deadline: Instant) -> Self {
        Self {
            sees_stop: true,
            deadline: Some(deadline),
        }
    }

    /// The deadline, stopped or not.
    pub(crate) fn past_stop(deadline: Instant) -> Self {
        Self {
            sees_stop: false,
            deadline: Some(deadline),
        }
    }

    pub(crate) fn is_stopped(self, group: &Group) -> bool {
        self.sees_stop && group.is_stopped()
    }

    pub(crate) fn sees_stop(self) -> bool {
        self.sees_stop
    }

    pub(crate) fn is_over(self, now: Instant) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }

    /// For `zmq::poll`, in milliseconds: rounded up, as to wake before the time is to wake twice.
    pub(crate) fn timeout_ms(self, now: Instant, at_most: Option<Duration>) -> i64 {
        let left = self
            .deadline
            .map(|deadline| deadline.saturating_duration_since(now));
        match left.into_iter().chain(at_most).min() {
            Some(left) => {
                i64::try_from(left.min(LONGEST).as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX)
            }
            None => -1,
        }
    }
}

impl From<zmq::Error> for Halt {
    fn from(error: zmq::Error) -> Self {
        match error {
            // The close's reserve, long after the stop; or whoever owns the context ends it.
            zmq::Error::ETERM => Self::Stopped,
            error => Self::Failed(error),
        }
    }
}

/// The descriptor that is readable once the group stops. It was made when a socket of the group
/// was opened, so for sockets this does not fail.
pub(super) fn stop_descriptor(group: &Group) -> zmq::Result<RawFd> {
    group
        .descriptor()
        .map(|descriptor| descriptor.as_raw_fd())
        .map_err(|_| zmq::Error::EMFILE)
}

/// Makes `attempt`, which must not wait, until it is not refused with `EAGAIN`; in between waits
/// for `events` on the socket.
pub(super) fn attempt<T>(
    socket: &Socket,
    events: zmq::PollEvents,
    until: Until,
    mut attempt: impl FnMut() -> zmq::Result<T>,
) -> Result<T, Halt> {
    let mut was_ready = false;
    loop {
        if until.is_stopped(socket.group()) {
            return Err(Halt::Stopped);
        }
        match attempt() {
            Ok(done) => return Ok(done),
            Err(zmq::Error::EAGAIN) => {}
            Err(zmq::Error::EINTR) => continue,
            Err(error) => return Err(error.into()),
        }
        if until.is_over(Instant::now()) {
            return Err(Halt::TimedOut);
        }
        was_ready = match was_ready {
            true => wait(socket, zmq::PollEvents::empty(), until, Some(REFUSED))?,
            false => wait(socket, events, until, None)?,
        };
    }
}

/// One poll: until the socket may be ready, the stop, the deadline, or `at_most` is over.
///
/// Whether the socket was said to be ready; signals and the stop are for the caller to look at.
fn wait(
    socket: &Socket,
    events: zmq::PollEvents,
    until: Until,
    at_most: Option<Duration>,
) -> Result<bool, Halt> {
    let stop = stop_descriptor(socket.group())?;
    let mut items = [
        socket.as_poll_item(events),
        zmq::PollItem::from_fd(stop, zmq::POLLIN),
    ];
    let watched = match until.sees_stop() {
        true => &mut items[..],
        false => &mut items[..1],
    };
    match zmq::poll(watched, until.timeout_ms(Instant::now(), at_most)) {
        Ok(_) => Ok(!items[0].get_revents().is_empty()),
        Err(zmq::Error::EINTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_rounded_up_and_never_negative() {
        let now = Instant::now();
        let until = Until::stopped_or(now + Duration::from_micros(1_001));
        assert_eq!(until.timeout_ms(now, None), 2);
        assert_eq!(until.timeout_ms(now + Duration::from_secs(1), None), 0);
        assert_eq!(until.timeout_ms(now, Some(REFUSED)), 1);
        assert_eq!(Until::STOPPED.timeout_ms(now, None), -1);
        assert_eq!(Until::STOPPED.timeout_ms(now, Some(REFUSED)), 1);
    }

    #[test]
    fn a_far_deadline_is_waited_for_in_parts() {
        let now = Instant::now();
        let until = Until::past_stop(now + Duration::from_secs(1 << 32));
        assert_eq!(until.timeout_ms(now, None), 3_600_000);
        assert!(!until.is_over(now));
    }
}
