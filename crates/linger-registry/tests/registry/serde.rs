//! The report as JSON, with the feature `serde`.

use std::time::Duration;

use crate::support::{ample, stuck};
use linger_registry::{Registry, zmq};

#[test]
fn durations_are_milliseconds_and_outcomes_are_named() {
    let registry = Registry::new();
    let lost = stuck(&registry, "lost", Duration::from_millis(20));
    lost.set_immediate(true).unwrap();
    drop(lost);
    drop(
        registry
            .socket(zmq::SUB)
            .name("sub")
            .group("intake")
            .open()
            .unwrap(),
    );
    let report = registry.close_by(ample());
    let json = serde_json::to_value(&report).unwrap();
    let lost = &json["sockets"][0];
    assert_eq!(lost["name"], "lost");
    assert_eq!(lost["type"], "PUSH");
    assert_eq!(lost["outcome"], "expired");
    assert_eq!(lost["applied_ms"], 20.0);
    assert_eq!(lost["linger"]["limit_ms"], 20.0);
    assert_eq!(lost["traps"][0], "immediate");
    assert_eq!(lost["owner_panicked"], false);
    assert_eq!(lost["unread"], serde_json::Value::Null);
    assert_eq!(lost["endpoints"][0]["connected"], "tcp://127.0.0.1:1");
    assert!(lost["opened_at"].as_str().unwrap().contains("serde.rs:"));
    let sub = &json["sockets"][1];
    assert_eq!(
        (&sub["outcome"], &sub["group"]),
        (&"emptied".into(), &"intake".into())
    );
    assert_eq!(json["context"]["outcome"], "ended");
    let took_ms = report.took().as_secs_f64() * 1e3;
    assert!((json["took_ms"].as_f64().unwrap() - took_ms).abs() < 0.001);
    assert_eq!(json["omitted"]["count"], 0);
}

#[test]
fn no_key_stands_twice() {
    let registry = Registry::new();
    drop(stuck(&registry, "lost", Duration::from_millis(20)));
    let text = serde_json::to_string(&registry.close_by(ample())).unwrap();
    let socket = &text[text.find('{').unwrap()..text.find("\"context\"").unwrap()];
    let mut keys: Vec<&str> = socket
        .split('"')
        .zip(socket.split('"').skip(1))
        .filter(|(before, _)| before.ends_with(['{', ',']))
        .map(|(_, key)| key)
        .collect();
    let all = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert!(all > 10, "{text}");
    assert_eq!(keys.len(), all, "{text}");
}
