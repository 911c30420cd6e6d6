use super::*;
use crate::phase::Phase;
use crate::phases::{PhaseSpec, Phases};
use crate::plan::Plan;

pub(super) const NAMES: [Phase; 7] = [
    Phase::READINESS,
    Phase::INTAKE,
    Phase::WORK,
    Phase::ACKS,
    Phase::SOCKETS,
    Phase::CONTEXT,
    Phase::TELEMETRY,
];

/// Numbers from a seed (SplitMix64).
pub(super) struct Seed(pub(super) u64);

impl Seed {
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (word ^ (word >> 31)) % limit
    }

    /// Sub-millisecond to minutes.
    pub(super) fn duration(&mut self) -> Duration {
        let scale = [1, 1_000, 1_000_000, 1_000_000_000][usize::try_from(self.below(4)).unwrap()];
        Duration::from_nanos(self.below(100) * scale)
    }
}

fn any_plan(seed: &mut Seed) -> Option<Plan> {
    let mut phases = Phases::new();
    for &name in &NAMES[..=usize::try_from(seed.below(6)).unwrap()] {
        let mut spec = PhaseSpec::from(name);
        if seed.below(2) == 0 {
            spec = spec.cap(seed.duration());
        }
        if seed.below(2) == 0 {
            spec = spec.reserve(seed.duration());
        }
        phases = phases.then(spec);
    }
    Plan::new(&phases, seed.duration()).ok()
}

#[test]
fn no_phase_is_starved_nothing_passes_hard_unused_time_rolls_on() {
    let base = Instant::now();
    let mut plans = 0;
    for number in 0..20_000 {
        let mut seed = Seed(number);
        let Some(plan) = any_plan(&mut seed) else {
            continue;
        };
        plans += 1;
        let hard = base + plan.budget();
        let mut start = base;
        for row in plan.phases() {
            let window = window(row, start, hard, false);
            let latest = hard - row.tail;
            assert!(window.start <= window.force && window.force <= window.abort);
            assert!(
                window.abort <= window.end && window.end <= hard,
                "seed {number}"
            );
            assert_eq!(window.end, (start + row.cap).min(latest), "seed {number}");
            assert!(window.length() >= row.reserve, "seed {number}: {plan}");
            assert!(window.length() <= row.cap);
            assert!(window.end - window.force <= window.length() / 10);
            // It takes none, some or all of its time.
            let length = u64::try_from(window.length().as_nanos()).unwrap();
            start += match seed.below(3) {
                0 => Duration::ZERO,
                1 => Duration::from_nanos(seed.below(length + 1)),
                _ => window.length(),
            };
        }
        assert!(start <= hard);
    }
    assert!(
        plans > 2_000,
        "the generator makes too few plans that fit: {plans}"
    );
}

#[test]
fn after_a_second_signal_a_phase_gets_its_reserve_and_no_more() {
    let base = Instant::now();
    for number in 0..20_000 {
        let mut seed = Seed(number);
        let Some(plan) = any_plan(&mut seed) else {
            continue;
        };
        let hard = base + plan.budget();
        let row = &plan.phases()[0];
        let calm = window(row, base, hard, false);
        let now = base + Duration::from_nanos(seed.below(2_000_000_000));
        let hurried = calm.hurried(now, row.reserve);
        assert!(hurried.force <= now);
        assert!(hurried.end <= calm.end.max(now), "seed {number}");
        assert!(hurried.end <= now + row.reserve.max(GRACE));
        let next = window(row, base, hard, true);
        assert!(next.end <= calm.end && next.length() <= row.reserve.max(GRACE));
        assert!(next.length() >= row.reserve, "seed {number}");
        if row.reserve.is_zero() {
            assert_eq!(next.force, next.start);
        }
    }
}

#[test]
fn the_worked_example() {
    // budget 10 s: work may take 6 s, telemetry keeps 1 s.
    let phases = Phases::new()
        .then(Phase::INTAKE.cap(Duration::from_secs(4)))
        .then(Phase::WORK.cap(Duration::from_secs(6)))
        .then(Phase::TELEMETRY.reserve(Duration::from_secs(1)));
    let plan = Plan::new(&phases, Duration::from_secs(10)).unwrap();
    let base = Instant::now();
    let hard = base + Duration::from_secs(10);
    let at = |seconds| base + Duration::from_secs(seconds);
    // Intake takes its 4 s: work ends 1 s before hard, though its cap says 6 s.
    let work = window(&plan.phases()[1], at(4), hard, false);
    assert_eq!(work.end, at(9));
    assert_eq!(work.force, at(9) - GRACE);
    // Intake takes 1 s: what it left goes to work, up to its cap, and the rest to telemetry.
    assert_eq!(window(&plan.phases()[1], at(1), hard, false).end, at(7));
    assert_eq!(window(&plan.phases()[2], at(7), hard, false).end, hard);
    // The engine comes late, past hard: nothing is left, and nothing panics.
    assert!(window(&plan.phases()[2], at(11), hard, false).is_empty());
}

#[test]
fn a_budget_beyond_all_bounds_counts_as_a_year() {
    let plan = Plan::new(&Phases::service(), Duration::MAX).unwrap();
    assert_eq!(plan.budget(), LONGEST);
    let base = Instant::now();
    for row in plan.phases() {
        assert!(window(row, base, base + LONGEST, false).end <= base + LONGEST);
    }
}
