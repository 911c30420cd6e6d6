//! That the benchmarks run, and that what they measure does what it is to do: times are not judged.

use linger_testkit::bench::{self, Effort, Findings, Plan};
use std::fmt::Display;

#[test]
fn the_registrys_benchmark_has_all_its_figures_and_loses_nothing() {
    has_figures(
        &smoke("registry"),
        &[
            "registry_send_64B",
            "registry_recv_64B",
            "registry_open",
            "registry_close_observed",
            "registry_close_observed_16",
            "registry_close_unobserved_16",
        ],
    );
}

#[test]
fn the_coordinators_benchmark_has_its_figures_and_every_member_is_named() {
    has_figures(
        &smoke("coordinator"),
        &[
            "coordinator_flat_1k",
            "coordinator_phases_1k",
            "coordinator_clones_1k",
            "coordinator_register",
            "coordinator_register_2_threads",
            "coordinator_flag",
        ],
    );
}

#[test]
fn the_benchmark_of_stops_has_its_figures_and_everything_is_received() {
    has_figures(
        &smoke("stop"),
        &[
            "stop_0_1sub",
            "stop_0_8sub",
            "stop_10k_1sub",
            "stop_10k_8sub",
            "stop_100k_1sub",
            "stop_100k_8sub",
            "stop_idle_1sub",
            "stop_idle_8sub",
        ],
    );
}

#[test]
fn the_benchmark_of_growth_has_its_exponents_and_sizes() {
    let findings = smoke("scale");
    let names = findings.growths.iter().map(|growth| &*growth.name);
    let all = ["members", "topics", "window"];
    let all = all.map(|of| [format!("scale_drain_{of}"), format!("scale_bytes_{of}")]);
    assert_eq!(names.collect::<Vec<_>>(), all.as_flattened());
    for growth in &findings.growths {
        let points = growth.points.iter();
        assert!(points.clone().count() == 2, "{growth}");
        assert!(points.into_iter().all(|(_, it)| it.min > 0.0), "{growth}");
    }
    assert_eq!(findings.sizes.len(), 3);
}

fn smoke(name: &str) -> Findings {
    let mut tell = |_: &dyn Display| {};
    let mut plan = Plan::new(Effort::Smoke, "", &mut tell);
    plan = plan.with_program(env!("CARGO_BIN_EXE_bench"));
    for benchmark in bench::ALL.iter().copied().filter(|it| it.name == name) {
        if let Err(error) = benchmark.run(&mut plan) {
            panic!("{error}");
        }
    }
    plan.into_findings()
}

fn has_figures(findings: &Findings, expected: &[&str]) {
    let names: Vec<_> = findings
        .figures
        .iter()
        .map(|figure| &*figure.name)
        .collect();
    assert_eq!(names, expected);
    for figure in &findings.figures {
        let ratio = figure.ratio;
        assert!(ratio.min > 0.0 && ratio.min <= ratio.median, "{figure}");
        assert!(ratio.median <= ratio.max, "{figure}");
    }
}
