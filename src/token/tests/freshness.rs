//! Freshness, renewal and invalidation of a token cache.

use super::*;
use crate::secret::AccessToken;

#[tokio::test(start_paused = true)]
async fn fresh_token_is_returned_at_once() {
    let bench = Bench::new(&[Reply::Token(Some(LIFETIME))]);
    assert!(bench.cache.current().is_none());
    bench.text().await;
    let token = assert_ready!(task::spawn(bench.cache.get()).poll()).unwrap();
    assert!(token.is(&bench.cache.current().unwrap()));
    assert_eq!(bench.cache.status(), TokenStatus::Fresh);
}

#[tokio::test(start_paused = true)]
async fn near_the_expiry_one_fetch_starts_and_no_caller_waits() {
    let bench = Bench::new(&[Reply::Token(Some(LIFETIME))]);
    bench.text().await;
    bench.clock.advance(LIFETIME - Duration::from_secs(361));
    bench.text().await;
    bench.settle().await;
    assert_eq!(
        bench.source.fetches(),
        1,
        "before the widest window nothing is renewed"
    );
    bench.clock.advance(Duration::from_secs(200));
    for _ in 0..100 {
        let token = assert_ready!(task::spawn(bench.cache.get()).poll()).unwrap();
        assert_eq!(token.expose(), "token-1");
    }
    bench.settle().await;
    assert_eq!(bench.source.fetches(), 2);
    assert_eq!(bench.cache.current().unwrap().expose(), "token-2");
}

#[tokio::test(start_paused = true)]
async fn current_starts_the_renewal_as_well() {
    let bench = Bench::new(&[Reply::Token(Some(LIFETIME))]);
    bench.text().await;
    bench.clock.advance(LIFETIME - Duration::from_secs(200));
    assert_eq!(bench.cache.current().unwrap().expose(), "token-1");
    bench.settle().await;
    assert_eq!(bench.cache.current().unwrap().expose(), "token-2");
}

#[test]
fn without_a_runtime_a_token_near_its_expiry_is_still_served() {
    let bench = Bench::new(&[Reply::Token(Some(LIFETIME))]);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(bench.cache.get()).unwrap();
    bench.clock.advance(LIFETIME - Duration::from_secs(200));
    assert_eq!(bench.cache.current().unwrap().expose(), "token-1");
    runtime.block_on(async {
        assert_eq!(bench.text().await, "token-1");
        bench.settle().await;
    });
    assert_eq!(bench.cache.current().unwrap().expose(), "token-2");
    bench.clock.advance(LIFETIME);
    let outside = assert_ready!(task::spawn(bench.cache.get()).poll());
    assert_eq!(outside.unwrap_err().kind(), ErrorKind::Internal);
}

#[tokio::test(start_paused = true)]
async fn failed_refresh_keeps_the_token_until_it_expires() {
    let bench = Bench::new(&[
        Reply::Token(Some(LIFETIME)),
        Reply::Failure(ErrorKind::Fault),
    ]);
    bench.text().await;
    bench.clock.advance(LIFETIME - Duration::from_secs(100));
    assert_eq!(bench.text().await, "token-1");
    bench.settle().await;
    assert_eq!(bench.cache.status(), TokenStatus::Ageing(ErrorKind::Fault));
    for _ in 0..50 {
        assert_eq!(bench.text().await, "token-1");
    }
    bench.settle().await;
    assert_eq!(bench.source.fetches(), 2, "the refresh backs off too");
    bench.clock.advance(Duration::from_secs(2));
    assert_eq!(bench.text().await, "token-1");
    bench.settle().await;
    assert_eq!(bench.source.fetches(), 3);
    bench.clock.advance(Duration::from_secs(98));
    assert_eq!(bench.failure().await, ErrorKind::Fault);
    assert_eq!(bench.cache.status(), TokenStatus::Failing(ErrorKind::Fault));
}

#[tokio::test(start_paused = true)]
async fn two_hundred_callers_that_saw_a_token_rejected_cause_one_fetch() {
    let bench = Bench::new(&[Reply::Token(Some(LIFETIME))]);
    bench.text().await;
    let seen = bench.cache.current().unwrap().clone();
    let mut tasks = JoinSet::new();
    for _ in 0..200 {
        let (cache, seen) = (bench.cache.clone(), seen.clone());
        tasks.spawn(async move {
            cache.invalidate(&seen);
            cache.get().await.unwrap().expose().to_owned()
        });
    }
    let outcomes = tasks.join_all().await;
    assert!(outcomes.iter().all(|token| token == "token-2"));
    assert_eq!(bench.source.fetches(), 2);
    bench.cache.invalidate(&seen);
    let newer = bench.cache.current().map(|token| token.expose().to_owned());
    assert_eq!(
        newer.as_deref(),
        Some("token-2"),
        "a newer token is not dropped"
    );
}

#[tokio::test(start_paused = true)]
async fn two_fetches_are_at_least_one_second_apart() {
    let bench = Bench::new(&[Reply::Token(Some(LIFETIME))]);
    bench.text().await;
    let before = tokio::time::Instant::now();
    let seen = bench.cache.current().unwrap().clone();
    bench.cache.invalidate(&seen);
    assert_eq!(bench.text().await, "token-2");
    assert!(before.elapsed() >= Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn e5_token_without_a_lifetime_serves_waiting_callers_and_is_not_cached() {
    let bench = Bench::new(&[Reply::Token(None)]);
    let outcomes = concurrent_callers(&bench.cache, 100).await;
    assert!(
        outcomes
            .iter()
            .all(|token| token.as_deref() == Ok("token-1"))
    );
    assert!(bench.cache.current().is_none());
    let before = tokio::time::Instant::now();
    assert_eq!(bench.text().await, "token-2");
    assert!(
        before.elapsed() >= Duration::from_secs(1),
        "the rate limit still holds"
    );
}

#[tokio::test(start_paused = true)]
async fn expired_token_is_never_returned() {
    let bench = Bench::new(&[Reply::Token(Some(LIFETIME))]);
    bench.text().await;
    bench.clock.advance(LIFETIME);
    assert!(bench.cache.current().is_none());
    assert_eq!(bench.text().await, "token-2");
}

#[tokio::test(start_paused = true)]
async fn lifetime_counts_from_before_the_request() {
    let hand = ManualClock::new(Timestamp::from_unix_seconds(1_700_000_000));
    let slow = {
        let hand = hand.clone();
        move || {
            let hand = hand.clone();
            async move {
                hand.advance(Duration::from_secs(10));
                Ok(IssuedToken::new(
                    AccessToken::new("t"),
                    Some(Duration::from_secs(60)),
                ))
            }
        }
    };
    let cache = TokenCache::builder(slow).clock(hand.clock()).build();
    cache.get().await.unwrap();
    hand.advance(Duration::from_secs(49));
    assert!(cache.current().is_some());
    hand.advance(Duration::from_secs(1));
    assert!(cache.current().is_none());
}

#[tokio::test(start_paused = true)]
async fn cache_is_a_service() {
    let mut service = Bench::new(&[Reply::Token(Some(LIFETIME))]).cache;
    assert_eq!(
        service
            .ready()
            .await
            .unwrap()
            .call(())
            .await
            .unwrap()
            .expose(),
        "token-1"
    );
}

#[tokio::test(start_paused = true)]
async fn debug_never_shows_the_token() {
    let bench = Bench::new(&[Reply::Token(Some(LIFETIME))]);
    bench.text().await;
    let future = bench.cache.get();
    let shown = format!("{:?} {future:?} {:?}", bench.cache, bench.cache.current());
    assert!(!shown.contains("token-1"), "{shown}");
}

#[test]
fn handles_are_send_and_sync() {
    fn check<T: Send + Sync>() {}
    check::<TokenCache<Script>>();
    check::<CurrentToken>();
    check::<GetToken<Script>>();
}
