//! Instances whose clocks differ, and a system time that is set.

use proptest::prelude::*;

use super::*;

/// The log of a callback that arrives when this instance's clock has moved by `seconds` since the login began, at an
/// instance whose clock was `ahead` seconds ahead.
#[cfg(feature = "tracing")]
async fn log_of_callback(ahead: u64, seconds: u64, keeps_the_flow: bool) -> (Answer, String) {
    let (site, mut jar) = (Site::new(), Jar::default());
    let login = LoginLayer::builder(site.provider.clone())
        .public_url("https://campus.example")
        .secret([9; 32]);
    let clock = ManualClock::new(Timestamp::from_unix_seconds(1_760_000_000 + ahead));
    let other = Site {
        login: login.clock(clock.clock()).build().unwrap(),
        provider: site.provider.clone(),
        clock,
    };
    let state = other.begin(&mut jar, "/admin").await;
    site.clock.advance(Duration::from_secs(seconds));
    if !keeps_the_flow {
        jar = Jar::default();
    }
    let captured = crate::trace::tests::Captured::new();
    let answer = site.callback(&mut jar, "wang", &state).await;
    (answer, captured.text())
}

#[cfg(feature = "tracing")]
#[tokio::test]
async fn expired_link_of_an_instance_with_another_clock_is_logged_as_that() {
    for (ahead, seconds, keeps, expected) in [
        (90, 0, true, Some("seconds=90")),
        (90, 0, false, Some("seconds=90")),
        (0, 660, true, Some("seconds=60")),
        // The browser has dropped the cookie: the visitor was slow.
        (0, 660, false, None),
        (0, 610, true, None),
        (59, 0, true, None),
        (0, 0, true, None),
    ] {
        let (answer, log) = log_of_callback(ahead, seconds, keeps).await;
        assert_eq!(
            log.contains("WARN") && log.contains("clocks of the instances differ"),
            expected.is_some(),
            "{log}"
        );
        if let Some(expected) = expected {
            assert!(log.contains(expected) && log.contains("NTP"), "{log}");
            assert_eq!(answer.parts.status, StatusCode::BAD_REQUEST);
        }
    }
}

const YEAR: Duration = Duration::from_secs(365 * 24 * 3_600);
const MINUTE: Duration = Duration::from_secs(60);
const IDLE: Duration = Duration::from_secs(30 * 60);
const ABSOLUTE: Duration = Duration::from_secs(12 * 3_600);

/// The system times that a test sets: forward, back, and back to the right time.
fn wrong_times(site: &Site) -> [Timestamp; 3] {
    let right = site.clock.clock().now();
    [right.plus(YEAR), right.minus(YEAR), right]
}

/// Uses the session every 20 minutes until `by` has passed.
async fn use_for(site: &Site, jar: &Jar, by: Duration) {
    for _ in 0..by.as_secs() / (20 * 60) {
        site.clock.advance(20 * MINUTE);
        assert_eq!(site.who(jar).await, "wang");
    }
}

#[tokio::test]
async fn idle_session_stays_expired_when_the_system_time_is_set_back() {
    for before in [Duration::ZERO, IDLE, YEAR] {
        let (site, mut jar) = (Site::new(), Jar::default());
        site.log_in(&mut jar, "wang").await;
        site.clock.advance(IDLE);
        assert_eq!(site.who(&jar).await, "anonymous");
        site.clock
            .set(site.clock.clock().now().minus(IDLE + before));
        assert_eq!(site.who(&jar).await, "anonymous");
    }
}

#[tokio::test]
async fn absolute_timeout_holds_when_the_system_time_is_set_back() {
    let (site, mut jar) = (Site::new(), Jar::default());
    site.log_in(&mut jar, "wang").await;
    use_for(&site, &jar, ABSOLUTE / 2).await;
    site.clock.set(site.clock.clock().now().minus(ABSOLUTE / 2));
    use_for(&site, &jar, ABSOLUTE / 2 - 20 * MINUTE).await;
    site.clock.advance(20 * MINUTE);
    assert_eq!(site.who(&jar).await, "anonymous");
    site.clock.set(site.clock.clock().now().minus(ABSOLUTE));
    assert_eq!(site.who(&jar).await, "anonymous");
}

#[tokio::test]
async fn sessions_expire_on_time_while_the_system_time_is_a_year_ahead_and_afterwards() {
    let (site, [mut early, mut meanwhile]) = (Site::new(), [Jar::default(), Jar::default()]);
    let right = site.clock.clock().now();
    site.log_in(&mut early, "wang").await;
    site.clock.set(right.plus(YEAR));
    assert_eq!(site.who(&early).await, "wang");
    site.clock.advance(IDLE / 2);
    // The login also removes expired sessions from the store.
    site.log_in(&mut meanwhile, "li").await;
    assert_eq!(
        [site.who(&early).await, site.who(&meanwhile).await],
        ["wang", "li"]
    );
    site.clock.set(right.plus(IDLE / 2));
    assert_eq!(
        [site.who(&early).await, site.who(&meanwhile).await],
        ["wang", "li"]
    );
    site.clock.advance(IDLE);
    assert_eq!(
        [site.who(&early).await, site.who(&meanwhile).await],
        ["anonymous", "anonymous"]
    );
    for wall in wrong_times(&site) {
        site.clock.set(wall);
        assert_eq!(
            [site.who(&early).await, site.who(&meanwhile).await],
            ["anonymous", "anonymous"]
        );
    }
}

#[tokio::test]
async fn login_that_the_system_time_overtakes_is_refused_and_a_new_one_succeeds() {
    for index in 0..2 {
        let (site, mut jar) = (Site::new(), Jar::default());
        let right = site.clock.clock().now();
        let wrong = wrong_times(&site)[index];
        let before = site.begin(&mut jar, "/").await;
        site.clock.set(wrong);
        assert_eq!(
            site.callback(&mut jar, "wang", &before).await.parts.status,
            StatusCode::BAD_REQUEST
        );
        let during = site.begin(&mut jar, "/").await;
        site.log_in(&mut jar, "wang").await;
        site.clock.set(right);
        let answer = site.callback(&mut Jar::default(), "li", &during).await;
        assert_eq!(answer.parts.status, StatusCode::BAD_REQUEST);
        assert_eq!(
            (site.who(&jar).await.as_str(), site.exchanges()),
            ("wang", 1),
            "only the login of the wrong time"
        );
        site.log_in(&mut jar, "li").await;
        assert_eq!(site.who(&jar).await, "li");
    }
}

#[tokio::test]
async fn repeated_callback_joins_for_a_minute_that_passes_and_not_for_one_that_is_set() {
    let (site, mut jar) = (Site::new(), Jar::default());
    let state = site.begin(&mut jar, "/").await;
    let first = jar.clone();
    site.callback(&mut jar, "wang", &state).await;
    let joins = async |site: &Site| {
        let answer = site.callback(&mut first.clone(), "wang", &state).await;
        answer
            .parts
            .headers
            .get_all(SET_COOKIE)
            .iter()
            .any(|set| set.to_str().unwrap().contains("-session="))
    };
    let right = site.clock.clock().now();
    site.clock.advance(MINUTE - Duration::from_secs(1));
    // So far that the state itself stays fresh.
    site.clock.set(right.plus(9 * MINUTE));
    assert!(joins(&site).await);
    site.clock.advance(Duration::from_secs(1));
    site.clock.set(right);
    assert!(!joins(&site).await, "a minute has passed");
    assert_eq!(site.exchanges(), 1);
}

/// What happens to the clocks between two requests.
#[derive(Clone, Copy, Debug)]
enum Step {
    Pass(u64),
    Set(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let pass = (0_u64..2_400).prop_map(Step::Pass);
    let set =
        prop_oneof![0_u64..4_000_000_000, 1_759_950_000_u64..1_760_050_000].prop_map(Step::Set);
    prop::collection::vec(prop_oneof![3 => pass, 2 => set], 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The model has one number: the seconds that passed.
    #[test]
    fn session_lives_by_the_time_that_passes_alone(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (site, mut jar) = (Site::new(), Jar::default());
            site.log_in(&mut jar, "wang").await;
            let (mut passed, mut last_used, mut is_live) = (0, 0, true);
            for step in &steps {
                match *step {
                    Step::Set(to) => site.clock.set(Timestamp::from_unix_seconds(to)),
                    Step::Pass(seconds) => {
                        site.clock.advance(Duration::from_secs(seconds));
                        passed += seconds;
                    }
                }
                is_live = is_live && passed < ABSOLUTE.as_secs() && passed - last_used < IDLE.as_secs();
                assert_eq!(site.who(&jar).await, if is_live { "wang" } else { "anonymous" }, "{step:?} of {steps:?}");
                // A use is recorded once a minute.
                if is_live && passed - last_used >= 60 {
                    last_used = passed;
                }
            }
        });
    }
}
