//! What a logged-in request costs where the session is a copy of one at Redis, beside one that is in this process.
//!
//! Starts a `redis-server` of its own.

#[path = "../tests/support/programs.rs"]
mod programs;
#[expect(dead_code, reason = "a benchmark only starts it")]
#[path = "../tests/support/redis_server/mod.rs"]
mod redis_server;
mod report;
mod rounds;
mod support;
mod turns;

use redis_server::Redis as Server;
use report::Section;
use support::{Candidate, Site};
use tokio::runtime;
use tower_weika::store::Redis;

const SESSIONS: usize = 10_000;

fn main() {
    let server = Server::start();
    // Listens for ends in the background, as in a server.
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let builder = Redis::builder(server.url()).local_cache_capacity(2 * SESSIONS as u64);
    let redis = runtime
        .block_on(builder.connect())
        .expect("the server answers");
    let near = Site::with_sessions_in(&redis.store(), SESSIONS, &runtime);
    let mut candidates: Vec<Candidate> = Site::with_sessions(SESSIONS).candidates();
    candidates
        .retain(|candidate| ["bare", "login, live session"].contains(&candidate.name.as_str()));
    candidates.push(near.live("login, live session, near copy of Redis"));
    let _inside = runtime.enter();
    let mut section = Section::new("store", "A near copy of a session at Redis");
    rounds::table(&mut section, candidates, SESSIONS, "memory");
    section.finish();
}
