//! The watch: the subscriber's own thread, which hears publishers whatever the application does.

use super::helm::Watch;
use super::herald::Herald;
use super::state::Shared;
use linger_registry::zmq;
use std::io;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::thread;

pub(super) struct WatchThread {
    shared: Arc<Shared>,
    watch: Watch,
    herald: Herald,
}

impl WatchThread {
    pub(super) fn spawn(shared: Arc<Shared>, herald: Herald) -> io::Result<()> {
        // A thread's name can't hold a NUL.
        let name = format!("linger-ack {}", shared.name).replace('\0', "?");
        let mut thread = Self {
            shared,
            watch: Watch::default(),
            herald,
        };
        thread::Builder::new()
            .name(name)
            .spawn(move || thread.run())?;
        Ok(())
    }

    fn run(&mut self) {
        // A panic, such as one of the application's log, ends it as a lost context does: whoever
        // waits for deliveries is told.
        let watched = panic::catch_unwind(AssertUnwindSafe(|| self.watch()));
        // Whoever leads now finds out that it is over.
        self.shared.wake();
        let links = mem::take(&mut self.shared.helm.take().links);
        let ends = self.shared.ends();
        let mut news = mem::take(&mut *self.shared.news.lock());
        for (at, (mut link, end)) in links.into_iter().zip(ends).enumerate() {
            news.push((at, link.take_news()));
            link.end(end);
        }
        self.shared.thread_ended();
        // Told last: nobody waits for this thread any more.
        match watched {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(subscriber = %self.shared.name, %error, "the sockets were ended before the subscriber was closed");
            }
            Err(_panic) => return, // the panic hook has told
        }
        self.tell(news);
    }

    /// Goes on until every membership has ended.
    fn watch(&mut self) -> zmq::Result<()> {
        let shared = Arc::clone(&self.shared);
        let helm = &shared.helm;
        loop {
            self.tell_news();
            let Some(mut reader) = helm.try_watch() else {
                self.watch.stand_by(helm);
                continue;
            };
            if let Some(error) = reader.failed.take() {
                return Err(error);
            }
            let looked = reader.look(&shared)?;
            if looked.has_ended {
                return Ok(());
            }
            if looked.has_more || looked.has_events {
                // What there is to tell is told without the sockets.
                shared.release(reader);
                continue;
            }
            if !looked.is_ending && self.watch.expects(helm) {
                shared.release(reader);
                self.watch.stand_by(helm);
                continue;
            }
            let is_wanted = self
                .watch
                .sleeps(helm, || reader.sleep(&shared, looked.wake_at));
            if is_wanted {
                shared.cease(reader);
                self.watch.stand_by(helm);
            }
        }
    }

    fn tell_news(&mut self) {
        let news = mem::take(&mut *self.shared.news.lock());
        self.tell(news);
    }

    fn tell(&mut self, news: Vec<(usize, Vec<linger_ack_proto::SubscriberEvent>)>) {
        for (at, events) in news {
            self.herald.tell(self.shared.data_endpoint(at), events);
        }
    }
}
