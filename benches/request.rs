//! What a request costs on its way through the layers, over the bare application.

mod rounds;
mod support;
mod turns;

use std::time::Duration;

use criterion::{Criterion, criterion_group};
use rounds::{Walk, run};
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

criterion_group!(benches, request);

fn main() {
    rounds::table(Site::with_sessions(SESSIONS).candidates(), SESSIONS, "insert");
    benches();
    Criterion::default().configure_from_args().final_summary();
}
