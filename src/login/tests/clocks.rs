//! Instances whose clocks differ.

use super::*;

/// The log of a callback that arrives when this instance's clock has moved by `seconds` since the login began, at an
/// instance whose clock was `ahead` seconds ahead.
#[cfg(feature = "tracing")]
async fn log_of_callback(ahead: u64, seconds: u64, keeps_the_flow: bool) -> (Answer, String) {
    let (site, mut jar) = (Site::new(), Jar::default());
    let login = LoginLayer::builder(site.provider.clone()).public_url("https://campus.example").secret([9; 32]);
    let clock = ManualClock::new(Timestamp::from_unix_seconds(1_760_000_000 + ahead));
    let other = Site { login: login.clock(clock.clock()).build().unwrap(), provider: site.provider.clone(), clock };
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
        assert_eq!(log.contains("WARN") && log.contains("clocks of the instances differ"), expected.is_some(), "{log}");
        if let Some(expected) = expected {
            assert!(log.contains(expected) && log.contains("NTP"), "{log}");
            assert_eq!(answer.parts.status, StatusCode::BAD_REQUEST);
        }
    }
}
