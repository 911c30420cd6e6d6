//! **Closing twice, leaving twice, acknowledging twice: never a second meaning.**
//!
//! Judged by doing it, in the midst of everything: the second time nothing is said and nothing
//! changes.

use super::ensure;

/// Something was done twice; the second time it had so many effects.
pub(crate) fn nothing_new(what: &str, effects: usize) -> Result<(), String> {
    ensure(effects == 0, || {
        format!("{what}, and again, with {effects} effects")
    })
}
