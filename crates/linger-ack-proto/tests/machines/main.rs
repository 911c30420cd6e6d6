//! Both machines, driven frame by frame: one program, so that it is built once.
//!
//! | begins with | what is tested |
//! |---|---|
//! | `pub_` | a publisher, by peers of [`peer`] that say what a test has them say |
//! | `sub_` | a subscriber, by frames made by [`hand`] |
//! | the others | a publisher and subscribers, in a [`world`] whose wires can be cut |

mod hand;
mod peer;
mod world;

mod close;
mod join;
mod leave;
mod life;
mod pace;
mod pub_authorize;
mod pub_durable;
mod pub_expected;
mod pub_limits;
mod pub_lists;
mod pub_pace;
mod pub_prefixes;
mod pub_progress;
mod pub_quorum;
mod pub_random;
mod pub_report;
mod pub_routes;
mod pub_topics;
mod pub_window;
mod repair;
#[cfg(feature = "serde")]
mod serde;
mod settings;
mod strangers;
mod sub_abandon;
mod sub_counts;
mod sub_end;
mod sub_input;
mod sub_lost;
mod sub_nack;
mod sub_owed;
mod sub_prefixes;
mod sub_standing;
mod sub_timers;
mod sub_with_publisher;
