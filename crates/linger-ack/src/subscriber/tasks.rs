//! The tasks that wait for a subscriber, as threads wait on its condition.

use super::state::{Shared, State};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Whom to wake at the next change. A task has a place here from its first wait to its last.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    waiting: BTreeMap<u64, Waker>,
    last_place: u64,
}

/// A task's place, if it has one.
#[derive(Debug, Default)]
pub(super) struct Place(Option<u64>);

/// Wakers that are not needed any more. What a waker keeps alive may be anything, a delivery too:
/// let it go without the lock.
#[must_use = "to be dropped without the lock"]
pub(super) struct Spent {
    _waker: Option<Waker>,
}

impl Tasks {
    /// Has this task woken at the next change.
    pub(super) fn wait(&mut self, place: &mut Place, waker: &Waker) -> Spent {
        let place = *place.0.get_or_insert_with(|| {
            self.last_place += 1;
            self.last_place
        });
        match self.waiting.get(&place) {
            Some(known) if known.will_wake(waker) => Spent { _waker: None },
            _ => Spent {
                _waker: self.waiting.insert(place, waker.clone()),
            },
        }
    }

    fn leave(&mut self, place: &Place) -> Spent {
        let place = place.0;
        Spent {
            _waker: place.and_then(|place| self.waiting.remove(&place)),
        }
    }

    /// Whom to wake now, once the lock is free.
    pub(super) fn take(&mut self) -> BTreeMap<u64, Waker> {
        std::mem::take(&mut self.waiting)
    }
}

impl Place {
    /// Gives the place up, if there is one.
    pub(super) fn leave(&self, shared: &Shared) {
        if self.0.is_some() {
            let spent = shared.lock().tasks.leave(self);
            drop(spent);
        }
    }
}

impl Shared {
    /// The answer, if there is one; otherwise the task is woken when there may be.
    pub(super) fn poll_answer<T>(
        &self,
        cx: &Context<'_>,
        place: &mut Place,
        answer: impl FnOnce(&mut State) -> Option<T>,
    ) -> Poll<T> {
        let mut state = self.lock();
        if let Some(answer) = answer(&mut state) {
            return Poll::Ready(answer);
        }
        let spent = state.tasks.wait(place, cx.waker());
        drop(state);
        drop(spent);
        Poll::Pending
    }

    /// Waits until there is an answer. An answer that takes something is given at once: a wait
    /// that is dropped has taken nothing.
    pub(super) fn answered<T, F>(&self, answer: F) -> Answered<'_, F>
    where
        F: FnMut(&mut State) -> Option<T> + Unpin,
    {
        Answered {
            shared: self,
            answer,
            place: Place::default(),
        }
    }
}

/// The future of [`Shared::answered`].
pub(super) struct Answered<'a, F> {
    shared: &'a Shared,
    answer: F,
    place: Place,
}

impl<T, F: FnMut(&mut State) -> Option<T> + Unpin> Future for Answered<'_, F> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let this = &mut *self;
        this.shared
            .poll_answer(cx, &mut this.place, &mut this.answer)
    }
}

impl<F> Drop for Answered<'_, F> {
    fn drop(&mut self) {
        self.place.leave(self.shared);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn wake_all(tasks: &mut Tasks) {
        tasks.take().into_values().for_each(Waker::wake);
    }

    #[test]
    fn a_task_is_woken_once_for_each_wait() {
        let count = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&count));
        let (mut tasks, mut place) = (Tasks::default(), Place::default());
        drop(tasks.wait(&mut place, &waker));
        drop(tasks.wait(&mut place, &waker));
        assert_eq!(tasks.waiting.len(), 1);
        wake_all(&mut tasks);
        wake_all(&mut tasks);
        assert_eq!(count.0.load(Ordering::SeqCst), 1);
        drop(tasks.wait(&mut place, &waker));
        wake_all(&mut tasks);
        assert_eq!(count.0.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn a_wait_that_moved_to_another_task_wakes_that_one() {
        let (old, new) = (Arc::new(Count::default()), Arc::new(Count::default()));
        let (mut tasks, mut place) = (Tasks::default(), Place::default());
        drop(tasks.wait(&mut place, &Waker::from(Arc::clone(&old))));
        drop(tasks.wait(&mut place, &Waker::from(Arc::clone(&new))));
        wake_all(&mut tasks);
        let counts = [&old, &new].map(|count| count.0.load(Ordering::SeqCst));
        assert_eq!(counts, [0, 1]);
    }

    #[test]
    fn a_wait_that_was_given_up_keeps_nothing() {
        let count = Arc::new(Count::default());
        let (mut tasks, mut place) = (Tasks::default(), Place::default());
        drop(tasks.wait(&mut place, &Waker::from(Arc::clone(&count))));
        drop(tasks.leave(&place));
        assert_eq!(Arc::strong_count(&count), 1);
        assert!(tasks.waiting.is_empty());
    }
}
