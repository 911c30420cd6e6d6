//! What a registry takes of the process's descriptors and threads, and gives back. Alone in its
//! process, and one after another: the harness has threads, too.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod commands;
mod cycles;
mod exhausted;
mod measured;
#[path = "../registry/support.rs"]
mod support;

use std::fs;

use support::eventually;

fn descriptors() -> usize {
    // The one that lists them is among them.
    fs::read_dir("/proc/self/fd").unwrap().count() - 1
}

/// How many threads this process has. (Reading `/proc/self/task` misses some while others end.)
fn threads() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let mut lines = status.lines();
    let count = lines.find_map(|line| line.strip_prefix("Threads:"));
    count.unwrap().trim().parse().unwrap()
}

#[test]
fn what_a_registry_takes_is_as_documented_and_is_given_back() {
    if exhausted::is_here() {
        return exhausted::run_out();
    }
    let steps = [
        measured::sockets_monitors_and_groups_take_no_more_than_is_documented,
        measured::an_end_that_is_watched_takes_four_more,
        measured::signals_come_to_no_thread_of_libzmq,
        commands::none_of_the_sockets_are_in_a_command_that_is_spawned,
        cycles::sockets_of_every_type_on_one_registry,
        cycles::registries_with_and_without_a_close,
        exhausted::a_socket_for_which_there_is_no_descriptor_is_a_typed_error,
    ];
    for (number, step) in steps.into_iter().enumerate() {
        let before = (descriptors(), threads());
        step();
        eventually(&format!("all is given back after step {number}"), || {
            (descriptors(), threads()) == before
        });
    }
}
