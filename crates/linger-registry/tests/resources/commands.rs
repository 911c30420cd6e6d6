//! What a command that is spawned gets to see.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use linger_registry::{Registry, zmq};

use crate::support::{ample, pair};

/// What the descriptors of a process are, the sockets told apart.
fn links(folder: &str) -> HashSet<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().flatten();
    entries
        .filter_map(|entry| fs::read_link(entry.path()).ok())
        .collect()
}

/// The same of a command that is spawned now.
fn inherited() -> Vec<String> {
    // One process, so that it lists its own.
    let list = Command::new("find")
        .args(["/proc/self/fd/", "-type", "l", "-printf", "%l\n"])
        .output()
        .unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    list.lines().map(str::to_owned).collect()
}

pub(crate) fn none_of_the_sockets_are_in_a_command_that_is_spawned() {
    let before = inherited().len();
    let registry = Registry::new();
    let (push, pull) = pair(&registry);
    let watched = registry.socket(zmq::PUB).observe().open().unwrap();
    watched.bind("tcp://127.0.0.1:*").unwrap();
    push.send_by("accepted, too", ample()).unwrap();
    pull.recv_by(ample()).unwrap();

    let ours = links("/proc/self/fd");
    let theirs = inherited();
    let sockets =
        |link: &&String| link.starts_with("socket:") && ours.contains(&PathBuf::from(link));
    assert_eq!(theirs.iter().filter(sockets).count(), 0, "{theirs:?}");
    // What libzmq's two threads wait with: of no use to anybody, but there.
    assert!(theirs.len() <= before + 2, "{theirs:?}");
    drop((push, pull, watched));
    assert!(registry.close_by(ample()).is_clean());
}
