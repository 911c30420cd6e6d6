//! What snapshot and report say.

use std::time::Duration;

use crate::support::{ample, stuck};
use linger_registry::{Linger, Registry, SocketState, zmq};

#[test]
fn a_snapshot_shows_who_is_there_and_where_from() {
    let registry = Registry::new();
    let line = line!() + 1;
    let feed = registry.socket(zmq::PULL).name("feed").group("intake");
    let feed = feed.open().unwrap();
    feed.bind("tcp://127.0.0.1:*").unwrap();
    drop(stuck(&registry, "leaving", Duration::from_secs(3600)));
    let sockets = registry.snapshot();
    assert_eq!(sockets.len(), 2);
    let shown = &sockets[0];
    assert_eq!(
        (shown.name(), shown.kind(), shown.group()),
        ("feed", zmq::PULL, "intake")
    );
    assert_eq!(
        (shown.opened_at().line(), shown.state()),
        (line, SocketState::Open)
    );
    assert_eq!(
        shown.linger(),
        Linger::Limit(linger_registry::DEFAULT_LINGER)
    );
    assert_eq!(shown.endpoints(), feed.endpoints());
    assert_eq!(
        (sockets[1].name(), sockets[1].state()),
        ("leaving", SocketState::Closing)
    );
}

#[test]
fn the_report_reads_as_an_aligned_table() {
    let registry = Registry::new();
    let here = std::panic::Location::caller();
    let results = registry
        .socket(zmq::PUSH)
        .name("results")
        .opened_at(here)
        .open()
        .unwrap();
    drop(results);
    drop(stuck(&registry, "lost", Duration::from_millis(20)));
    let text = registry.close_by(ample()).to_string();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(
        lines[0].starts_with("NOT CLEAN: 2 sockets, context ended in "),
        "{text}"
    );
    let column = |title| lines[1].find(title).unwrap();
    assert!(
        lines[2][column("type")..].starts_with("PUSH  default  emptied after "),
        "{text}"
    );
    assert!(
        lines[3][column("outcome")..].starts_with("expired, linger 20 ms"),
        "{text}"
    );
    let place = format!("{}:{}", here.file(), here.line());
    assert!(
        lines[2][column("opened at")..].starts_with(&place),
        "{text}"
    );
    assert!(
        lines[3][column("last thread")..].starts_with("report::the_report"),
        "{text}"
    );
}
