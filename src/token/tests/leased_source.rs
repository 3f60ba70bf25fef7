//! One token for several instances.

use std::sync::Mutex;

use tokio::time::{Instant, sleep, timeout};

use super::super::leased_source::LeasedSource;
use super::*;
use crate::coordination::tests::InMemoryCoordinator;
use crate::coordination::{BoxFuture, Coordinator, FlowState, Lease, LeaseResponse};
use crate::secret::AccessToken;
use crate::trace::tests::Captured;

const STEP: Duration = Duration::from_millis(100);

/// Instances that share a coordinator. Clusters with the same `upstream` belong to one application,
/// for which each fetched token invalidates the previous one.
struct Cluster {
    caches: Vec<TokenCache<Script>>,
    upstream: Script,
    clock: ManualClock,
}

impl Cluster {
    fn new(coordinator: &Arc<impl Coordinator>, upstream: &Script, clock: &ManualClock) -> Self {
        let coordinator: Arc<dyn Coordinator> = Arc::<_>::clone(coordinator) as _;
        let cache = || {
            let cache = TokenCache::builder(upstream.clone())
                .clock(clock.clock())
                .fetch_timeout(Duration::from_secs(5))
                .build();
            cache.attach_coordinator(&coordinator, "app").unwrap();
            cache
        };
        Self {
            caches: (0..4).map(|_| cache()).collect(),
            upstream: upstream.clone(),
            clock: clock.clone(),
        }
    }

    fn alone(coordinator: &Arc<impl Coordinator>, replies: &[Reply]) -> Self {
        let clock = ManualClock::new(Timestamp::from_unix_seconds(1_700_000_000));
        Self::new(coordinator, &Script::new(replies), &clock)
    }

    /// Gets the token at all instances at once.
    async fn all(&self) -> Vec<Result<String, ErrorKind>> {
        let mut outcomes = Vec::new();
        let mut tasks = JoinSet::new();
        for (index, cache) in self.caches.iter().cloned().enumerate() {
            tasks.spawn(async move { (index, text(&cache).await) });
        }
        outcomes.extend(tasks.join_all().await);
        outcomes.sort_by_key(|(index, _)| *index);
        outcomes.into_iter().map(|(_, token)| token).collect()
    }

    /// Handles a request: calls the upstream system with the token, and once more with another one
    /// if that is rejected.
    async fn request(&self, cache: &TokenCache<Script>) -> Result<(), ErrorKind> {
        for _ in 0..2 {
            let token = cache
                .get()
                .await
                .map(|token| (*token).clone())
                .map_err(|error| error.kind())?;
            if token.expose() == format!("token-{}", self.upstream.fetches()) {
                return Ok(());
            }
            cache.invalidate(&token);
        }
        Err(ErrorKind::TokenRejected)
    }

    /// Handles requests at all instances continuously. Returns their outcomes.
    async fn serve(&self, duration: Duration) -> Vec<Result<(), ErrorKind>> {
        let end = Instant::now() + duration;
        let mut outcomes = Vec::new();
        while Instant::now() < end {
            for cache in &self.caches {
                outcomes.push(
                    timeout(STEP, self.request(cache))
                        .await
                        .unwrap_or(Err(ErrorKind::Timeout)),
                );
            }
            pass(&self.clock, STEP).await;
        }
        outcomes
    }
}

fn source(coordinator: &Arc<impl Coordinator>, name: &str) -> LeasedSource {
    LeasedSource::new(
        Arc::<_>::clone(coordinator) as Arc<dyn Coordinator>,
        name.to_owned(),
    )
}

async fn text(cache: &TokenCache<Script>) -> Result<String, ErrorKind> {
    cache
        .get()
        .await
        .map(|token| token.expose().to_owned())
        .map_err(|error| error.kind())
}

async fn pass(clock: &ManualClock, duration: Duration) {
    sleep(duration).await;
    clock.advance(duration);
}

fn four(token: &str) -> Vec<Result<String, ErrorKind>> {
    vec![Ok(token.to_owned()); 4]
}

fn issued(text: &str) -> Result<IssuedToken, Error> {
    Ok(IssuedToken::new(AccessToken::new(text), Some(LIFETIME)))
}

/// Fetches from a source whose upstream system responds at once.
async fn fetched(source: &LeasedSource, text: &str) -> Result<String, ErrorKind> {
    let fetched = source.fetch(|| async { issued(text) }).await;
    fetched
        .map(|issued| issued.token().expose().to_owned())
        .map_err(|error| error.kind())
}

/// A coordinator over a slow connection: every call is delayed before it has its effect and after.
/// It can lose its data, and stop responding.
#[derive(Debug, Default)]
struct SlowCoordinator {
    inner: Mutex<Arc<InMemoryCoordinator>>,
    hangs: Mutex<bool>,
}

impl SlowCoordinator {
    const DELAY: Duration = Duration::from_millis(10);

    fn forget(&self) {
        *self.inner.lock().unwrap() = Arc::default();
    }

    fn hang(&self, hangs: bool) {
        *self.hangs.lock().unwrap() = hangs;
    }

    async fn request(&self) -> Arc<InMemoryCoordinator> {
        self.delay().await;
        Arc::clone(&self.inner.lock().unwrap())
    }

    async fn reply<T>(&self, reply: T) -> T {
        self.delay().await;
        reply
    }

    async fn delay(&self) {
        sleep(Self::DELAY).await;
        let hangs = *self.hangs.lock().unwrap();
        if hangs {
            // Longer than any caller waits.
            sleep(Duration::from_secs(3_600)).await;
        }
    }
}

macro_rules! delayed {
    ($self:ident.$method:ident($($argument:ident),*)) => {
        Box::pin(async move {
            let reply = $self.request().await.$method($($argument),*).await;
            $self.reply(reply).await
        })
    };
}

impl Coordinator for SlowCoordinator {
    fn claim_flow<'a>(
        &'a self,
        flow: &'a str,
        time_to_live: Duration,
    ) -> BoxFuture<'a, Option<FlowState>> {
        delayed!(self.claim_flow(flow, time_to_live))
    }

    fn flow_state<'a>(&'a self, flow: &'a str) -> BoxFuture<'a, Option<FlowState>> {
        delayed!(self.flow_state(flow))
    }

    fn complete_flow<'a>(&'a self, flow: &'a str, outcome: &'a [u8]) -> BoxFuture<'a, ()> {
        delayed!(self.complete_flow(flow, outcome))
    }

    fn reject_flow<'a>(&'a self, flow: &'a str, note: u64) -> BoxFuture<'a, ()> {
        delayed!(self.reject_flow(flow, note))
    }

    fn acquire_lease<'a>(&'a self, name: &'a str, newer_than: u64) -> BoxFuture<'a, LeaseResponse> {
        delayed!(self.acquire_lease(name, newer_than))
    }

    fn publish_token<'a>(
        &'a self,
        name: &'a str,
        lease: &'a Lease,
        token: &'a AccessToken,
        lifetime: Duration,
    ) -> BoxFuture<'a, bool> {
        delayed!(self.publish_token(name, lease, token, lifetime))
    }

    fn release_lease<'a>(
        &'a self,
        name: &'a str,
        lease: &'a Lease,
        pause: Duration,
    ) -> BoxFuture<'a, ()> {
        delayed!(self.release_lease(name, lease, pause))
    }
}

#[tokio::test(start_paused = true)]
async fn four_instances_without_a_token_cause_one_fetch() {
    let cluster = Cluster::alone(
        &Arc::new(InMemoryCoordinator::default()),
        &[Reply::Token(Some(LIFETIME))],
    );
    assert_eq!(cluster.all().await, four("token-1"));
    assert_eq!(cluster.upstream.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn one_instance_renews_the_token_for_all_before_it_expires() {
    let cluster = Cluster::alone(
        &Arc::new(InMemoryCoordinator::default()),
        &[Reply::Token(Some(LIFETIME))],
    );
    assert_eq!(cluster.all().await, four("token-1"));
    pass(&cluster.clock, LIFETIME - Duration::from_secs(200)).await;
    assert_eq!(cluster.all().await, four("token-1"));
    sleep(Duration::from_secs(5)).await;
    assert_eq!(cluster.all().await, four("token-2"));
    assert_eq!(cluster.upstream.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn token_that_is_rejected_at_all_instances_is_fetched_again_once() {
    let cluster = Cluster::alone(
        &Arc::new(InMemoryCoordinator::default()),
        &[Reply::Token(Some(LIFETIME))],
    );
    assert_eq!(cluster.all().await, four("token-1"));
    for cache in &cluster.caches {
        let seen = cache.current().unwrap().clone();
        cache.invalidate(&seen);
    }
    // No caller fails because of the second between two fetches.
    assert_eq!(cluster.all().await, four("token-2"));
    assert_eq!(cluster.upstream.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn two_fetches_of_different_instances_are_at_least_one_second_apart() {
    let coordinator = Arc::new(InMemoryCoordinator::default());
    let (one, other) = (source(&coordinator, "app"), source(&coordinator, "app"));
    assert_eq!(fetched(&one, "first").await.as_deref(), Ok("first"));
    assert_eq!(fetched(&other, "never").await.as_deref(), Ok("first"));
    let before = Instant::now();
    assert_eq!(fetched(&other, "second").await.as_deref(), Ok("second"));
    assert!(
        (1_000..=1_200).contains(&before.elapsed().as_millis()),
        "{:?}",
        before.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn adopted_token_has_its_remaining_lifetime() {
    let coordinator = Arc::new(InMemoryCoordinator::default());
    let slow = || async {
        sleep(Duration::from_secs(3)).await;
        issued("t")
    };
    source(&coordinator, "app").fetch(slow).await.unwrap();
    sleep(Duration::from_secs(7_000)).await;
    let adopted = source(&coordinator, "app")
        .fetch(|| async { unreachable!("there is one") })
        .await
        .unwrap();
    assert_eq!(adopted.lifetime(), Some(Duration::from_secs(197)));
}

#[tokio::test(start_paused = true)]
async fn wait_for_the_lease_does_not_shorten_the_lifetime_of_a_token() {
    let coordinator = Arc::new(InMemoryCoordinator::default());
    let dead = source(&coordinator, "app");
    let mut dying = task::spawn(dead.fetch(std::future::pending));
    assert_pending!(dying.poll());
    drop(dying);
    // The cache counts the lifetime from the start of the wait.
    let before = Instant::now();
    let waiting = source(&coordinator, "app");
    let fetched = waiting.fetch(|| async { issued("t") }).await;
    let lifetime = fetched.unwrap().lifetime();
    let waited = before.elapsed();
    assert!(waited >= Lease::DURATION, "{waited:?}");
    assert_eq!(lifetime, Some(LIFETIME + waited));
}

#[tokio::test(start_paused = true)]
async fn instance_that_dies_while_fetching_delays_the_others_by_ten_seconds_at_most() {
    let coordinator = Arc::new(InMemoryCoordinator::default());
    let dead = source(&coordinator, "app");
    let mut dying = task::spawn(dead.fetch(std::future::pending));
    assert_pending!(dying.poll());
    drop(dying);
    let cluster = Cluster::alone(&coordinator, &[Reply::Token(Some(LIFETIME))]);
    let before = Instant::now();
    assert_eq!(cluster.all().await, four("token-1"));
    assert!(
        before.elapsed() <= Lease::DURATION + Duration::from_millis(500),
        "{:?}",
        before.elapsed()
    );
    assert_eq!(cluster.upstream.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn instance_that_is_too_slow_adopts_the_newer_token() {
    let coordinator = Arc::new(InMemoryCoordinator::default());
    let (slow, quick, third) = (
        source(&coordinator, "app"),
        source(&coordinator, "app"),
        source(&coordinator, "app"),
    );
    let fetches = AtomicUsize::new(0);
    let late = || async {
        fetches.fetch_add(1, Ordering::SeqCst);
        sleep(Lease::DURATION + Duration::from_secs(2)).await;
        issued("late")
    };
    let (late, newer) = tokio::join!(slow.fetch(late), async {
        sleep(STEP).await;
        fetched(&quick, "newer").await
    });
    assert_eq!(newer.as_deref(), Ok("newer"));
    assert_eq!(late.unwrap().token().expose(), "newer");
    assert_eq!(fetched(&third, "never").await.as_deref(), Ok("newer"));
    assert_eq!(fetches.into_inner(), 1);
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_the_instances_retry_one_second_apart() {
    let coordinator = Arc::new(InMemoryCoordinator::default());
    let tries = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = JoinSet::new();
    for _ in 0..4 {
        let (source, tries) = (source(&coordinator, "app"), Arc::clone(&tries));
        tasks.spawn(async move {
            let failing = || async {
                tries.lock().unwrap().push(Instant::now());
                Err(Error::new(ErrorKind::Fault, "scripted failure"))
            };
            source.fetch(failing).await.unwrap_err().kind()
        });
    }
    assert_eq!(tasks.join_all().await, [ErrorKind::Fault; 4]);
    let tries = tries.lock().unwrap();
    assert_eq!(tries.len(), 4);
    assert!(
        tries
            .windows(2)
            .all(|pair| pair[1] - pair[0] >= Duration::from_secs(1)),
        "{tries:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn token_without_a_lifetime_is_returned_and_not_shared() {
    let coordinator = Arc::new(InMemoryCoordinator::default());
    let endless = || async { Ok(IssuedToken::new(AccessToken::new("t"), None)) };
    let before = Instant::now();
    for _ in 0..4 {
        assert_eq!(
            source(&coordinator, "app")
                .fetch(endless)
                .await
                .unwrap()
                .token()
                .expose(),
            "t"
        );
    }
    assert!(
        (3_000..=3_600).contains(&before.elapsed().as_millis()),
        "one a second, {:?}",
        before.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn token_that_expires_during_the_fetch_is_not_shared() {
    let coordinator = Arc::new(InMemoryCoordinator::default());
    let slow = || async {
        sleep(Duration::from_secs(3)).await;
        Ok(IssuedToken::new(
            AccessToken::new("t"),
            Some(Duration::from_secs(3)),
        ))
    };
    for _ in 0..4 {
        assert!(source(&coordinator, "app").fetch(slow).await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn while_tokens_are_replaced_early_all_instances_fail_at_once_with_busy() {
    let coordinator = Arc::new(InMemoryCoordinator::default());
    let (one, other) = (source(&coordinator, "app"), source(&coordinator, "app"));
    for _ in 0..2 {
        assert!(fetched(&one, "t").await.is_ok());
    }
    assert!(fetched(&other, "never").await.is_ok());
    let before = Instant::now();
    assert_eq!(fetched(&one, "never").await, Err(ErrorKind::Busy));
    assert_eq!(fetched(&other, "never").await, Err(ErrorKind::Busy));
    assert_eq!(before.elapsed(), Duration::ZERO);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(fetched(&other, "new").await.as_deref(), Ok("new"));
}

#[tokio::test(start_paused = true)]
async fn while_the_coordinator_is_unreachable_each_instance_fetches_for_itself_every_ten_seconds() {
    let log = Captured::new();
    let coordinator = Arc::new(InMemoryCoordinator::default());
    let cluster = Cluster::alone(&coordinator, &[Reply::Token(Some(LIFETIME))]);
    coordinator.set_unreachable(true);
    assert!(cluster.all().await.iter().all(Result::is_ok));
    assert_eq!(cluster.upstream.fetches(), 4);
    // Each of them invalidates the tokens of the others.
    let outcomes = cluster.serve(Duration::from_secs(60)).await;
    let fetches = cluster.upstream.fetches();
    assert!(
        (5..=4 * 7).contains(&fetches),
        "{fetches}: at most one in 10 s for each of four"
    );
    assert!(outcomes.contains(&Err(ErrorKind::Unresponsive)));
    assert_eq!(
        log.text().matches("fetches its own token").count(),
        4,
        "one line each:\n{}",
        log.text()
    );
    assert!(!log.text().contains("token-"), "{}", log.text());

    coordinator.set_unreachable(false);
    drop(cluster.serve(Duration::from_secs(60)).await);
    assert!(
        cluster.upstream.fetches() - fetches <= 2,
        "{} after {fetches}",
        cluster.upstream.fetches()
    );
    assert_eq!(
        cluster.all().await,
        four(&format!("token-{}", cluster.upstream.fetches()))
    );
    assert_eq!(
        log.text().matches("shared again").count(),
        4,
        "{}",
        log.text()
    );
}

#[tokio::test(start_paused = true)]
async fn coordinator_that_does_not_respond_in_time_is_unreachable() {
    let coordinator = Arc::new(SlowCoordinator::default());
    coordinator.hang(true);
    let source = source(&coordinator, "app");
    let before = Instant::now();
    assert_eq!(fetched(&source, "own").await.as_deref(), Ok("own"));
    assert!(
        before.elapsed() <= Duration::from_secs(3),
        "{:?}",
        before.elapsed()
    );
    assert_eq!(
        fetched(&source, "never").await,
        Err(ErrorKind::Unresponsive)
    );
    sleep(Duration::from_secs(10)).await;
    assert_eq!(
        fetched(&source, "own again").await.as_deref(),
        Ok("own again")
    );
}

#[tokio::test(start_paused = true)]
async fn token_is_returned_even_if_the_coordinator_becomes_unreachable_during_the_fetch() {
    let coordinator = Arc::new(InMemoryCoordinator::default());
    let (one, other) = (source(&coordinator, "app"), source(&coordinator, "app"));
    let leaving = || async {
        coordinator.set_unreachable(true);
        issued("own")
    };
    assert_eq!(one.fetch(leaving).await.unwrap().token().expose(), "own");
    assert_eq!(
        fetched(&one, "never").await,
        Err(ErrorKind::Unresponsive),
        "it has fetched just now"
    );
    coordinator.set_unreachable(false);
    assert_eq!(fetched(&other, "shared").await.as_deref(), Ok("shared"));
    assert_eq!(fetched(&one, "never").await.as_deref(), Ok("shared"));
}

#[tokio::test(start_paused = true)]
async fn token_that_may_have_been_published_is_not_adopted_when_it_is_rejected() {
    let coordinator = Arc::new(SlowCoordinator::default());
    let one = source(&coordinator, "app");
    let cut_off = || async {
        let coordinator = Arc::clone(&coordinator);
        // The response of `publish_token` is lost, but not its effect.
        tokio::spawn(async move {
            sleep(SlowCoordinator::DELAY + SlowCoordinator::DELAY / 2).await;
            coordinator.hang(true);
        });
        issued("own")
    };
    assert_eq!(one.fetch(cut_off).await.unwrap().token().expose(), "own");
    coordinator.hang(false);
    sleep(Duration::from_secs(10)).await;
    assert_eq!(
        fetched(&source(&coordinator, "app"), "never")
            .await
            .as_deref(),
        Ok("own")
    );
    assert_eq!(fetched(&one, "new").await.as_deref(), Ok("new"));
}

#[tokio::test(start_paused = true)]
async fn coordinator_that_has_lost_its_data_is_used_again() {
    let coordinator = Arc::new(SlowCoordinator::default());
    let (one, other) = (source(&coordinator, "app"), source(&coordinator, "app"));
    for number in 1..=5 {
        sleep(Duration::from_secs(100)).await;
        assert!(fetched(&one, &format!("old {number}")).await.is_ok());
    }
    coordinator.forget();
    assert_eq!(fetched(&other, "new").await.as_deref(), Ok("new"));
    assert_eq!(fetched(&one, "never").await.as_deref(), Ok("new"));
    coordinator.forget();
    assert_eq!(fetched(&one, "newest").await.as_deref(), Ok("newest"));
}

#[tokio::test(start_paused = true)]
async fn token_of_another_application_is_never_adopted() {
    let coordinator = Arc::new(InMemoryCoordinator::default());
    let (one, other) = (
        source(&coordinator, "app"),
        source(&coordinator, "another app"),
    );
    assert_eq!(fetched(&one, "one").await.as_deref(), Ok("one"));
    assert_eq!(fetched(&other, "other").await.as_deref(), Ok("other"));
    assert_eq!(
        fetched(&source(&coordinator, "app"), "never")
            .await
            .as_deref(),
        Ok("one")
    );
}

#[tokio::test(start_paused = true)]
async fn two_clusters_that_fetch_for_one_key_back_off() {
    let clock = ManualClock::new(Timestamp::from_unix_seconds(1_700_000_000));
    let upstream = Script::new(&[Reply::Token(Some(LIFETIME))]);
    let one = Cluster::new(&Arc::new(InMemoryCoordinator::default()), &upstream, &clock);
    let other = Cluster::new(&Arc::new(InMemoryCoordinator::default()), &upstream, &clock);
    let (mut outcomes, end) = (Vec::new(), Instant::now() + Duration::from_secs(600));
    while Instant::now() < end {
        outcomes.extend(one.serve(STEP).await);
        outcomes.extend(other.serve(STEP).await);
    }
    // 1, 2, 4, 8 and 16 s after one another, and every 30 s from then on: 25 for each coordinator
    // in ten minutes.
    let fetches = upstream.fetches();
    assert!((20..=50).contains(&fetches), "{fetches}");
    assert!(outcomes.contains(&Err(ErrorKind::Busy)));
}

#[tokio::test(start_paused = true)]
async fn fetch_that_is_dropped_at_any_point_leaves_only_a_lease() {
    let upstream = Script::new(&[Reply::Token(Some(LIFETIME))]);
    for polls in 1.. {
        let (coordinator, before) = (Arc::new(SlowCoordinator::default()), upstream.fetches());
        let dropped = source(&coordinator, "app");
        let mut fetch = task::spawn(dropped.fetch(|| upstream.fetch()));
        let mut done = false;
        for _ in 0..polls {
            sleep(SlowCoordinator::DELAY / 2).await;
            done = fetch.poll().is_ready();
            if done {
                break;
            }
        }
        drop(fetch);
        for source in [&source(&coordinator, "app"), &dropped] {
            let start = Instant::now();
            assert!(source.fetch(|| upstream.fetch()).await.is_ok());
            assert!(
                start.elapsed() <= Lease::DURATION + Duration::from_secs(2),
                "{:?} at {polls}",
                start.elapsed()
            );
            sleep(Duration::from_secs(60)).await;
        }
        assert!(
            upstream.fetches() - before <= 2 + usize::from(done),
            "at {polls}"
        );
        if done {
            assert!(polls > 10, "{polls}");
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn debug_never_shows_a_shared_token() {
    let coordinator = Arc::new(InMemoryCoordinator::default());
    let source = source(&coordinator, "app");
    assert!(fetched(&source, "t0ken").await.is_ok());
    let shown = format!("{source:?}");
    assert!(shown.contains("app") && !shown.contains("t0ken"), "{shown}");
}
