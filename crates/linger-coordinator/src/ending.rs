//! What tasks, closures and hooks may return.

use std::any::Any;
use std::error::Error;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::outcome::Outcome;

/// Any error that can cross threads; what blocking closures and hooks return.
pub type BoxError = Box<dyn Error + Send + Sync + 'static>;

/// What a task or an async hook may return: nothing, or a `Result` whose error displays.
///
/// An `Err` makes its outcome [`Failed`](crate::Outcome::Failed) with the error's text (its
/// alternate form, `{:#}`, in which some error types print their causes).
pub trait Ending: sealed::Sealed {
    /// The error's text, if it ended with one.
    #[doc(hidden)]
    fn error(self) -> Option<String>;
}

mod sealed {
    #[expect(unnameable_types, reason = "sealed: only this crate implements it")]
    pub trait Sealed {}
    impl Sealed for () {}
    impl<T, E> Sealed for Result<T, E> {}
}

impl Ending for () {
    fn error(self) -> Option<String> {
        None
    }
}

impl<T, E: Display> Ending for Result<T, E> {
    fn error(self) -> Option<String> {
        self.err().map(|error| format!("{error:#}"))
    }
}

/// Runs `body`; a panic in it, or in printing its error, becomes an outcome.
pub(crate) fn outcome_of<T: Ending>(body: impl FnOnce() -> T) -> Outcome {
    match catch_unwind(AssertUnwindSafe(|| body().error())) {
        Ok(None) => Outcome::Done,
        Ok(Some(error)) => Outcome::Failed(error),
        Err(panic) => Outcome::Panicked(panic_text(panic)),
    }
}

pub(crate) fn panic_text(panic: Box<dyn Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => match panic.downcast_ref::<&'static str>() {
            Some(text) => (*text).to_owned(),
            None => "(not a text)".to_owned(),
        },
    }
}
