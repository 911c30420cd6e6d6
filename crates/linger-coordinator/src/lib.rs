//! A shutdown coordinator: phases with deadlines on one budget, tokens, escalation, watchdog, report.
//!
//! It makes a stop *bounded* (it ends by its deadline, whatever hangs) and *explained* (the report
//! names each task, closure, thread and hook, how it ended, how long it took, and the line that
//! made it). It knows nothing of messaging and serves async services and plain threads alike.
//!
//! ```text
//! T0         a signal, a failure, a call: the reason is fixed, hard = T0 + budget
//! phase 1    its members are triggered, its hooks run; it ends when the last is done, or at
//! phase 2      min(start + cap, hard - reserves of phases after it); unused time rolls on
//!   ...
//! T1         the report
//! hard       the watchdog, if T1 has not come
//! ```
//!
//! Phases are a list, or a graph: those that don't wait for one another overlap.
//!
//! # Escalation
//!
//! A phase whose time runs out is *forced*: its members are told (the last tenth of its time, at
//! most 200 ms, is for that), half-way to its end its tasks are aborted, and who is left then is
//! abandoned: closures and threads can't be ended from outside. Later phases run as planned. A
//! second signal forces what runs at once and leaves later phases their reserves alone.
//! A third ends the process where it [is owned](Builder::owns_process).
//!
//! # Map
//!
//! | to | use |
//! |---|---|
//! | set up | [`Coordinator::builder`], [`Builder`], [`Phases`], [`PhaseSpec`], [`Phase`], [`Plan`] |
//! | see how the budget is shared out | [`the_budget`] |
//! | take part | [`Coordinator::register`], [`Coordinator::spawn_blocking`], [`Member`] |
//! | take part for a while, one of many | [`Member::child`], [`Coordinator::register`] |
//! | stop a part of the service alone | [`Coordinator::part`] |
//! | take part as a task | `Coordinator::spawn` (feature `tokio`) |
//! | do something at the end | [`Coordinator::blocking_hook`]; `hook`, `hook_with` and `ShutdownHook` (feature `tokio`) |
//! | begin it | [`Builder::on_signals`], [`Builder::stop_after`], [`Coordinator::shutdown`], [`Coordinator::trigger`], [`Reason`] |
//! | begin it when a future ends | `Coordinator::trigger_on` (feature `tokio`) |
//! | go along with tokens and task trackers | `Coordinator::token`, `Member::token`, `Coordinator::track` (feature `tokio`) |
//! | compare with the platform's SIGKILL | [`Builder::platform_limit`], [`Plan::fits_platform`] |
//! | know how far it is | [`Coordinator::status`], [`Coordinator::changed`], [`Status`], [`Stage`] |
//! | come from another crate, stop a web server | the pages `coming_from` and `web_servers` (feature `tokio`) |
//! | know how it went | [`Coordinator::wait`], [`Coordinator::wait_blocking`], [`Report`], [`Outcome`], [`exit`] |
//!
//! # Logs and spans
//!
//! A shutdown is told through `tracing`, on a thread of its own: a subscriber that blocks holds up
//! nothing but that thread, and lines beyond the 64 that may wait are lost. Where no subscriber was
//! ever set before the shutdown began, nothing is told.
//!
//! | span | level | fields |
//! |---|---|---|
//! | `shutdown` | info | `reason`, `budget`; `took`, `exit_code` at its end |
//! | `phase`, in it | info | `phase`, `cap`; `took`, `forced` at its end |
//! | `member`, in its phase | warn if it was not done or was nearly late, else debug | `name`, `origin`, `outcome`, `took` |
//!
//! `shutdown` and `phase` last as long as what they stand for. Spans of members are made when their
//! phase has ended, one after the other: their times are fields, not lengths. Each that went wrong
//! has one, those that failed before the shutdown too; of the others 64 a phase. Each span has an
//! event in it; every 2 s an info event tells who is left and how much time.
//!
//! # Features
//!
//! - `tokio` (default): tasks, async hooks, tokens. Without it there is no runtime among the
//!   dependencies; [`Coordinator::wait`] and [`Member::triggered`] work on any.
//! - `serde`: reports can be saved and read.
//! - `systemd`: tells the service manager how a stop goes: `Builder::notify_systemd`.
//!
//! Linux is tested; macOS is meant to work. Windows is not supported.
#![forbid(unsafe_code)]

mod budget;
mod builder;
mod coordinator;
mod core;
mod ending;
mod engine;
pub mod exit;
mod finish;
mod graph;
#[cfg(feature = "tokio")]
mod hook;
mod inbox;
#[cfg(feature = "tokio")]
mod interop;
mod machine;
mod member;
#[cfg(all(test, loom))]
mod model;
mod moment;
mod name;
mod narrator;
mod origin;
mod outcome;
mod park;
mod part;
mod phase;
mod phases;
mod plan;
mod platform;
mod process;
mod reason;
mod report;
mod room;
mod seat;
mod signals;
mod stage;
mod status;
mod sync;
#[cfg(feature = "systemd")]
mod systemd;
#[cfg(feature = "tokio")]
mod tasks;
mod threads;
mod turn;
mod wakers;
mod watchdog;

#[cfg(feature = "tokio")]
pub use async_trait::async_trait;
#[cfg(feature = "tokio")]
pub use tokio_util;

pub use self::builder::{BuildError, Builder};
pub use self::coordinator::Coordinator;
pub use self::ending::{BoxError, Ending};
#[cfg(feature = "tokio")]
pub use self::hook::ShutdownHook;
pub use self::member::{Member, RegisterError, Registration};
pub use self::origin::Origin;
pub use self::outcome::Outcome;
pub use self::phase::Phase;
pub use self::phases::{PhaseSpec, Phases};
pub use self::plan::{Plan, PlannedPhase};
#[doc(hidden)]
pub use self::process::Process;
pub use self::reason::Reason;
pub use self::report::{MemberReport, PhaseReport, Report};
pub use self::stage::Stage;
pub use self::status::Status;

#[doc = include_str!("../BUDGET.md")]
pub mod the_budget {}

#[cfg(feature = "tokio")]
#[doc = include_str!("../COMING-FROM.md")]
pub mod coming_from {}

#[cfg(feature = "tokio")]
#[doc = include_str!("../WEB-SERVERS.md")]
pub mod web_servers {}

#[cfg(all(doctest, feature = "tokio"))]
#[doc = include_str!("../README.md")]
mod readme {}

#[cfg(all(doctest, feature = "systemd"))]
#[doc = include_str!("../SEEING.md")]
mod seeing {}
