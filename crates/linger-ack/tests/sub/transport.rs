//! The same tests over ipc and inproc; by themselves they run over tcp.

use crate::common::soon;
use crate::{batches, events, prefixes, redelivery, workers};
use linger_ack::linger_registry::Registry;
use std::cell::RefCell;
use std::path::PathBuf;

/// Where this thread's tests bind.
enum Transport {
    Ipc(PathBuf),
    Inproc,
}

struct Here {
    transport: Transport,
    /// Over inproc both sides are of one context.
    registry: Registry,
    publishers: u32,
}

thread_local! {
    static HERE: RefCell<Option<Here>> = const { RefCell::new(None) };
}

/// A publisher's name and endpoints.
pub(crate) fn place() -> (String, String, String) {
    HERE.with_borrow_mut(|here| {
        let Some(here) = here else {
            let any = "tcp://127.0.0.1:*".to_owned();
            return ("ticks".to_owned(), any.clone(), any);
        };
        here.publishers += 1;
        let number = here.publishers;
        let endpoint = |what: &str| match &here.transport {
            Transport::Ipc(folder) => format!("ipc://{}/{what}-{number}", folder.display()),
            Transport::Inproc => format!("inproc://{what}-{number}"),
        };
        (
            format!("ticks-{number}"),
            endpoint("data"),
            endpoint("control"),
        )
    })
}

pub(crate) fn registry() -> Option<Registry> {
    HERE.with_borrow(|here| here.as_ref().map(|here| here.registry.clone()))
}

fn all_over(transport: impl Fn() -> Transport) {
    let tests = [
        batches::a_batch_is_what_is_ready_and_its_ack_is_that_of_all,
        batches::payloads_of_every_size_arrive_as_they_were_sent,
        redelivery::what_is_abandoned_comes_again_before_anything_new_and_is_named_after_the_limit,
        redelivery::at_the_end_of_the_stream_a_wait_goes_on_for_what_others_hold,
        redelivery::at_the_level_received_it_comes_again_though_the_publisher_has_closed,
        redelivery::after_a_stop_what_was_taken_in_is_finished_by_whoever_waits_for_it,
        workers::a_pool_of_workers_processes_what_two_publishers_send_each_message_once,
        prefixes::what_was_published_before_an_unsubscribe_is_owed_and_nothing_after_its_release,
        prefixes::a_refused_prefix_is_named_at_once_with_the_reason_and_may_be_asked_for_again,
        prefixes::a_prefix_of_one_publisher_is_not_asked_of_the_others,
        prefixes::a_topic_is_granted_anew_only_once_all_of_it_is_acknowledged,
        events::a_life_is_told_from_its_joining_to_its_end,
        #[cfg(feature = "tokio")]
        crate::tasks::a_next_that_is_cancelled_loses_nothing,
    ];
    for test in tests {
        let registry = Registry::new();
        HERE.set(Some(Here {
            transport: transport(),
            registry: registry.clone(),
            publishers: 0,
        }));
        test();
        HERE.set(None);
        let report = registry.close_by(soon());
        assert!(report.is_clean(), "{report}");
    }
}

#[test]
fn over_inproc_it_is_as_over_tcp() {
    all_over(|| Transport::Inproc);
}

#[test]
fn over_ipc_it_is_as_over_tcp() {
    let folder = std::env::temp_dir().join(format!("linger-ack-ipc-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    all_over(|| Transport::Ipc(folder.clone()));
    std::fs::remove_dir_all(&folder).expect("the folder is there");
}
