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
        Err(panic) => {
            let text = match panic.downcast_ref::<&'static str>() {
                Some(text) => (*text).to_owned(),
                None => "(not a text)".to_owned(),
            };
            discard(panic);
            text
        }
    }
}

/// Drops what a panic came with. That may panic in turn, with something that may do so too: it is
/// leaked.
fn discard(panic: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        std::mem::forget(again);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::panic_any;

    use super::*;

    #[test]
    fn a_panic_with_something_whose_drop_panics_is_a_panic_all_the_same() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic_any(Self);
            }
        }
        let outcome = outcome_of(|| {
            if true {
                panic_any(Bomb);
            }
        });
        assert_eq!(outcome, Outcome::Panicked("(not a text)".to_owned()));
    }

    #[test]
    fn the_text_of_a_panic_is_kept() {
        let text = |panic: fn()| outcome_of(panic);
        let panicked = |text: &str| Outcome::Panicked(text.to_owned());
        assert_eq!(text(|| panic!("out of luck")), panicked("out of luck"));
        assert_eq!(text(|| panic!("{} left", 3)), panicked("3 left"));
    }
}
