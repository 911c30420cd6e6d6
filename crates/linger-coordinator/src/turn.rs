//! One does it for all.

use crate::sync::{AtomicBool, Mutex, MutexGuard, Ordering};

/// Something that one thread at a time works on, for whatever others bring meanwhile.
///
/// Nobody waits for another: who finds it taken goes on, and who has it looks for news again after
/// letting it go.
#[derive(Debug)]
pub(crate) struct Turn<T> {
    /// Something was brought since somebody began to look.
    news: AtomicBool,
    it: Mutex<T>,
}

impl<T> Turn<T> {
    pub(crate) fn new(it: T) -> Self {
        Self {
            news: AtomicBool::new(false),
            it: Mutex::new(it),
        }
    }

    /// There is news, and somebody else sees to it.
    pub(crate) fn leave(&self) {
        self.news.swap(true, Ordering::AcqRel);
    }

    /// There is news: sees to it, if nobody else is at it.
    pub(crate) fn take(&self, mut work: impl FnMut(&mut T)) {
        self.leave();
        while self.has_news() {
            let Some(mut it) = self.it.try_lock() else {
                return;
            };
            self.news.swap(false, Ordering::AcqRel);
            work(&mut it);
        }
    }

    /// The same for whoever waits for the turn; there may be [news](Self::has_news) afterwards.
    pub(crate) fn wait(&self) -> MutexGuard<'_, T> {
        let it = self.it.lock();
        self.news.swap(false, Ordering::AcqRel);
        it
    }

    /// Whether there is anything to be seen to. Asked after a turn was let go, or before one is tried.
    pub(crate) fn has_news(&self) -> bool {
        // No plain load: either this comes after the swap of who brings it, and finds that, or that
        // comes after this, and who brings it finds the lock free.
        self.news.fetch_or(false, Ordering::AcqRel)
    }
}
