//! Many seeds, without a fault in the crate: no invariant is violated.

use tower_weika_simulation::{Report, run};

use crate::range::range_from_environment;

/// The seeds of the gate.
const SEEDS: u64 = 300;

/// The lines of the trace that are shown, unless one seed is replayed.
const LINES: usize = 30;

#[test]
fn no_seed_violates_an_invariant() {
    let range = range_from_environment(SEEDS);
    let Some(report) = range.first_violation(None) else {
        return;
    };
    let (violation, seed) = (report.violation.expect("a violation"), report.seed);
    let lines: Vec<&str> = violation.trace.lines().collect();
    let hidden = if range.is_one() {
        0
    } else {
        lines.len().saturating_sub(LINES)
    };
    panic!(
        "{}\nseed {seed}: {}\nreplay with the whole trace: cd simulation && SIMULATION_SEED={seed} cargo test --test \
         simulation no_seed",
        lines[hidden..].join("\n"),
        violation.invariant
    );
}

#[test]
fn same_seed_is_the_same_run() {
    for seed in 0..10 {
        let first = run(seed, None);
        // Another thread has other hash keys, and other runs before this one.
        let again = std::thread::spawn(move || run(seed, None));
        assert_eq!(again.join().expect("no panic"), first);
    }
}

#[test]
fn runs_have_logins_fetches_and_many_steps() {
    let reports: Vec<_> = (0..20).map(|seed| run(seed, None)).collect();
    let sum = |of: fn(&Report) -> u64| reports.iter().map(of).sum::<u64>();
    assert!(sum(|report| report.logins) > 500, "{reports:?}");
    assert!(sum(|report| report.steps) > 8_000, "{reports:?}");
    assert!(sum(|report| report.logouts_of_devices) > 50, "{reports:?}");
    assert!(sum(|report| report.failed_silently) > 5, "{reports:?}");
    assert!(reports.iter().all(|report| report.fetches > 0));
    assert_ne!(reports[0].hash, reports[1].hash);
}
