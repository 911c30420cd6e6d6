//! A coordinator in trouble: real processes that own themselves, and a judge of how they ended.
//!
//! One *run* is one process with one coordinator, on tokio with several threads, on tokio with one,
//! or on plain threads. Somebody in it makes [`Trouble`], or the signals do: a member that hangs or
//! blocks its runtime, a drop that panics or never returns, a stderr that nobody reads. All of it is
//! planned from the run's seed, by the process and by the judge alike.
//!
//! The judge sends what begins the stop, be it a signal or a word, and takes the time before it
//! does; so what its own word needs to arrive counts against the process. Held against that:
//!
//! - the process ends by its deadline: trigger and budget. After a second signal sooner, after a
//!   third one at once. By how much it is late is its *overrun*, as the judge sees its end;
//! - whoever caused it is named with the file and line where it was registered: in the report, which
//!   the process prints, or where it can't, in the watchdog's list on stderr;
//! - the exit code is what [`exit`](linger::linger_coordinator::exit) documents.
//!
//! Odd seeds run with every core loaded, even ones with one core left free; they take turns.

mod error;
mod figures;
mod full;
mod judge;
mod kind;
mod load;
mod part;
mod plan;
mod run;
mod runs;

pub use error::TroubleError;
pub use figures::{Figures, Overruns, Row};
pub use judge::{Complaint, Wrong};
pub use kind::{Driver, Trouble};
pub use part::{Ends, Part};
pub use plan::{Alarm, Moment, Plan};
pub use runs::{Bars, Options, run};
