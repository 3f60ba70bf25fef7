//! Freshness, single-flight, failures and eviction of the cache.

use super::*;

#[tokio::test]
async fn answer_is_served_for_five_minutes_without_a_call() {
    let bench = Bench::new(Answer::Account("wx1"));
    let school = bench.school();
    assert_eq!(ask(&school).await.as_deref(), Ok("wx1"));
    bench.answer_with(Answer::Account("wx2"));
    bench.clock.advance(FRESH - Duration::from_millis(1));
    assert_eq!(ask(&school).await.as_deref(), Ok("wx1"));
    assert_eq!(bench.calls(), 1);
    bench.clock.advance(Duration::from_millis(1));
    assert_eq!(ask(&school).await.as_deref(), Ok("wx2"));
    assert_eq!(bench.calls(), 2);
}

#[tokio::test]
async fn age_counts_from_before_the_call() {
    let bench = Bench::new(Answer::Account("wx1"));
    bench.close();
    let school = bench.school();
    let mut asking = task::spawn(school.get());
    assert_pending!(asking.poll());
    settle().await;
    bench.clock.advance(FRESH);
    bench.open();
    assert_eq!(told(asking.await).as_deref(), Ok("wx1"));
    assert!(school.peek().is_none());
}

#[tokio::test]
async fn not_authorized_is_cached_too() {
    let bench = Bench::new(Answer::NotAuthorized);
    let school = bench.school();
    for _ in 0..2 {
        assert_eq!(
            school.get().await.unwrap(),
            AccountAuthorization::NotAuthorized { auth_url: None }
        );
    }
    assert_eq!(bench.calls(), 1);
}

#[tokio::test]
async fn thousand_callers_cause_one_call() {
    let bench = Bench::new(Answer::Account("wx1"));
    bench.close();
    let callers = concurrent_callers(&bench.school()).await;
    bench.open();
    assert_all(&callers.join_all().await, Ok("wx1"));
    assert_eq!(bench.calls(), 1);

    bench.clock.advance(FRESH);
    bench.answer_with(Answer::Account("wx2"));
    bench.close();
    let callers = concurrent_callers(&bench.school()).await;
    bench.open();
    assert_all(&callers.join_all().await, Ok("wx2"));
    assert_eq!(bench.calls(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousand_callers_on_two_threads_cause_one_call() {
    let bench = Bench::new(Answer::Account("wx1"));
    let callers = concurrent_callers(&bench.school()).await;
    assert_all(&callers.join_all().await, Ok("wx1"));
    assert_eq!(bench.calls(), 1);
}

#[tokio::test]
async fn callers_that_stop_waiting_neither_cancel_nor_repeat_the_call() {
    let bench = Bench::new(Answer::Account("wx1"));
    bench.close();
    let school = bench.school();
    for _ in 0..100 {
        let mut asking = task::spawn(school.get());
        assert_pending!(asking.poll());
        drop(asking);
        settle().await;
    }
    assert_eq!(bench.calls(), 1);
    bench.open();
    settle().await;
    assert_eq!(
        told(school.peek().ok_or_else(|| panic!("nothing is kept"))).as_deref(),
        Ok("wx1")
    );
    assert_eq!(ask(&school).await.as_deref(), Ok("wx1"));
    assert_eq!(bench.calls(), 1);
}

#[tokio::test]
async fn future_that_is_not_polled_starts_no_call() {
    let bench = Bench::new(Answer::Account("wx1"));
    let school = bench.school();
    drop(school.get());
    assert!(school.peek().is_none());
    settle().await;
    assert_eq!(bench.calls(), 0);
}

#[tokio::test]
async fn after_a_failure_the_stale_answer_is_served() {
    let bench = Bench::new(Answer::Account("wx1"));
    let school = bench.school();
    ask(&school).await.unwrap();
    bench.clock.advance(FRESH);
    bench.answer_with(Answer::Reset);
    bench.close();
    let callers = concurrent_callers(&school).await;
    bench.open();
    assert_all(&callers.join_all().await, Ok("wx1"));
    assert_eq!(bench.calls(), 2);
    assert!(school.peek().is_none(), "it is not fresh");
}

#[tokio::test]
async fn after_a_failure_there_is_no_call_for_ten_seconds() {
    let bench = Bench::new(Answer::Account("wx1"));
    let school = bench.school();
    ask(&school).await.unwrap();
    bench.clock.advance(FRESH);
    bench.answer_with(Answer::Reset);
    assert_eq!(ask(&school).await.as_deref(), Ok("wx1"));
    bench.clock.advance(BACK_OFF - Duration::from_millis(1));
    assert_all(
        &concurrent_callers(&school).await.join_all().await,
        Ok("wx1"),
    );
    assert_eq!(bench.calls(), 2);
}

#[tokio::test]
async fn caller_with_a_stale_answer_does_not_wait_for_the_call_after_a_failure() {
    let bench = Bench::new(Answer::Account("wx1"));
    let school = bench.school();
    ask(&school).await.unwrap();
    bench.clock.advance(FRESH);
    bench.answer_with(Answer::Reset);
    ask(&school).await.unwrap();
    bench.clock.advance(BACK_OFF);
    bench.answer_with(Answer::Account("wx2"));
    bench.close();
    assert_all(
        &concurrent_callers(&school).await.join_all().await,
        Ok("wx1"),
    );
    assert_eq!(bench.calls(), 3);
    bench.open();
    settle().await;
    assert_eq!(ask(&school).await.as_deref(), Ok("wx2"));
    assert_eq!(bench.calls(), 3);
}

#[tokio::test]
async fn answer_older_than_a_day_is_not_served() {
    let bench = Bench::new(Answer::Account("wx1"));
    let school = bench.school();
    ask(&school).await.unwrap();
    bench.answer_with(Answer::Reset);
    bench.clock.advance(Duration::from_secs(24 * 3_600 - 1));
    assert_eq!(ask(&school).await.as_deref(), Ok("wx1"));
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(ask(&school).await, Err(ErrorKind::Lost));
}

#[tokio::test]
async fn failure_is_returned_to_waiting_callers_and_for_ten_seconds_to_later_ones() {
    let bench = Bench::new(Answer::Reset);
    let school = bench.school();
    bench.close();
    let callers = concurrent_callers(&school).await;
    bench.open();
    assert_all(&callers.join_all().await, Err(ErrorKind::Lost));
    assert_eq!(bench.calls(), 1);
    bench.answer_with(Answer::Account("wx1"));
    bench.clock.advance(BACK_OFF - Duration::from_millis(1));
    assert_all(
        &concurrent_callers(&school).await.join_all().await,
        Err(ErrorKind::Lost),
    );
    assert_eq!(bench.calls(), 1);
    bench.clock.advance(Duration::from_millis(1));
    assert_eq!(ask(&school).await.as_deref(), Ok("wx1"));
    assert_eq!(bench.calls(), 2);
}

#[tokio::test]
async fn invalidated_answer_is_requested_at_once() {
    let bench = Bench::new(Answer::NotAuthorized);
    let school = bench.school();
    assert_eq!(ask(&school).await.as_deref(), Ok("none"));
    bench.answer_with(Answer::Account("wx1"));
    school.invalidate();
    assert!(school.peek().is_none());
    assert_eq!(ask(&school).await.as_deref(), Ok("wx1"));

    school.invalidate();
    bench.answer_with(Answer::Reset);
    assert_eq!(
        ask(&school).await,
        Err(ErrorKind::Lost),
        "a forgotten answer is not served either"
    );
    bench.answer_with(Answer::Account("wx2"));
    school.invalidate();
    assert_eq!(
        ask(&school).await.as_deref(),
        Ok("wx2"),
        "the failure is forgotten as well"
    );
}

#[tokio::test]
async fn call_from_before_an_invalidation_serves_no_later_caller() {
    let bench = Bench::new(Answer::NotAuthorized);
    bench.close();
    let school = bench.school();
    let mut early = task::spawn(school.get());
    assert_pending!(early.poll());
    settle().await;
    bench.answer_with(Answer::Account("wx1"));
    school.invalidate();
    let mut late = task::spawn(school.get());
    assert_pending!(late.poll());
    settle().await;
    bench.open();
    assert_eq!(told(early.await).as_deref(), Ok("none"));
    assert_eq!(told(late.await).as_deref(), Ok("wx1"));
    assert_eq!(ask(&school).await.as_deref(), Ok("wx1"));
    assert_eq!(bench.calls(), 2);
}

#[tokio::test]
async fn change_of_the_system_time_makes_an_answer_neither_younger_nor_older() {
    let year = Duration::from_secs(365 * 24 * 3_600);
    let bench = Bench::new(Answer::Account("wx1"));
    let school = bench.school();
    ask(&school).await.unwrap();
    bench.answer_with(Answer::Account("wx2"));
    for wall in [START.plus(year), START.minus(year), START] {
        bench.clock.set(wall);
        bench.clock.advance(Duration::from_secs(99));
        assert_eq!(ask(&school).await.as_deref(), Ok("wx1"));
    }
    assert_eq!(bench.calls(), 1);
    bench.clock.set(START.minus(year));
    bench.clock.advance(Duration::from_secs(3));
    assert_eq!(
        ask(&school).await.as_deref(),
        Ok("wx2"),
        "five minutes have passed"
    );

    let bench = Bench::new(Answer::Reset);
    let school = bench.school();
    assert!(ask(&school).await.is_err());
    bench.answer_with(Answer::Account("wx1"));
    bench.clock.set(START.minus(year));
    assert!(
        ask(&school).await.is_err(),
        "the pause after the failure lasts"
    );
    bench.clock.advance(Duration::from_secs(10));
    assert_eq!(ask(&school).await.as_deref(), Ok("wx1"), "and ends on time");
}

#[tokio::test]
async fn schools_are_cached_separately_and_clones_share() {
    let bench = Bench::new(Answer::Account("wx1"));
    for token in ["t0ken-1", "t0ken-2", "t0ken-1", "t0ken-2"] {
        bench
            .accounts
            .clone()
            .get(&AppToken::new(token))
            .await
            .unwrap();
        bench
            .accounts
            .school_account(token)
            .clone()
            .get()
            .await
            .unwrap();
    }
    assert_eq!(bench.calls(), 2);
    bench.accounts.invalidate(&AppToken::new("t0ken-1"));
    assert!(bench.accounts.peek(&AppToken::new("t0ken-1")).is_none());
    assert!(bench.accounts.peek(&AppToken::new("t0ken-2")).is_some());
}

#[tokio::test]
async fn full_cache_evicts_the_least_recently_used_school() {
    let bench = Bench::with(Answer::Account("wx1"), |builder| builder.capacity(2));
    let tokens = ["t0ken-1", "t0ken-2", "t0ken-3"].map(AppToken::new);
    for token in &tokens {
        bench.accounts.get(token).await.unwrap();
        bench.accounts.inner.entries.run_pending_tasks();
    }
    assert_eq!(
        tokens.map(|token| bench.accounts.peek(&token).is_some()),
        [false, true, true]
    );
}

#[tokio::test]
async fn settings_are_applied() {
    let seconds = Duration::from_secs;
    let bench = Bench::with(Answer::Account("wx1"), |builder| {
        builder.time_to_live(seconds(60)).back_off(seconds(2))
    });
    let school = bench.school();
    ask(&school).await.unwrap();
    bench.clock.advance(seconds(59));
    assert!(school.peek().is_some());
    bench.clock.advance(seconds(1));
    assert!(school.peek().is_none());
    bench.answer_with(Answer::Reset);
    ask(&school).await.unwrap();
    bench.clock.advance(seconds(2));
    ask(&school).await.unwrap();
    settle().await;
    assert_eq!(bench.calls(), 3);
}

#[tokio::test]
async fn call_that_panics_is_a_failure() {
    let bench = Bench::new(Answer::Panic);
    let school = bench.school();
    bench.close();
    let callers = concurrent_callers(&school).await;
    bench.open();
    assert_all(&callers.join_all().await, Err(ErrorKind::Internal));
    bench.answer_with(Answer::Account("wx1"));
    assert_eq!(ask(&school).await, Err(ErrorKind::Internal));
    bench.clock.advance(BACK_OFF);
    assert_eq!(ask(&school).await.as_deref(), Ok("wx1"));
    assert_eq!(bench.calls(), 2);
}

#[test]
fn outside_a_runtime_there_is_no_call() {
    let bench = Bench::new(Answer::Account("wx1"));
    let school = bench.school();
    let error = assert_ready!(task::spawn(school.get()).poll()).unwrap_err();
    assert_eq!((error.kind(), bench.calls()), (ErrorKind::Internal, 0));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    assert_eq!(runtime.block_on(ask(&school)).as_deref(), Ok("wx1"));
    assert_eq!(
        told(assert_ready!(task::spawn(school.get()).poll())).as_deref(),
        Ok("wx1")
    );
}

#[test]
fn runtime_that_shuts_down_leaves_no_caller_waiting() {
    let bench = Bench::new(Answer::Account("wx1"));
    bench.close();
    let school = bench.school();
    let mut asking = task::spawn(school.get());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        assert_pending!(asking.poll());
        settle().await;
    });
    assert_eq!(bench.calls(), 1);
    drop(runtime);
    assert!(asking.is_woken());
    assert_eq!(told(assert_ready!(asking.poll())), Err(ErrorKind::Internal));
}

#[tokio::test]
async fn debug_never_shows_the_token() {
    let bench = Bench::new(Answer::Account("wx1"));
    let school = bench.school();
    ask(&school).await.unwrap();
    let shown = format!(
        "{:?} {school:?} {:?}",
        bench.accounts,
        AddOfficialAccountLayer::new(school.clone())
    );
    assert!(
        shown.contains("school.example") && !shown.contains("t0ken"),
        "{shown}"
    );
}

#[test]
fn public_types_are_send_and_sync() {
    fn check<T: Send + Sync + Clone + std::fmt::Debug + 'static>() {}
    fn check_send<T: Send>(_: &T) {}
    check::<OfficialAccounts>();
    check::<SchoolAccount>();
    check::<AddOfficialAccountLayer>();
    let bench = Bench::new(Answer::Account("wx1"));
    let (school, token) = (bench.school(), AppToken::new("t0ken"));
    check_send(&school.get());
    check_send(&bench.accounts.get(&token));
}

#[tokio::test]
async fn cached_returns_a_stale_answer_at_once_and_refreshes_it_in_the_background() {
    let bench = Bench::new(Answer::Account("wx1"));
    let school = bench.school();
    let known = || {
        school
            .cached()
            .and_then(|known| known.account().map(|account| account.app_id.to_owned()))
    };
    assert_eq!(known(), None);
    settle().await;
    assert_eq!((known().as_deref(), bench.calls()), (Some("wx1"), 1));

    bench.answer_with(Answer::Account("wx2"));
    bench.clock.advance(FRESH);
    bench.close();
    for _ in 0..10 {
        assert_eq!(known().as_deref(), Some("wx1"), "no caller waits");
        settle().await;
    }
    assert_eq!(bench.calls(), 2);
    bench.open();
    settle().await;
    assert_eq!(known().as_deref(), Some("wx2"));

    // When it fails, for a day.
    bench.answer_with(Answer::Reset);
    bench.clock.advance(FRESH);
    for expected in [Some("wx2"), Some("wx2")] {
        assert_eq!(known().as_deref(), expected);
        settle().await;
    }
    bench.clock.advance(Duration::from_secs(24 * 3_600));
    assert_eq!(known(), None);
}

#[tokio::test]
async fn new_token_replaces_an_expired_one() {
    let bench = Bench::new(Answer::Account("wx1"));
    let (school, clone) = (bench.school(), bench.school());
    let same = school.clone();
    assert_eq!(ask(&school).await.as_deref(), Ok("wx1"));
    bench.answer_with(Answer::Account("wx2"));
    school.set_token("t0ken-2");
    assert_eq!(ask(&same).await.as_deref(), Ok("wx2"), "clones share it");
    assert_eq!(
        ask(&clone).await.as_deref(),
        Ok("wx1"),
        "another handle does not"
    );
    assert_eq!(bench.calls(), 2);
}
