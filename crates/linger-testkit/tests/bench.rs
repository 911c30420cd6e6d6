//! That the benchmarks run, and that what they measure does what it is to do: times are not judged.

use linger_testkit::bench::{self, Findings, Rounds};

#[test]
fn the_registrys_benchmark_has_all_its_figures_and_loses_nothing() {
    let findings = match bench::registry::run(Rounds::QUICK, |_| {}) {
        Ok(findings) => findings,
        Err(error) => panic!("{error}"),
    };
    has_figures(
        &findings,
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
    let findings = match bench::coordinator::run(Rounds::QUICK, 1_000, |_| {}) {
        Ok(findings) => findings,
        Err(error) => panic!("{error}"),
    };
    has_figures(
        &findings,
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

fn has_figures(findings: &Findings, expected: &[&str]) {
    let names: Vec<_> = findings.figures.iter().map(|figure| figure.name).collect();
    assert_eq!(names, expected);
    for figure in &findings.figures {
        assert!(figure.min > 0.0 && figure.min <= figure.ratio, "{figure}");
        assert!(figure.ratio <= figure.max, "{figure}");
    }
}
