//! Who reads the sockets: an application's thread that waits for deliveries, or the subscriber's own.
//!
//! A message that an application's thread reads by itself need not be handed from one thread to
//! another: that is most of what it would cost, in time and in latency. So whoever calls for the
//! next delivery, and finds none ready, *leads*: it reads, speaks to the publishers, and sleeps in
//! the poll of the sockets. Others that call meanwhile follow, and one of them leads next.
//!
//! The subscriber's own thread, the *watch*, sees to it that publishers are heard and answered
//! whatever the application does. While threads of the application come and go it looks after the
//! sockets every [`TICK`]; while one of them sleeps in the poll, it sleeps too; and when none has
//! come for a while, or tasks wait instead of threads, it sleeps in the poll itself.

use super::reader::Reader;
use super::state::Shared;
use crate::wake::Waker;
use linger_registry::zmq;
use parking_lot::{Mutex, MutexGuard};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};
use std::time::Duration;

/// How often the watch looks while the application's threads come and go: by default as long as an
/// acknowledgement may wait for company.
pub(super) const TICK: Duration = Duration::from_millis(5);

/// After so many ticks in which no thread has led, none is expected any more.
const ABSENT: u32 = 20;

pub(super) struct Helm {
    reader: Mutex<Reader>,
    /// The sockets are not to be used any more, but to be closed by the watch.
    is_done: AtomicBool,
    /// The watch holds the reader, asleep in its poll.
    is_watched: AtomicBool,
    /// A thread of the application wants to lead.
    is_wanted: AtomicBool,
    /// How often one has ceased to lead.
    left: AtomicU64,
    /// The watch sleeps until it is woken, as somebody leads.
    is_deep: AtomicBool,
    /// How many threads wait while another reads.
    followers: AtomicUsize,
    /// Wakes the watch where it does not poll the sockets.
    watch: Waker,
    /// It is to look at once.
    is_urgent: AtomicBool,
}

impl Helm {
    pub(super) fn new(reader: Reader) -> io::Result<Self> {
        Ok(Self {
            reader: Mutex::new(reader),
            is_done: AtomicBool::new(false),
            is_watched: AtomicBool::new(false),
            is_wanted: AtomicBool::new(false),
            left: AtomicU64::new(0),
            is_deep: AtomicBool::new(false),
            followers: AtomicUsize::new(0),
            watch: Waker::new()?,
            is_urgent: AtomicBool::new(false),
        })
    }

    /// The reader, unless another thread has it or it is over.
    pub(super) fn try_lead(&self) -> Option<MutexGuard<'_, Reader>> {
        match self.is_done() {
            true => None,
            false => self.reader.try_lock(),
        }
    }

    /// Notes one that is about to wait for whoever reads. `None`: nobody does, it can lead itself.
    pub(super) fn follow(&self) -> Option<Follower<'_>> {
        // Before the look: whoever ceases to lead looks at it after it has let the reader go.
        self.followers.fetch_add(1, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        let follower = Follower(self);
        let is_free = !self.is_done() && !self.reader.is_locked();
        (!is_free).then_some(follower)
    }

    /// Has the watch cede the reader, if it is asleep with it. True: it is to be woken.
    pub(super) fn ask(&self) -> bool {
        let is_watched = self.is_watched.load(Ordering::SeqCst);
        if is_watched {
            self.is_wanted.store(true, Ordering::SeqCst);
        }
        is_watched
    }

    /// Has the watch look at once, where it is not asleep in the poll of the sockets.
    pub(super) fn wake_watch(&self) {
        self.is_urgent.store(true, Ordering::SeqCst);
        self.watch.wake();
    }

    /// The sockets are over: the watch closes them.
    pub(super) fn end(&self) {
        self.is_done.store(true, Ordering::SeqCst);
        self.wake_watch();
    }

    /// Whether the sockets are over.
    pub(super) fn is_done(&self) -> bool {
        self.is_done.load(Ordering::SeqCst)
    }

    /// The reader, for the watch, if nobody leads.
    pub(super) fn try_watch(&self) -> Option<MutexGuard<'_, Reader>> {
        self.reader.try_lock()
    }

    /// The reader, for the watch, which waits for it: to close the sockets.
    pub(super) fn take(&self) -> MutexGuard<'_, Reader> {
        self.is_done.store(true, Ordering::SeqCst);
        self.reader.lock()
    }
}

/// One that waits while another thread reads.
pub(super) struct Follower<'a>(&'a Helm);

impl Drop for Follower<'_> {
    fn drop(&mut self) {
        self.0.followers.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Shared {
    /// Ceases to lead: somebody who follows is to do so, and the watch to look after the sockets.
    pub(super) fn cease(&self, reader: MutexGuard<'_, Reader>) {
        let helm = &self.helm;
        helm.left.fetch_add(1, Ordering::SeqCst);
        // Either it sees that one has left, and does not sleep so, or this sees that it does.
        if helm.is_deep.load(Ordering::SeqCst) {
            helm.watch.wake();
        }
        self.release(reader);
    }

    /// Lets the reader go; whoever waits for it looks for itself.
    pub(super) fn release(&self, reader: MutexGuard<'_, Reader>) {
        drop(reader);
        // Between what was before and the look: else one that has just begun to follow, and still
        // saw the reader taken, might not be seen.
        fence(Ordering::SeqCst);
        if self.helm.followers.load(Ordering::SeqCst) > 0 {
            self.announce(self.lock());
        }
    }
}

/// What the watch knows of the application's threads.
#[derive(Default)]
pub(super) struct Watch {
    left: u64,
    /// For how many ticks nobody has led.
    absent: u32,
}

impl Watch {
    /// Whether threads of the application come for deliveries; asked once a tick.
    pub(super) fn expects(&mut self, helm: &Helm) -> bool {
        let left = helm.left.load(Ordering::SeqCst);
        match left == self.left {
            true => self.absent = self.absent.saturating_add(1),
            false => self.absent = 0,
        }
        self.left = left;
        left > 0 && self.absent < ABSENT
    }

    /// Somebody leads, or may come to do so: sleeps for a tick, and as long as one leads.
    pub(super) fn stand_by(&mut self, helm: &Helm) {
        let left = helm.left.load(Ordering::SeqCst);
        let has_led_throughout = helm.reader.is_locked() && left == self.left;
        self.left = left;
        if has_led_throughout {
            helm.is_deep.store(true, Ordering::SeqCst);
            if helm.left.load(Ordering::SeqCst) == left && helm.reader.is_locked() {
                helm.sleep_apart(None);
            }
            helm.is_deep.store(false, Ordering::SeqCst);
        }
        // One that has just left comes back soon, or it is gone: a look now would be in its way.
        if !helm.is_urgent.load(Ordering::SeqCst) {
            helm.sleep_apart(Some(TICK));
        }
        helm.is_urgent.store(false, Ordering::SeqCst);
    }

    /// Sleeps in the poll of the sockets. True: a thread of the application wants to lead.
    pub(super) fn sleeps(&mut self, helm: &Helm, sleep: impl FnOnce()) -> bool {
        helm.is_watched.store(true, Ordering::SeqCst);
        sleep();
        helm.is_watched.store(false, Ordering::SeqCst);
        let is_wanted = helm.is_wanted.swap(false, Ordering::SeqCst);
        if is_wanted {
            self.absent = 0;
            // It is about to come: as if it had led.
            helm.left.fetch_add(1, Ordering::SeqCst);
        }
        is_wanted
    }
}

impl Helm {
    /// Sleeps without the sockets, until it is woken.
    fn sleep_apart(&self, limit: Option<Duration>) {
        let limit = limit.map_or(-1, |limit| {
            i64::try_from(limit.as_millis()).unwrap_or(i64::MAX)
        });
        let watch = &self.watch;
        let mut items = [zmq::PollItem::from_fd(watch.descriptor(), zmq::POLLIN)];
        // Interrupted, it looks once more than it had to.
        let _ = zmq::poll(&mut items, limit);
        watch.take();
    }
}
