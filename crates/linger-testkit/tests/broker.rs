//! That the benchmark against NATS runs, and that nothing is lost on either side.
//!
//! Its server is no part of a Rust toolchain: without it this test is ignored, which counts as
//! skipped. `cargo xtask test --setup` installs it, and then runs this test too.

use linger_testkit::bench::{self, Effort, Plan};
use std::fmt::Display;

#[test]
#[ignore = "needs nats-server: cargo xtask test --setup"]
fn nats_is_measured_and_loses_nothing() {
    let mut told = Vec::new();
    let mut tell = |it: &dyn Display| told.push(it.to_string());
    let mut plan = Plan::new(Effort::Smoke, "", &mut tell);
    if let Err(error) = bench::broker::run(&mut plan) {
        panic!("{error}");
    }
    let findings = plan.into_findings();
    assert!(findings.skipped.is_empty(), "{:?}", findings.skipped);
    let [figure] = &findings.figures[..] else {
        panic!("{findings:?}");
    };
    assert_eq!(figure.name, "broker_nats_64B");
    assert!(figure.ratio.min > 0.0, "{figure}");
    // Each way to consume was tried.
    let tried = told.iter().filter(|it| it.starts_with("tried: "));
    assert_eq!(tried.count(), 4, "{told:?}");
}
