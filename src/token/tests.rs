use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_test::task;
use tokio_test::{assert_pending, assert_ready};
use tower::{Service, ServiceExt};

use super::*;
use crate::clock::{ManualClock, Timestamp};
use crate::error::{Error, ErrorKind};

const LIFETIME: Duration = Duration::from_secs(7_200);
const FETCH_TIME: Duration = Duration::from_millis(50);

/// A source that counts, takes [`FETCH_TIME`], and answers by its script (the last entry for ever).
#[derive(Clone)]
struct Script {
    fetches: Arc<AtomicUsize>,
    answers: Arc<Vec<Answer>>,
}

#[derive(Clone, Copy)]
enum Answer {
    Token(Option<Duration>),
    Failure(ErrorKind),
    Panic,
    Hang,
}

impl Script {
    fn new(answers: &[Answer]) -> Self {
        Self { fetches: Arc::default(), answers: Arc::new(answers.to_vec()) }
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

impl TokenSource for Script {
    fn fetch(&self) -> impl Future<Output = Result<IssuedToken, Error>> + Send {
        let number = self.fetches.fetch_add(1, Ordering::SeqCst) + 1;
        let answer = *self.answers.get(number - 1).unwrap_or_else(|| self.answers.last().unwrap());
        async move {
            tokio::time::sleep(FETCH_TIME).await;
            match answer {
                Answer::Token(lifetime) => Ok(IssuedToken::new(AccessToken::new(format!("token-{number}")), lifetime)),
                Answer::Failure(kind) => Err(Error::new(kind, "scripted failure")),
                Answer::Panic => panic!("scripted panic"),
                Answer::Hang => std::future::pending().await,
            }
        }
    }
}

struct Bench {
    cache: TokenCache<Script>,
    source: Script,
    clock: ManualClock,
}

impl Bench {
    fn new(answers: &[Answer]) -> Self {
        let source = Script::new(answers);
        let clock = ManualClock::new(Timestamp::from_unix_seconds(1_700_000_000));
        let cache = TokenCache::builder(source.clone()).clock(clock.clock()).build();
        Self { cache, source, clock }
    }

    /// Lets background tasks finish, without moving the manual clock.
    async fn settle(&self) {
        tokio::time::sleep(Duration::from_secs(5)).await;
    }

    async fn text(&self) -> String {
        self.cache.get().await.unwrap().expose().to_owned()
    }

    async fn failure(&self) -> ErrorKind {
        self.cache.get().await.unwrap_err().kind()
    }
}

/// All callers at once, each in a task of its own; what they were told.
async fn herd(cache: &TokenCache<Script>, callers: usize) -> Vec<Result<String, ErrorKind>> {
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let cache = cache.clone();
        tasks.spawn(
            async move { cache.get().await.map(|token| token.expose().to_owned()).map_err(|error| error.kind()) },
        );
    }
    tasks.join_all().await
}

#[tokio::test(start_paused = true)]
async fn a_thousand_cold_callers_cause_one_fetch() {
    let bench = Bench::new(&[Answer::Token(Some(LIFETIME))]);
    let told = herd(&bench.cache, 1_000).await;
    assert!(told.iter().all(|token| token.as_deref() == Ok("token-1")));
    assert_eq!(bench.source.fetches(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_on_two_threads_cause_one_fetch() {
    let bench = Bench::new(&[Answer::Token(Some(LIFETIME))]);
    let told = herd(&bench.cache, 1_000).await;
    assert!(told.iter().all(|token| token.as_deref() == Ok("token-1")));
    assert_eq!(bench.source.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn callers_that_go_away_neither_stop_nor_multiply_the_fetch() {
    let bench = Bench::new(&[Answer::Token(Some(LIFETIME))]);
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
async fn a_caller_may_go_away_at_any_poll() {
    for polls in 0..4 {
        let bench = Bench::new(&[Answer::Token(Some(LIFETIME))]);
        {
            let mut caller = pin!(bench.cache.get());
            for _ in 0..polls {
                assert!(tokio::time::timeout(Duration::from_millis(10), &mut caller).await.is_err());
            }
        }
        assert_eq!(bench.text().await, "token-1");
        assert_eq!(bench.source.fetches(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_get_that_is_never_polled_fetches_nothing() {
    let bench = Bench::new(&[Answer::Token(Some(LIFETIME))]);
    drop(bench.cache.get());
    bench.settle().await;
    assert_eq!(bench.source.fetches(), 0);
    assert_eq!(bench.cache.status(), TokenStatus::Absent);
}

#[tokio::test(start_paused = true)]
async fn a_fresh_token_is_there_at_once() {
    let bench = Bench::new(&[Answer::Token(Some(LIFETIME))]);
    assert!(bench.cache.current().is_none());
    bench.text().await;
    let token = assert_ready!(task::spawn(bench.cache.get()).poll()).unwrap();
    assert!(token.is(&bench.cache.current().unwrap()));
    assert_eq!(bench.cache.status(), TokenStatus::Fresh);
}

#[tokio::test(start_paused = true)]
async fn near_its_end_one_fetch_starts_and_nobody_waits() {
    let bench = Bench::new(&[Answer::Token(Some(LIFETIME))]);
    bench.text().await;
    bench.clock.advance(LIFETIME - Duration::from_secs(361));
    bench.text().await;
    bench.settle().await;
    assert_eq!(bench.source.fetches(), 1, "before the widest window nothing is renewed");
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
async fn reading_without_waiting_renews_as_well() {
    let bench = Bench::new(&[Answer::Token(Some(LIFETIME))]);
    bench.text().await;
    bench.clock.advance(LIFETIME - Duration::from_secs(200));
    assert_eq!(bench.cache.current().unwrap().expose(), "token-1");
    bench.settle().await;
    assert_eq!(bench.cache.current().unwrap().expose(), "token-2");
}

#[test]
fn outside_a_runtime_a_token_near_its_end_is_still_served() {
    let bench = Bench::new(&[Answer::Token(Some(LIFETIME))]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
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
async fn a_failed_refresh_keeps_the_token_while_it_lasts() {
    let bench = Bench::new(&[Answer::Token(Some(LIFETIME)), Answer::Failure(ErrorKind::Fault)]);
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
async fn a_failure_is_shared_and_backed_off_from() {
    let bench = Bench::new(&[
        Answer::Failure(ErrorKind::Fault),
        Answer::Failure(ErrorKind::Connect),
        Answer::Token(Some(LIFETIME)),
    ]);
    let told = herd(&bench.cache, 1_000).await;
    assert!(told.iter().all(|token| *token == Err(ErrorKind::Fault)));
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
async fn a_wrong_secret_is_asked_about_twice_a_minute_at_most() {
    let bench = Bench::new(&[Answer::Failure(ErrorKind::Configuration)]);
    for _ in 0..60 {
        assert_eq!(bench.failure().await, ErrorKind::Configuration);
        bench.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(bench.source.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn two_hundred_who_saw_a_token_fail_cause_one_new_fetch() {
    let bench = Bench::new(&[Answer::Token(Some(LIFETIME))]);
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
    let told = tasks.join_all().await;
    assert!(told.iter().all(|token| token == "token-2"));
    assert_eq!(bench.source.fetches(), 2);
    bench.cache.invalidate(&seen);
    let newer = bench.cache.current().map(|token| token.expose().to_owned());
    assert_eq!(newer.as_deref(), Some("token-2"), "a newer token is not taken away");
}

#[tokio::test(start_paused = true)]
async fn two_fetches_are_at_least_one_second_apart() {
    let bench = Bench::new(&[Answer::Token(Some(LIFETIME))]);
    bench.text().await;
    let before = tokio::time::Instant::now();
    let seen = bench.cache.current().unwrap().clone();
    bench.cache.invalidate(&seen);
    assert_eq!(bench.text().await, "token-2");
    assert!(before.elapsed() >= Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn e5_a_token_without_a_lifetime_serves_those_who_wait_and_is_not_kept() {
    let bench = Bench::new(&[Answer::Token(None)]);
    let told = herd(&bench.cache, 100).await;
    assert!(told.iter().all(|token| token.as_deref() == Ok("token-1")));
    assert!(bench.cache.current().is_none());
    let before = tokio::time::Instant::now();
    assert_eq!(bench.text().await, "token-2");
    assert!(before.elapsed() >= Duration::from_secs(1), "the rate limit still holds");
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_is_never_handed_out() {
    let bench = Bench::new(&[Answer::Token(Some(LIFETIME))]);
    bench.text().await;
    bench.clock.advance(LIFETIME);
    assert!(bench.cache.current().is_none());
    assert_eq!(bench.text().await, "token-2");
}

#[tokio::test(start_paused = true)]
async fn the_lifetime_counts_from_before_the_request() {
    let hand = ManualClock::new(Timestamp::from_unix_seconds(1_700_000_000));
    let slow = {
        let hand = hand.clone();
        move || {
            let hand = hand.clone();
            async move {
                hand.advance(Duration::from_secs(10));
                Ok(IssuedToken::new(AccessToken::new("t"), Some(Duration::from_secs(60))))
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
async fn a_source_that_panics_does_not_wedge_the_cache() {
    let bench = Bench::new(&[Answer::Panic, Answer::Token(Some(LIFETIME))]);
    let told = herd(&bench.cache, 10).await;
    assert!(told.iter().all(|token| *token == Err(ErrorKind::Internal)));
    bench.clock.advance(Duration::from_millis(1_200));
    assert_eq!(bench.text().await, "token-2");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_hangs_does_not_wedge_the_cache() {
    let bench = Bench::new(&[Answer::Hang, Answer::Token(Some(LIFETIME))]);
    assert_eq!(bench.failure().await, ErrorKind::Timeout);
    bench.clock.advance(Duration::from_millis(1_200));
    assert_eq!(bench.text().await, "token-2");
}

#[test]
fn a_runtime_that_shuts_down_does_not_wedge_the_cache() {
    let bench = Bench::new(&[Answer::Hang, Answer::Token(Some(LIFETIME))]);
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime().block_on(async {
        let mut caller = task::spawn(bench.cache.get());
        assert_pending!(caller.poll());
        tokio::task::yield_now().await;
    });
    assert_eq!(bench.cache.status(), TokenStatus::Failing(ErrorKind::Internal));
    bench.clock.advance(Duration::from_millis(1_200));
    assert_eq!(runtime().block_on(bench.text()), "token-2");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_stops_nothing() {
    let bench = Bench::new(&[Answer::Failure(ErrorKind::Configuration), Answer::Token(Some(LIFETIME))]);
    assert_eq!(bench.failure().await, ErrorKind::Configuration);
    bench.clock.set(Timestamp::from_unix_seconds(1_600_000_000));
    let before = tokio::time::Instant::now();
    assert_eq!(bench.text().await, "token-2");
    assert!(before.elapsed() <= Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn the_cache_is_a_service() {
    let mut service = Bench::new(&[Answer::Token(Some(LIFETIME))]).cache;
    assert_eq!(service.ready().await.unwrap().call(()).await.unwrap().expose(), "token-1");
}

#[tokio::test(start_paused = true)]
async fn debug_never_shows_the_token() {
    let bench = Bench::new(&[Answer::Token(Some(LIFETIME))]);
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
