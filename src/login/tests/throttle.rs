//! Limits on refused codes, the ceiling per minute, and the log of a flood (rules A2 and A6).

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;

use http::{Extensions, HeaderMap};

use super::*;
use crate::trace::tests::Captured;

fn with(
    change: impl FnOnce(
        LoginLayerBuilder<Provider, MemoryStore<Person>>,
    ) -> LoginLayerBuilder<Provider, MemoryStore<Person>>,
) -> Site {
    let Site {
        provider, clock, ..
    } = Site::new();
    let builder = LoginLayer::builder(provider.clone())
        .public_url("https://campus.example")
        .clock(clock.clock());
    Site {
        provider,
        clock,
        login: change(builder).build().unwrap(),
    }
}

fn by_peer() -> Throttle {
    Throttle::by(|_: &HeaderMap, extensions: &Extensions| {
        extensions
            .get::<SocketAddr>()
            .map(|peer| ClientKey::from(peer.ip()))
    })
}

/// A whole login from this address, with the answer to its callback.
async fn visit(site: &Site, from: &str, code: &str) -> (Answer, Jar, String) {
    let mut jar = Jar::default();
    let state = site.begin(&mut jar, "/").await;
    let url = site.callback_url(code, &state);
    (back(site, from, &mut jar, &url).await, jar, url)
}

async fn back(site: &Site, from: &str, jar: &mut Jar, url: &str) -> Answer {
    let mut request = jar.get(url);
    request
        .extensions_mut()
        .insert(SocketAddr::new(from.parse::<IpAddr>().unwrap(), 4_000));
    let answer = site.answer(request).await;
    jar.apply(&answer);
    answer
}

#[tokio::test]
async fn a2_client_whose_codes_were_refused_gets_429_and_nothing_is_sent() {
    let site = with(|builder| builder.throttle(by_peer().burst(3).refill(Duration::from_secs(10))));
    for _ in 0..3 {
        // The login begins again, as without a limit.
        assert!(visit(&site, "192.0.2.1", "bad").await.0.is_to_provider());
    }
    let (throttled, mut jar, url) = visit(&site, "192.0.2.1", "wang").await;
    assert_eq!(throttled.parts.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(throttled.parts.headers[RETRY_AFTER], "10");
    assert_eq!(site.exchanges(), 3);
    // Other clients, and a request without a name, are not concerned.
    assert_eq!(visit(&site, "192.0.2.2", "li").await.0.location(), "/");
    site.log_in(&mut Jar::default(), "zhao").await;
    let mut script = jar.get(&url);
    script.headers_mut().remove(ACCEPT);
    script
        .extensions_mut()
        .insert(SocketAddr::new("192.0.2.1".parse().unwrap(), 1));
    let script = site.answer(script).await;
    assert_eq!(
        (script.parts.status, script.text.as_str()),
        (
            StatusCode::TOO_MANY_REQUESTS,
            r#"{"error":"too_many_attempts"}"#
        )
    );
    // The code was not sent: the same address goes on.
    site.clock.advance(Duration::from_secs(10));
    assert_eq!(
        back(&site, "192.0.2.1", &mut jar, &url).await.location(),
        "/"
    );
    assert_eq!(site.who(&jar).await, "wang");
}

#[tokio::test]
async fn a2_two_thousand_good_logins_behind_one_address_pass() {
    let site = with(|builder| builder.throttle(by_peer().burst(2)));
    for number in 0..2_000 {
        assert_eq!(
            visit(&site, "192.0.2.1", &format!("p{number}"))
                .await
                .0
                .location(),
            "/"
        );
    }
    for failed in ["fault", "lost", "denied"] {
        visit(&site, "192.0.2.1", failed).await;
    }
    assert_eq!(
        visit(&site, "192.0.2.1", "wang").await.0.location(),
        "/",
        "only refused codes cost"
    );
}

#[tokio::test]
async fn a2_without_a_hook_no_client_is_limited() {
    let site = Site::new();
    for _ in 0..1_000 {
        assert!(visit(&site, "192.0.2.1", "bad").await.0.is_to_provider());
    }
    assert_eq!(visit(&site, "192.0.2.1", "wang").await.0.location(), "/");
}

#[tokio::test]
async fn a2_exchange_above_the_ceiling_per_minute_is_503_and_is_not_sent() {
    let site = with(|builder| builder.exchanges_per_minute(NonZeroU32::new(3).unwrap()));
    for second in 0..3 {
        visit(&site, "192.0.2.1", if second == 1 { "bad" } else { "wang" }).await;
        site.clock.advance(Duration::from_secs(10));
    }
    let (busy, mut jar, url) = visit(&site, "192.0.2.1", "li").await;
    assert_eq!(busy.parts.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        (
            busy.parts.headers[RETRY_AFTER].to_str().unwrap(),
            site.exchanges()
        ),
        ("30", 3)
    );
    site.clock.advance(Duration::from_secs(30));
    assert_eq!(
        back(&site, "192.0.2.1", &mut jar, &url).await.location(),
        "/"
    );
    assert_eq!(
        visit(&site, "192.0.2.1", "zhao").await.0.parts.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
}

#[test]
fn a2_limits_of_zero_are_configuration_errors() {
    let builder = |throttle| {
        LoginLayer::builder(Site::new().provider)
            .public_url("https://campus.example")
            .throttle(throttle)
    };
    for throttle in [
        by_peer().burst(0),
        by_peer().capacity(0),
        by_peer().refill(Duration::ZERO),
    ] {
        let error = builder(throttle).build().unwrap_err();
        assert!(
            matches!(
                error.errors(),
                [ConfigErrorKind::OutOfRange {
                    name: "throttle",
                    ..
                }]
            ),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a6_flood_of_each_kind_is_one_line_a_second_with_the_number_of_suppressed_ones() {
    let logged = Captured::new();
    let site = with(|builder| builder.throttle(by_peer().burst(1)));
    let flood = async || {
        for _ in 0..100 {
            visit(&site, "::1", "bad").await;
            let (_, _, url) = visit(&site, "::1", "bad").await;
            // Without its cookie: the login restarts, and then a page says so.
            let restarted = site.answer(Jar::default().get(&url)).await;
            site.answer(Jar::default().get(&site.callback_url("wang", &restarted.state())))
                .await;
            // Other codes of clients without a bucket.
            let mut jar = Jar::default();
            for code in ["bad", "fault", "lost"] {
                let state = site.begin(&mut jar, "/").await;
                site.callback(&mut jar, code, &state).await;
            }
        }
    };
    flood().await;
    let lines = |of: &str| {
        logged
            .text()
            .lines()
            .filter(|line| line.contains(of))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let kinds = [
        "error=invalid_code:",
        "error=fault:",
        "error=lost:",
        "login restarts",
        "did not come back",
        "too many codes that were refused",
    ];
    for kind in kinds {
        assert_eq!(lines(kind).len(), 1, "{kind}: {:?}", lines(kind));
        assert!(lines(kind)[0].contains("suppressed=0"), "{kind}");
    }
    site.clock.advance(Duration::from_secs(1));
    flood().await;
    for kind in kinds {
        assert_eq!(lines(kind).len(), 2, "{kind}");
        assert!(
            !lines(kind)[1].contains("suppressed=0"),
            "{kind}: {:?}",
            lines(kind)
        );
    }
    assert_eq!(
        lines("WARN").len() + lines("INFO").len(),
        2 * kinds.len(),
        "{:?}",
        lines("WARN")
    );
    let count = lines("error=fault:")[1].clone();
    assert!(count.contains("suppressed=99"), "{count}");
}
