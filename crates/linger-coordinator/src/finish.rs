//! Where the report appears, and who waits for it.

use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};

use parking_lot::Mutex;

use crate::report::Report;
use crate::wakers::{Wakers, wake_all};

#[derive(Default)]
pub(crate) struct Finish {
    report: OnceLock<Report>,
    wakers: Mutex<Wakers>,
}

impl Finish {
    pub(crate) fn report(&self) -> Option<&Report> {
        self.report.get()
    }

    /// Publishes the report; the first counts.
    pub(crate) fn publish(&self, report: Report) {
        if self.report.set(report).is_err() {
            return;
        }
        let mut waiting = Vec::new();
        self.wakers.lock().take_into(&mut waiting);
        wake_all(&mut waiting);
    }

    pub(crate) fn wait(&self) -> Finished<'_> {
        Finished {
            finish: self,
            waiter: None,
        }
    }
}

pub(crate) struct Finished<'a> {
    finish: &'a Finish,
    waiter: Option<u64>,
}

impl Future for Finished<'_> {
    type Output = Report;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Report> {
        let finish = self.finish;
        if finish.report().is_none() {
            let waker = context.waker().clone();
            let mut wakers = finish.wakers.lock();
            // Still none under the lock: `publish` comes by later and takes the waker.
            if finish.report().is_none() {
                let (waiter, replaced) = wakers.store(self.waiter, waker);
                drop(wakers);
                drop(replaced);
                self.waiter = Some(waiter);
                return Poll::Pending;
            }
        }
        match finish.report() {
            Some(report) => Poll::Ready(report.clone()),
            None => Poll::Pending,
        }
    }
}

impl Drop for Finished<'_> {
    fn drop(&mut self) {
        if let Some(waiter) = self.waiter {
            let removed = self.finish.wakers.lock().remove(waiter);
            drop(removed);
        }
    }
}
