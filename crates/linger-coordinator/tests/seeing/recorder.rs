//! A subscriber that remembers all that it is told, for all tests of the process.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Condvar, Mutex, MutexGuard, Once};
use std::time::Instant;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::LONG;

/// Fields by name, as text.
pub(crate) type Fields = BTreeMap<&'static str, String>;

#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) name: &'static str,
    pub(crate) level: Level,
    pub(crate) parent: Option<usize>,
    pub(crate) fields: Fields,
    handles: usize,
    /// When it was opened and when it was closed, in the order of all that was told.
    pub(crate) opened: usize,
    pub(crate) closed: Option<usize>,
}

#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) level: Level,
    pub(crate) span: Option<usize>,
    pub(crate) fields: Fields,
}

/// All that was told so far; a span is named by its place.
#[derive(Clone, Default, Debug)]
pub(crate) struct Told {
    pub(crate) spans: Vec<Span>,
    pub(crate) events: Vec<Said>,
    moment: usize,
}

static TOLD: Mutex<Told> = Mutex::new(Told {
    spans: Vec::new(),
    events: Vec::new(),
    moment: 0,
});
static CHANGED: Condvar = Condvar::new();

thread_local! {
    static ENTERED: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// Begins to record, once a process.
pub(crate) fn record() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(Recorder).unwrap());
}

/// All that was told by when `enough` says that it is enough.
pub(crate) fn told(enough: impl Fn(&Told) -> bool) -> Told {
    let since = Instant::now();
    let mut told = TOLD.lock().unwrap();
    while !enough(&told) {
        let left = LONG.saturating_sub(since.elapsed());
        assert!(!left.is_zero(), "not told: {told:#?}");
        told = CHANGED.wait_timeout(told, left).unwrap().0;
    }
    told.clone()
}

impl Told {
    /// The span of the shutdown with this reason, once it is closed.
    pub(crate) fn shutdown(&self, reason: &str) -> Option<usize> {
        let is_it = |span: &Span| span.name == "shutdown" && span.fields["reason"] == reason;
        self.spans
            .iter()
            .position(|span| is_it(span) && span.closed.is_some())
    }

    pub(crate) fn children(&self, parent: usize) -> Vec<usize> {
        let is_child = |&place: &usize| self.spans[place].parent == Some(parent);
        (0..self.spans.len()).filter(is_child).collect()
    }

    pub(crate) fn events_in(&self, span: usize) -> Vec<&Said> {
        let events = self.events.iter();
        events.filter(|event| event.span == Some(span)).collect()
    }
}

struct Recorder;

impl Recorder {
    /// Whoever waits is woken now, and sees what is told under the lock.
    fn told() -> MutexGuard<'static, Told> {
        let mut told = TOLD.lock().unwrap();
        told.moment += 1;
        CHANGED.notify_all();
        told
    }
}

fn place(id: &Id) -> usize {
    usize::try_from(id.into_u64()).unwrap() - 1
}

struct Texts<'a>(&'a mut Fields);

impl Visit for Texts<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("linger_coordinator")
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut fields = Fields::new();
        attributes.record(&mut Texts(&mut fields));
        let entered = ENTERED.with_borrow(|entered| entered.last().copied());
        let mut told = Self::told();
        let opened = told.moment;
        told.spans.push(Span {
            name: attributes.metadata().name(),
            level: *attributes.metadata().level(),
            parent: match attributes.parent() {
                Some(parent) => Some(place(parent)),
                None => entered.filter(|_| attributes.is_contextual()),
            },
            fields,
            handles: 1,
            opened,
            closed: None,
        });
        Id::from_u64(u64::try_from(told.spans.len()).unwrap())
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        values.record(&mut Texts(&mut Self::told().spans[place(id)].fields));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::new();
        event.record(&mut Texts(&mut fields));
        let span = ENTERED.with_borrow(|entered| entered.last().copied());
        Self::told().events.push(Said {
            level: *event.metadata().level(),
            span,
            fields,
        });
    }

    fn enter(&self, id: &Id) {
        ENTERED.with_borrow_mut(|entered| entered.push(place(id)));
    }

    fn exit(&self, _: &Id) {
        ENTERED.with_borrow_mut(|entered| entered.pop());
    }

    fn clone_span(&self, id: &Id) -> Id {
        Self::told().spans[place(id)].handles += 1;
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let mut told = Self::told();
        let moment = told.moment;
        let span = &mut told.spans[place(&id)];
        span.handles -= 1;
        if span.handles == 0 {
            span.closed = Some(moment);
        }
        span.handles == 0
    }
}
