//! That the benchmarks run, and that what they measure does what it is to do: times are not judged.

use linger_testkit::bench::{self, Rounds};

#[test]
fn the_registrys_benchmark_has_all_its_figures_and_loses_nothing() {
    let figures = match bench::registry::run(Rounds::QUICK, |_| {}) {
        Ok(figures) => figures,
        Err(error) => panic!("{error}"),
    };
    let names: Vec<_> = figures.iter().map(|figure| figure.name).collect();
    assert_eq!(
        names,
        [
            "registry_send_64B",
            "registry_recv_64B",
            "registry_open",
            "registry_close_observed",
            "registry_close_observed_16",
            "registry_close_unobserved_16",
        ]
    );
    for figure in &figures {
        assert!(figure.min > 0.0 && figure.min <= figure.ratio, "{figure}");
        assert!(figure.ratio <= figure.max, "{figure}");
    }
}
