//! Where the owners leave word for each other: endpoints, how far they are, what went wrong.

use parking_lot::{Condvar, Mutex};
use std::time::Instant;

/// One word for everybody; every wait on it ends by a deadline.
#[derive(Debug)]
pub(crate) struct Board {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    endpoints: Vec<Word>,
    opened: usize,
    /// How many there are to be, and since when they all are.
    sockets: usize,
    all_since: Option<Instant>,
    /// Owners and readers that can't go on, and why.
    trouble: Option<String>,
}

#[derive(Clone, Debug)]
enum Word {
    Unknown,
    Bound(String),
    /// It is not going to be bound.
    Never,
}

impl Board {
    pub(crate) fn new(links: usize, sockets: usize) -> Self {
        Self {
            state: Mutex::new(State {
                endpoints: vec![Word::Unknown; links],
                opened: 0,
                sockets,
                all_since: None,
                trouble: None,
            }),
            changed: Condvar::new(),
        }
    }

    /// Where that link is bound; `None` if it is not to be.
    pub(crate) fn post(&self, link: usize, endpoint: Option<String>) {
        self.state.lock().endpoints[link] = endpoint.map_or(Word::Never, Word::Bound);
        self.changed.notify_all();
    }

    /// Waits until it is known where that link is bound.
    pub(crate) fn endpoint(&self, link: usize, deadline: Instant) -> Option<String> {
        let mut state = self.state.lock();
        loop {
            match &state.endpoints[link] {
                Word::Bound(endpoint) => return Some(endpoint.clone()),
                Word::Never => return None,
                Word::Unknown if Instant::now() >= deadline => return None,
                Word::Unknown => self.changed.wait_until(&mut state, deadline),
            };
        }
    }

    pub(crate) fn opened(&self) {
        let mut state = self.state.lock();
        state.opened += 1;
        if state.opened == state.sockets {
            state.all_since = Some(Instant::now());
        }
        self.changed.notify_all();
    }

    /// Since when all sockets are open; `None` if they are not yet.
    pub(crate) fn all_since(&self) -> Option<Instant> {
        self.state.lock().all_since
    }

    pub(crate) fn trouble(&self, what: String) {
        self.state.lock().trouble.get_or_insert(what);
        self.changed.notify_all();
    }

    /// Waits until so many sockets are open; the error is what keeps them from it.
    pub(crate) fn wait_for_opened(&self, wanted: usize, deadline: Instant) -> Result<(), String> {
        let mut state = self.state.lock();
        while state.opened < wanted && state.trouble.is_none() && Instant::now() < deadline {
            self.changed.wait_until(&mut state, deadline);
        }
        match &state.trouble {
            Some(trouble) => Err(trouble.clone()),
            None if state.opened < wanted => Err(format!("{} of {wanted} open", state.opened)),
            None => Ok(()),
        }
    }

    /// Lets the storm go on until then, unless something is wrong.
    pub(crate) fn wait_until(&self, moment: Instant) -> Result<(), String> {
        let mut state = self.state.lock();
        while state.trouble.is_none() && Instant::now() < moment {
            self.changed.wait_until(&mut state, moment);
        }
        match &state.trouble {
            Some(trouble) => Err(trouble.clone()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn who_waits_for_an_endpoint_gets_it_or_hears_that_there_is_none() {
        let board = Board::new(2, 0);
        let soon = Instant::now() + Duration::from_secs(10);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| (board.endpoint(0, soon), board.endpoint(1, soon)));
            board.post(1, None);
            board.post(0, Some("tcp://127.0.0.1:1".to_owned()));
            let (bound, never) = waiting.join().unwrap();
            assert_eq!(bound.as_deref(), Some("tcp://127.0.0.1:1"));
            assert_eq!(never, None);
        });
    }

    #[test]
    fn trouble_ends_every_wait_whatever_is_open() {
        let board = Board::new(0, 1);
        assert_eq!(board.all_since(), None);
        board.opened();
        assert!(board.all_since().is_some());
        board.trouble("no descriptors".to_owned());
        let late = Instant::now() + Duration::from_secs(60);
        assert_eq!(
            board.wait_for_opened(2, late),
            Err("no descriptors".to_owned())
        );
        assert_eq!(board.wait_until(late), Err("no descriptors".to_owned()));
    }
}
