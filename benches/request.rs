//! What a request costs on its way through the layers, over the bare application.

mod rounds;
mod support;
mod turns;

use std::cell::RefCell;
use std::time::Duration;

use criterion::{Criterion, criterion_group};
use rounds::{BATCH, Walk, run};
use support::Site;

const SESSIONS: usize = 10_000;

fn request(criterion: &mut Criterion) {
    let mut candidates = Site::with_sessions(SESSIONS).candidates();
    let walk = Walk::new();
    for (group, cold) in [("hot", false), ("cold", true)] {
        let mut group = criterion.benchmark_group(format!("request, {group}"));
        group.sample_size(20).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
        for candidate in &mut candidates {
            group.bench_function(candidate.name.clone(), |bencher| {
                bencher.iter_custom(|operations| {
                    run(candidate, operations, || {
                        if cold {
                            walk.walk()
                        }
                    })
                });
            });
        }
    }
}

/// The table for `docs/benchmarks.md`.
#[expect(clippy::print_stdout, reason = "the output of this program")]
fn table() {
    let candidates: Vec<_> = Site::with_sessions(SESSIONS).candidates().into_iter().map(RefCell::new).collect();
    let walk = Walk::new();
    let measure = |cold: bool, rounds, operations| {
        let runs = candidates.iter().map(|candidate| {
            let go = |operations| {
                run(&mut candidate.borrow_mut(), operations, || {
                    if cold {
                        walk.walk()
                    }
                })
            };
            (candidate.borrow().name.clone(), Box::new(go) as turns::Run<'_>)
        });
        turns::medians(&mut runs.collect::<Vec<_>>(), rounds, operations)
    };
    // Hot: most of a turn, every session has been asked for before.
    let (hot, cold) = (measure(false, 31, 8 * SESSIONS as u64), measure(true, 151, BATCH as u64));
    println!(
        "| candidate | hot ns over bare | ÷ insert | cold ns over bare | ÷ insert | allocations (map there / not) |"
    );
    println!("|---|---|---|---|---|---|");
    for (index, candidate) in candidates.iter().enumerate() {
        let mut candidate = candidate.borrow_mut();
        let [value] = candidate.pick();
        candidate.send(&value);
        let there = allocation_counter::measure(|| candidate.send(&value)).count_total;
        candidate.without_map();
        let not = allocation_counter::measure(|| candidate.send(&value)).count_total;
        let over = |medians: &[f64]| medians[index] - medians[0];
        let ratio = |medians: &[f64]| over(medians) / (medians[1] - medians[0]);
        println!(
            "| {} | {:.0} | {:.2} | {:.0} | {:.2} | {there} / {not} |",
            candidate.name,
            over(&hot),
            ratio(&hot),
            over(&cold),
            ratio(&cold),
        );
    }
    println!("\nbare: {:.0} ns hot, {:.0} ns cold", hot[0], cold[0]);
}

criterion_group!(benches, request);

fn main() {
    table();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
