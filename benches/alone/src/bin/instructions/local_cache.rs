//! A live session from the local cache in front of a Redis server.

use std::time::Duration;

use harness::callgrind::Operation;
use harness::redis::Server;
use harness::{LIVE, Person, Site, runtime, session_id};
use tokio::time::sleep;
use tower_weika::clock::{Clock, ManualClock};
use tower_weika::session::Namespace;
use tower_weika::session::{Session, SessionTimeouts};
use tower_weika::store::{Lookup, Redis, RedisStore, SessionStore};

/// Sends requests of users whose sessions are in the local cache.
///
/// Only the request runs while instructions are counted: the background tasks of the store run only
/// inside `block_on`, and its clock is stopped, so that the cache stays valid without them.
pub(crate) fn live(sessions: usize) -> Operation {
    let server = Server::start();
    // Leaked, because dropping it would stop the background tasks of the store.
    let runtime = Box::leak(Box::new(runtime()));
    let clock = ManualClock::new(Clock::system().now()).clock();
    // The timeout is generous, because valgrind is slow.
    let builder = Redis::builder(server.url())
        .local_cache_capacity(2 * sessions as u64)
        .clock(clock);
    let redis = runtime
        .block_on(builder.operation_timeout(Duration::from_secs(30)).connect())
        .expect("the server responds");
    // A new subscription empties the caches. After that the table of sessions does not change.
    runtime.block_on(cache_is_valid(&redis.store_with_namespace("probe")));
    let store = redis.store::<Person>();
    let site = Site::over(&store, "bench", LIVE, sessions, runtime);
    let is_cached = |number| {
        matches!(
            store.load(site.login.namespace(), &session_id(LIVE, number)),
            Lookup::Ready(Ok(Some(_)))
        )
    };
    assert!(
        (0..sessions).all(is_cached),
        "every session is in the local cache"
    );
    let mut send = site.live("local cache").client().into_sender();
    Box::new(move || {
        let _runs = &server;
        send();
    })
}

async fn cache_is_valid(probe: &RedisStore<Person>) {
    let id = session_id(u64::MAX, 0);
    let session = Session::new(
        id,
        Person::numbered(0),
        SessionTimeouts::default(),
        Clock::system().now(),
    );
    let namespace = Namespace::default();
    let since = probe.stamp(&namespace).await.expect("the server responds");
    let _inserted = probe
        .insert(session, None, since)
        .await
        .expect("the server responds");
    // If the cache was emptied, loading the session fills it again.
    while let Lookup::Pending(load) = probe.load(&namespace, &id) {
        assert!(
            load.await.is_ok_and(|found| found.is_some()),
            "the session is found"
        );
        sleep(Duration::from_millis(5)).await;
    }
}
