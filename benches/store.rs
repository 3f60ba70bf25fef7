//! What a logged-in request costs where the session is a copy of one at Redis, beside one that is in this process.
//!
//! Starts a `redis-server` of its own.

#[path = "../tests/support/programs.rs"]
mod programs;
#[expect(dead_code, reason = "a benchmark only starts it")]
#[path = "../tests/support/redis_server/mod.rs"]
mod redis_server;
mod rounds;
mod support;
mod turns;

use std::cell::RefCell;

use redis_server::Redis as Server;
use rounds::{BATCH, Walk, run};
use support::{Candidate, Person, Site};
use tokio::runtime;
use tower_weika::store::{Redis, StoredIdentity};

const SESSIONS: usize = 10_000;

impl StoredIdentity for Person {
    const KIND: &'static str = "person";

    fn to_record(&self) -> String {
        self.0.clone()
    }

    fn from_record(record: &str) -> Option<Self> {
        Some(Self(record.to_owned()))
    }
}

#[expect(clippy::print_stdout, reason = "the output of this program")]
fn main() {
    let server = Server::start();
    // Listens for ends in the background, as in a server.
    let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let builder = Redis::builder(server.url()).near_capacity(2 * SESSIONS as u64);
    let redis = runtime.block_on(builder.connect()).expect("the server answers");
    let near = Site::with_sessions_in(redis.store(), SESSIONS, &runtime);
    let mut candidates: Vec<Candidate> = Site::with_sessions(SESSIONS).candidates();
    candidates.retain(|candidate| ["bare", "login, live session"].contains(&candidate.name.as_str()));
    candidates.push(near.live("login, live session, near copy of Redis"));
    let candidates: Vec<_> = candidates.into_iter().map(RefCell::new).collect();

    let _inside = runtime.enter();
    let walk = Walk::new();
    let measure = |cold: bool, rounds, operations| {
        let runs = candidates.iter().map(|candidate| {
            let go = |operations| {
                run(&mut candidate.borrow_mut(), operations, || {
                    if cold {
                        walk.walk();
                    }
                })
            };
            (candidate.borrow().name.clone(), Box::new(go) as turns::Run<'_>)
        });
        turns::medians(&mut runs.collect::<Vec<_>>(), rounds, operations)
    };
    let (hot, cold) = (measure(false, 31, 8 * SESSIONS as u64), measure(true, 151, BATCH as u64));
    println!(
        "| candidate | hot ns over bare | ÷ memory | cold ns over bare | ÷ memory | allocations (map there / not) |"
    );
    println!("|---|---|---|---|---|---|");
    for (index, candidate) in candidates.iter().enumerate().skip(1) {
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
