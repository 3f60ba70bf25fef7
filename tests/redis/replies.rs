//! No caller ever receives the reply to another request.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusBuilder;
use tower_weika::ErrorKind;
use tower_weika::identity::Manager;
use tower_weika::session::{Session, SessionId};
use tower_weika::store::{Redis, RedisStatus, RedisStore, SessionStore};

use crate::kit::{
    connect, create_session, find_subject, found, insert, load, new_id, session, until,
    wait_until_cached,
};
use crate::proxy::{Fault, Proxy};
use crate::redis_server;

/// The total number of reads.
const READS: u64 = 100_000;
const TASKS: u64 = 100;
/// Long enough for some replies, too short for others.
const OPERATION_TIMEOUT: Duration = Duration::from_millis(40);

#[derive(Default)]
struct Counts {
    served: AtomicU64,
    absent: AtomicU64,
    failed: AtomicU64,
    cancelled: AtomicU64,
}

impl Counts {
    fn all(&self) -> [u64; 4] {
        [&self.served, &self.absent, &self.failed, &self.cancelled]
            .map(|count| count.load(Ordering::Relaxed))
    }
}

/// A reproducible random number generator.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        // xorshift64.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// Reads existing and unknown sessions at random, and sometimes cancels a read.
async fn read(
    store: RedisStore<Manager>,
    sessions: Arc<Vec<(SessionId, String)>>,
    counts: Arc<Counts>,
    seed: u64,
) {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    for _ in 0..READS / TASKS {
        let (id, expected) = match random.below(4) {
            0 => (new_id(), None),
            _ => {
                let (id, subject) = &sessions[random.below(sessions.len() as u64) as usize];
                (*id, Some(subject))
            }
        };
        let mut pending = pin!(load(&store, &id));
        let outcome = if random.below(10) < 3 {
            let limit = Duration::from_micros(random.below(60_000));
            tokio::time::timeout(limit, pending.as_mut()).await.ok()
        } else {
            Some(pending.await)
        };
        let count = match outcome {
            None => &counts.cancelled,
            Some(Ok(Some(session))) => {
                let session: Arc<Session<Manager>> = session;
                assert_eq!(session.id(), &id, "the session of another id");
                assert_eq!(
                    Some(session.identity().user_id.as_str()),
                    expected.map(String::as_str)
                );
                &counts.served
            }
            Some(Ok(None)) => {
                assert_eq!(expected, None, "an existing session was reported as absent");
                &counts.absent
            }
            Some(Err(error)) => {
                assert_eq!(error.kind(), ErrorKind::Store);
                // Slow down while calls fail.
                tokio::time::sleep(Duration::from_millis(random.below(40))).await;
                &counts.failed
            }
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Returns the resident memory of this process in bytes.
#[cfg(target_os = "linux")]
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").expect("readable on Linux");
    let pages: u64 = status
        .split(' ')
        .nth(1)
        .expect("resident")
        .parse()
        .expect("a number");
    pages * 4_096
}

#[cfg(not(target_os = "linux"))]
fn memory() -> u64 {
    0
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_session_is_never_served_with_late_replies_and_cancelled_calls() {
    let redis = redis_server::Redis::start();
    let proxy = Proxy::start(&redis);
    let store = connect(
        Redis::builder(proxy.url())
            .operation_timeout(OPERATION_TIMEOUT)
            .local_cache_capacity(0),
    )
    .await;
    let direct = connect(Redis::builder(redis.url())).await;
    let mut sessions = Vec::new();
    for number in 0..500 {
        let subject = format!("o{number}");
        sessions.push((create_session(&direct, &subject).await, subject));
    }
    let (sessions, counts) = (Arc::new(sessions), Arc::new(Counts::default()));
    proxy.set(Fault::Delay {
        up_to: 2 * OPERATION_TIMEOUT,
        seed: 7,
    });
    let before = memory();
    let readers: Vec<_> = (0..TASKS)
        .map(|seed| {
            tokio::spawn(read(
                store.clone(),
                Arc::clone(&sessions),
                Arc::clone(&counts),
                seed + 1,
            ))
        })
        .collect();
    // The delays are sometimes within the timeout, or hardly any reply would arrive in time.
    let weather = async {
        for seed in 0.. {
            for up_to in [
                OPERATION_TIMEOUT / 2,
                2 * OPERATION_TIMEOUT,
                OPERATION_TIMEOUT,
                3 * OPERATION_TIMEOUT / 2,
            ] {
                proxy.set(Fault::Delay { up_to, seed });
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    };
    let all_read = async {
        for reader in readers {
            reader.await.expect("no wrong session was served");
        }
    };
    tokio::select! {
        () = weather => {}
        () = all_read => {}
    }
    let counts = counts.all();
    assert_eq!(counts.iter().sum::<u64>(), READS, "{counts:?}");
    assert!(
        counts.iter().all(|count| *count > READS / 200),
        "served, absent, failed, cancelled: {counts:?}"
    );
    let growth = memory().saturating_sub(before);
    assert!(growth < 64 << 20, "{growth} bytes more");
    proxy.set(Fault::None);
    for (id, subject) in sessions.iter() {
        until("the store responds again", async || {
            find_subject(&store, id).await.is_ok()
        })
        .await;
        assert_eq!(found(&store, id).await.as_ref(), Some(subject));
    }
}

/// Returns how many foreign replies were counted while `scenario` ran, on the thread of the
/// recorder.
fn foreign_replies<F: Future<Output = ()>>(scenario: impl FnOnce() -> F) -> u64 {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    metrics::with_local_recorder(&recorder, || runtime.block_on(scenario()));
    let text = handle.render();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("tower_weika_foreign_replies_total "));
    line.map_or(0, |count| count.parse().expect("a number"))
}

#[ignore = "needs redis-server; run tests/run"]
#[test]
fn unexpected_reply_is_noticed_and_drops_the_connection() {
    let redis = redis_server::Redis::start();
    let proxy = Proxy::start(&redis);
    // Plausible forged replies: nothing, a session that is absent or present, done, an error.
    let whole = |tag: &str| {
        format!(
            "*5\r\n${}\r\n{tag}\r\n$1\r\n1\r\n$2\r\np{{\r\n$1\r\n1\r\n$1\r\n1\r\n",
            tag.len()
        )
    };
    let extras = [
        "$-1\r\n".to_owned(),
        "*0\r\n".to_owned(),
        "*1\r\n$1\r\n1\r\n".to_owned(),
        "*2\r\n$1\r\n1\r\n$1\r\n1\r\n".to_owned(),
        "+OK\r\n".to_owned(),
        ":1\r\n".to_owned(),
        whole("0"),
        whole("999999999"),
    ];
    let count = extras.len() as u64;
    let counted = foreign_replies(async || {
        let store = connect(Redis::builder(proxy.url()).local_cache_capacity(0)).await;
        let mut ids = Vec::new();
        for number in 0..10 {
            ids.push((
                create_session(&store, &format!("o{number}")).await,
                format!("o{number}"),
            ));
        }
        for extra in &extras {
            let accepted = proxy.accepted();
            assert_eq!(proxy.inject_before_next_reply(extra.as_bytes()), 1);
            // Many reads at once: none gets a wrong session, and none reports that there is no
            // session.
            let reads = ids.iter().map(|(id, _)| find_subject(&store, id));
            let mut failures = 0;
            for (outcome, (_, subject)) in futures(reads).await.into_iter().zip(&ids) {
                match outcome {
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::Store);
                        failures += 1;
                    }
                    // This read uses the next connection already.
                    Ok(found) => assert_eq!(found.as_ref(), Some(subject)),
                }
            }
            assert!(failures > 0, "{extra:?}");
            until("there is another connection", async || {
                proxy.accepted() > accepted && store.redis().status() == RedisStatus::Reachable
            })
            .await;
            for (id, subject) in &ids {
                assert_eq!(found(&store, id).await.as_ref(), Some(subject), "{extra:?}");
            }
        }
    });
    assert!(counted >= count, "{counted} of {count}");
}

/// Runs all futures concurrently on this thread.
async fn futures<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut all: Vec<_> = all
        .map(|future| Box::pin(tokio::task::unconstrained(future)))
        .collect();
    let mut outcomes: Vec<_> = all.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        for (future, outcome) in all.iter_mut().zip(&mut outcomes) {
            if outcome.is_none()
                && let std::task::Poll::Ready(ready) = future.as_mut().poll(cx)
            {
                *outcome = Some(ready);
            }
        }
        if outcomes.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    outcomes
        .into_iter()
        .map(|outcome| outcome.expect("all are ready"))
        .collect()
}

#[ignore = "needs redis-server; run tests/run"]
#[test]
fn unexpected_error_never_serves_a_wrong_session() {
    let redis = redis_server::Redis::start();
    let proxy = Proxy::start(&redis);
    let counted = foreign_replies(async || {
        let store = connect(Redis::builder(proxy.url()).local_cache_capacity(0)).await;
        let [one, other] = [
            create_session(&store, "o1").await,
            create_session(&store, "o2").await,
        ];
        for extra in [
            "-ERR no\r\n",
            "-NOSCRIPT no\r\n",
            "-WRONGTYPE no\r\n",
            "-MOVED 1 127.0.0.1:1\r\n",
        ] {
            assert_eq!(proxy.inject_before_next_reply(extra.as_bytes()), 1);
            let unknown = new_id();
            let reads = [
                (&one, Some("o1")),
                (&other, Some("o2")),
                (&unknown, None),
                (&one, Some("o1")),
                (&unknown, None),
            ];
            let outcomes = futures(reads.iter().map(|(id, _)| find_subject(&store, id))).await;
            for (outcome, (_, expected)) in outcomes.into_iter().zip(reads) {
                if let Ok(found) = outcome {
                    assert_eq!(found.as_deref(), expected, "{extra}");
                }
            }
            until("the store responds", async || {
                find_subject(&store, &one).await.is_ok()
            })
            .await;
            for (id, subject) in [(&one, "o1"), (&other, "o2")] {
                until("the session is found", async || {
                    find_subject(&store, id).await.is_ok()
                })
                .await;
                assert_eq!(found(&store, id).await.as_deref(), Some(subject));
            }
        }
    });
    assert!(counted >= 4, "{counted}");
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn unexpected_reply_on_the_subscription_drops_its_connection() {
    let redis = redis_server::Redis::start();
    let proxy = Proxy::start(&redis);
    let a = connect(Redis::builder(redis.url())).await;
    let b = connect(Redis::builder(proxy.url())).await;
    for _ in 0..3 {
        let id = create_session(&a, "o1").await;
        wait_until_cached(&b, &id).await;
        // Only the subscription expects replies, unless a call is made.
        let accepted = proxy.accepted();
        assert!(proxy.inject_before_next_reply(b"*1\r\n$1\r\n1\r\n") >= 2);
        until("it has another connection", async || {
            proxy.accepted() > accepted
        })
        .await;
        until("the store responds", async || {
            find_subject(&b, &new_id()).await.is_ok()
        })
        .await;
        crate::local_cache::assert_revocation_is_seen(&a, &b).await;
    }
    a.remove_all(&crate::kit::namespace()).await.unwrap();
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn script_that_fails_is_not_sent_again() {
    let redis = redis_server::Redis::start();
    let store = connect(Redis::builder(redis.url())).await;
    // From now on the server has the scripts, and no memory for writes.
    create_session(&store, "o1").await;
    redis.command(&["CONFIG", "SET", "maxmemory", "1"]);
    let monitor = redis.monitor();
    let inserted = insert(&store, session("o2")).await;
    assert_eq!(inserted.unwrap_err().kind(), ErrorKind::Store);
    let commands = monitor.text();
    // Heartbeats go on meanwhile.
    let sent = |how: &str| {
        let calls = commands.lines().filter(|line| line.contains(how));
        calls.filter(|line| !line.contains(":probe\"")).count()
    };
    assert!(sent("\"EVALSHA\"") > 0, "{commands}");
    assert_eq!(sent("\"EVAL\""), 0, "{commands}");
}
