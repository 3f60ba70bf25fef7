//! The cost of an authenticated request with the session in the local cache in front of Redis,
//! beside one in the memory store.

use harness::redis::Server;
use harness::{LIVE, Person, Report, Site, background_runtime, compare};
use tower_weika::store::Redis;

const SESSIONS: usize = 10_000;

fn main() {
    let (server, runtime) = (Server::start(), background_runtime());
    let builder = Redis::builder(server.url()).local_cache_capacity(2 * SESSIONS as u64);
    let redis = runtime
        .block_on(builder.connect())
        .expect("the server responds");
    let cached = Site::over(&redis.store::<Person>(), "bench", LIVE, SESSIONS, &runtime);
    let mut candidates = Site::with_sessions(SESSIONS).candidates();
    candidates.retain(|candidate| ["bare", "login, live session"].contains(&&*candidate.name));
    candidates.push(cached.live("login, live session, local cache of Redis"));
    let _inside = runtime.enter();
    let mut report = Report::new("store", "A session in the local cache of Redis");
    report.table("candidate", "Sessions, requests and caches as above.");
    compare::table(
        &mut report,
        &candidates,
        SESSIONS,
        &["login, live session"],
        |work| {
            let used = allocation_counter::measure(work);
            (used.count_total, used.bytes_current)
        },
    );
    report.finish();
}
