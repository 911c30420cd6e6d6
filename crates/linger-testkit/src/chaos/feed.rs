//! What the publisher of a run says, as it comes.

use crate::child::Heard;
use parking_lot::{Condvar, Mutex};
use serde_json::Value;
use std::sync::Arc;
use std::time::Instant;

/// The news of all lives of a publisher.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    news: Mutex<News>,
    changed: Condvar,
}

/// What is known by now.
#[derive(Debug, Default, Clone)]
pub(crate) struct News {
    /// Of the present life: where it listens.
    pub(crate) bound: Option<(String, String)>,
    /// Of the present life: it streams, or has begun to.
    pub(crate) is_streaming: bool,
    /// Of the present life: its stop is over, and this is what it reports.
    pub(crate) stopped: Option<Value>,
    /// Of the present life: what went wrong.
    pub(crate) error: Option<String>,
    /// Of the present life: it says nothing more.
    pub(crate) has_ended: bool,
    /// Lives before this one.
    lives: u64,
    accepted: u64,
    before: u64,
}

impl News {
    /// How many messages were accepted, in all lives, as far as they said.
    pub(crate) const fn accepted(&self) -> u64 {
        self.before + self.accepted
    }
}

impl Feed {
    /// A new life begins; gives what listens to it.
    pub(crate) fn begin(self: &Arc<Self>) -> impl FnMut(Heard<'_>) + Send + 'static {
        let mut news = self.news.lock();
        *news = News {
            before: news.accepted(),
            lives: news.lives + 1,
            ..News::default()
        };
        let (feed, life) = (Arc::clone(self), news.lives);
        drop(news);
        move |heard| feed.hear(life, heard)
    }

    fn hear(&self, life: u64, heard: Heard<'_>) {
        let mut news = self.news.lock();
        if news.lives != life {
            // The last words of one that was killed.
            return;
        }
        match heard {
            Heard::End => news.has_ended = true,
            Heard::Line(line) => {
                let event: Value = serde_json::from_str(line).unwrap_or_default();
                let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
                match event["event"].as_str() {
                    Some("bound") => news.bound = Some((text("data"), text("control"))),
                    Some("streaming") => news.is_streaming = true,
                    Some("accepted") => news.accepted = event["count"].as_u64().unwrap_or(0),
                    Some("stopped") => news.stopped = Some(event["report"].clone()),
                    Some("error") => news.error = Some(text("text")),
                    _ => {}
                }
            }
        }
        drop(news);
        self.changed.notify_all();
    }

    /// What is known now.
    pub(crate) fn news(&self) -> News {
        self.news.lock().clone()
    }

    /// Waits until the news pass, or until `deadline`; whether they did.
    pub(crate) fn wait_until(
        &self,
        deadline: Instant,
        mut wanted: impl FnMut(&News) -> bool,
    ) -> bool {
        let mut news = self.news.lock();
        while !wanted(&news) {
            if self.changed.wait_until(&mut news, deadline).timed_out() {
                return wanted(&news);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lives_add_up_and_the_rest_is_of_the_present_one() {
        let feed = Arc::new(Feed::default());
        let mut first = feed.begin();
        first(Heard::Line(r#"{"event":"bound","data":"d","control":"c"}"#));
        first(Heard::Line(r#"{"event":"accepted","count":12}"#));
        first(Heard::Line("no JSON"));
        let soon = Instant::now();
        assert!(feed.wait_until(soon, |news| news.accepted() == 12));
        assert_eq!(feed.news().bound, Some(("d".into(), "c".into())));
        first(Heard::End);
        assert!(feed.news().has_ended);
        let mut second = feed.begin();
        assert!(feed.news().bound.is_none() && !feed.news().has_ended);
        second(Heard::Line(r#"{"event":"accepted","count":3}"#));
        assert!(!feed.wait_until(soon, |news| news.accepted() > 15));
        assert_eq!(feed.news().accepted(), 15);
        first(Heard::End);
        assert!(!feed.news().has_ended, "of a former life");
    }
}
