//! Single-flight, failures and back-off of a token cache.

use super::*;

#[tokio::test(start_paused = true)]
async fn thousand_callers_without_a_token_cause_one_fetch() {
    let bench = Bench::new(&[Reply::Token(Some(LIFETIME))]);
    let outcomes = concurrent_callers(&bench.cache, 1_000).await;
    assert!(
        outcomes
            .iter()
            .all(|token| token.as_deref() == Ok("token-1"))
    );
    assert_eq!(bench.source.fetches(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_on_two_threads_cause_one_fetch() {
    let bench = Bench::new(&[Reply::Token(Some(LIFETIME))]);
    let outcomes = concurrent_callers(&bench.cache, 1_000).await;
    assert!(
        outcomes
            .iter()
            .all(|token| token.as_deref() == Ok("token-1"))
    );
    assert_eq!(bench.source.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn callers_that_stop_waiting_neither_cancel_nor_repeat_the_fetch() {
    let bench = Bench::new(&[Reply::Token(Some(LIFETIME))]);
    for _ in 0..600 {
        let mut caller = task::spawn(bench.cache.get());
        assert_pending!(caller.poll());
        drop(caller);
        tokio::task::yield_now().await;
    }
    bench.settle().await;
    assert_eq!(bench.source.fetches(), 1);
    assert_eq!(bench.cache.current().unwrap().expose(), "token-1");
}

#[tokio::test(start_paused = true)]
async fn caller_may_stop_waiting_at_any_poll() {
    for polls in 0..4 {
        let bench = Bench::new(&[Reply::Token(Some(LIFETIME))]);
        {
            let mut caller = pin!(bench.cache.get());
            for _ in 0..polls {
                assert!(
                    tokio::time::timeout(Duration::from_millis(10), &mut caller)
                        .await
                        .is_err()
                );
            }
        }
        assert_eq!(bench.text().await, "token-1");
        assert_eq!(bench.source.fetches(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn get_that_is_never_polled_starts_no_fetch() {
    let bench = Bench::new(&[Reply::Token(Some(LIFETIME))]);
    drop(bench.cache.get());
    bench.settle().await;
    assert_eq!(bench.source.fetches(), 0);
    assert_eq!(bench.cache.status(), TokenStatus::Absent);
}

#[tokio::test(start_paused = true)]
async fn failure_is_shared_and_backed_off_from() {
    let bench = Bench::new(&[
        Reply::Failure(ErrorKind::Fault),
        Reply::Failure(ErrorKind::Connect),
        Reply::Token(Some(LIFETIME)),
    ]);
    let outcomes = concurrent_callers(&bench.cache, 1_000).await;
    assert!(outcomes.iter().all(|token| *token == Err(ErrorKind::Fault)));
    let late = assert_ready!(task::spawn(bench.cache.get()).poll());
    assert_eq!(late.unwrap_err().kind(), ErrorKind::Fault);
    assert_eq!(bench.source.fetches(), 1);
    // The first pause is 1 s, at most a fifth longer; the second is twice that.
    bench.clock.advance(Duration::from_millis(1_200));
    assert_eq!(bench.failure().await, ErrorKind::Connect);
    bench.clock.advance(Duration::from_millis(1_900));
    assert_eq!(bench.failure().await, ErrorKind::Connect);
    assert_eq!(bench.source.fetches(), 2);
    bench.clock.advance(Duration::from_millis(500));
    assert_eq!(bench.text().await, "token-3");
    assert_eq!(bench.cache.status(), TokenStatus::Fresh);
}

#[tokio::test(start_paused = true)]
async fn wrong_secret_causes_two_fetches_a_minute_at_most() {
    let bench = Bench::new(&[Reply::Failure(ErrorKind::Configuration)]);
    for _ in 0..60 {
        assert_eq!(bench.failure().await, ErrorKind::Configuration);
        bench.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(bench.source.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn source_that_panics_does_not_block_the_cache() {
    let bench = Bench::new(&[Reply::Panic, Reply::Token(Some(LIFETIME))]);
    let outcomes = concurrent_callers(&bench.cache, 10).await;
    assert!(
        outcomes
            .iter()
            .all(|token| *token == Err(ErrorKind::Internal))
    );
    bench.clock.advance(Duration::from_millis(1_200));
    assert_eq!(bench.text().await, "token-2");
}

#[tokio::test(start_paused = true)]
async fn source_that_hangs_does_not_block_the_cache() {
    let bench = Bench::new(&[Reply::Hang, Reply::Token(Some(LIFETIME))]);
    assert_eq!(bench.failure().await, ErrorKind::Timeout);
    bench.clock.advance(Duration::from_millis(1_200));
    assert_eq!(bench.text().await, "token-2");
}

#[tokio::test(start_paused = true)]
async fn fetch_takes_as_long_as_the_fetch_timeout_at_most() {
    let limit = Duration::from_secs(3);
    let cache = TokenCache::builder(Script::new(&[Reply::Hang]))
        .fetch_timeout(limit)
        .build();
    let began = tokio::time::Instant::now();
    assert_eq!(cache.get().await.unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(began.elapsed().as_secs(), limit.as_secs());
}

#[test]
fn runtime_that_shuts_down_does_not_block_the_cache() {
    let bench = Bench::new(&[Reply::Hang, Reply::Token(Some(LIFETIME))]);
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap()
    };
    runtime().block_on(async {
        let mut caller = task::spawn(bench.cache.get());
        assert_pending!(caller.poll());
        tokio::task::yield_now().await;
    });
    assert_eq!(
        bench.cache.status(),
        TokenStatus::Failing(ErrorKind::Internal)
    );
    bench.clock.advance(Duration::from_millis(1_200));
    assert_eq!(runtime().block_on(bench.text()), "token-2");
}

#[test]
fn fetch_on_a_runtime_that_is_shut_down_is_an_error_without_a_deadlock() {
    let bench = Bench::new(&[Reply::Token(Some(LIFETIME))]);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let handle = runtime.handle().clone();
    drop(runtime);
    let _inside = handle.enter();
    let mut caller = task::spawn(bench.cache.get());
    let error = tokio_test::assert_ready!(caller.poll()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
}

/// Sets the system time forward and back by a year, and lets `passed` pass meanwhile, which is an
/// even number of milliseconds.
fn set_forward_and_back(clock: &ManualClock, passed: Duration) {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3_600);

    let start = clock.clock().wall();
    clock.set(start.plus(YEAR));
    clock.advance(passed / 2);
    clock.set(start.minus(YEAR));
    clock.advance(passed - passed / 2);
}

#[tokio::test(start_paused = true)]
async fn change_of_the_system_time_neither_prolongs_nor_ends_a_pause() {
    let bench = Bench::new(&[
        Reply::Failure(ErrorKind::Configuration),
        Reply::Token(Some(LIFETIME)),
    ]);
    assert_eq!(bench.failure().await, ErrorKind::Configuration);
    set_forward_and_back(&bench.clock, Duration::from_secs(29));
    assert_eq!(bench.failure().await, ErrorKind::Configuration);
    assert_eq!(bench.source.fetches(), 1);
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.text().await, "token-2");
}

#[tokio::test(start_paused = true)]
async fn change_of_the_system_time_neither_prolongs_the_lifetime_of_a_token_nor_causes_fetches() {
    let bench = Bench::new(&[Reply::Token(Some(LIFETIME)), Reply::Hang]);
    assert_eq!(bench.text().await, "token-1");
    for _ in 0..10 {
        set_forward_and_back(&bench.clock, Duration::ZERO);
        assert!(
            concurrent_callers(&bench.cache, 20)
                .await
                .iter()
                .all(|token| token.as_deref() == Ok("token-1"))
        );
    }
    bench.settle().await;
    assert_eq!(bench.source.fetches(), 1, "a step is no reason to fetch");
    set_forward_and_back(&bench.clock, LIFETIME - Duration::from_secs(1));
    assert!(bench.cache.current().is_some());
    bench.clock.advance(Duration::from_secs(1));
    assert!(bench.cache.current().is_none(), "it has expired on time");
    bench.clock.set(Timestamp::from_unix_seconds(1_600_000_000));
    assert!(
        bench.cache.current().is_none(),
        "a clock that is set back does not revive it"
    );
}
