//! One access token for several processes, in the presence of faults.

use std::time::Duration;

use tower_weika::coordination::Lease;

use crate::instance::Instance;
use crate::redis_server::{Redis, now, until};
use crate::weika::Weika;

/// An instance without coordination fetches at most once per this interval.
const UNCOORDINATED_INTERVAL: Duration = Duration::from_secs(10);

/// Returns a field of the stored token of the only application.
fn kept(redis: &Redis, field: &str) -> String {
    let keys = redis.keys();
    let key = keys
        .iter()
        .find(|key| key.contains(":token:"))
        .expect("a token is kept");
    redis.command(&["HGET", key, field]).text()
}

fn token(outcome: Result<String, String>) -> String {
    outcome.expect("a token")
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn instances_that_start_together_have_one_token_and_renew_it_once() {
    let (redis, weika) = (Redis::start(), Weika::start().await);
    weika.set_latency(Duration::from_millis(500));
    let mut instances =
        ["A", "B", "C", "D"].map(|name| Instance::start(name, &redis.url(), &weika));
    instances
        .iter_mut()
        .for_each(|instance| instance.request("get", "app"));
    let tokens = instances
        .each_ref()
        .map(|instance| token(instance.receive().outcome));
    assert_eq!(tokens, ["app.1"; 4]);

    // Late enough that the token does not count as short-lived.
    weika.invalidate_previous_tokens();
    instances
        .iter_mut()
        .for_each(|instance| instance.request("renew", "app"));
    let tokens = instances
        .each_ref()
        .map(|instance| token(instance.receive().outcome));
    assert_eq!(tokens, ["app.2"; 4]);
    assert_eq!(weika.issued().len(), 2);
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn holder_that_was_paused_beyond_its_lease_changes_nothing_and_takes_the_newer_token() {
    let (redis, weika) = (Redis::start(), Weika::start().await);
    let (mut paused, mut other) = (
        Instance::start("paused", &redis.url(), &weika),
        Instance::start("other", &redis.url(), &weika),
    );
    let release = weika.hold_next();
    paused.request("get", "app");
    until("it fetches", || weika.issued().len() == 1);
    paused.process.pause();

    let since = now();
    assert_eq!(
        other.now("get", "app"),
        Ok("app.2".to_owned()),
        "a separate token"
    );
    let time = since.elapsed();
    assert!(
        time > Lease::DURATION / 2,
        "it has waited for the lease: {time:?}"
    );
    assert_eq!(
        [kept(&redis, "fence"), kept(&redis, "kept_under")],
        ["2", "2"]
    );

    let monitor = redis.monitor();
    release.send(()).expect("Weika waits");
    paused.process.resume();
    assert_eq!(
        paused.receive().outcome,
        Ok("app.2".to_owned()),
        "not the token that it has fetched"
    );
    assert!(
        !monitor.text().contains("\"HSET\""),
        "nothing was written: {}",
        monitor.text()
    );
    assert_eq!(
        [kept(&redis, "fence"), kept(&redis, "kept_under")],
        ["2", "2"]
    );
    assert_eq!(other.now("renew", "app"), Ok("app.3".to_owned()));
    assert_eq!(paused.now("renew", "app"), Ok("app.3".to_owned()));
    assert_eq!(weika.issued().len(), 3);
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn without_redis_each_instance_fetches_at_a_limited_rate_and_all_agree_afterwards() {
    let (mut redis, weika) = (Redis::start(), Weika::start().await);
    let names = ["A", "B", "C"];
    let mut instances = names.map(|name| Instance::start(name, &redis.url(), &weika));
    for instance in &mut instances {
        assert_eq!(instance.now("call", "app"), Ok("app.1".to_owned()));
    }
    redis.kill();
    for instance in &mut instances {
        assert_eq!(
            instance.now("call", "app"),
            Ok("app.1".to_owned()),
            "a token outlives the Redis that it came from"
        );
    }

    // As if each token was rejected repeatedly.
    let (since, mut failures) = (now(), 0);
    while since.elapsed() < UNCOORDINATED_INTERVAL + UNCOORDINATED_INTERVAL / 2 {
        instances
            .iter_mut()
            .for_each(|instance| instance.request("renew", "app"));
        for instance in &instances {
            match instance.receive().outcome {
                Ok(token) => assert!(token.starts_with("app.")),
                Err(kind) => {
                    assert_eq!(kind, "Unresponsive");
                    failures += 1;
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(failures > 0, "not every rejection leads to a fetch");
    let issued = weika.issued();
    for name in names {
        let times: Vec<_> = issued
            .iter()
            .filter(|issued| issued.secret == name)
            .map(|issued| issued.at)
            .collect();
        assert!(
            times.iter().any(|at| *at > since),
            "{name} has fetched without coordination"
        );
        for pair in times.windows(2) {
            let apart = pair[1] - pair[0];
            assert!(
                apart > UNCOORDINATED_INTERVAL - Duration::from_millis(100),
                "{name} fetches again after {apart:?}"
            );
        }
    }
    until("none of them has a token", || {
        instances
            .iter_mut()
            .all(|instance| instance.now("renew", "app") == Err("Unresponsive".to_owned()))
    });
    let before = weika.issued().len();

    weika.invalidate_previous_tokens();
    redis.restart();
    let since = now();
    until("all agree", || {
        let tokens = instances
            .each_mut()
            .map(|instance| instance.now("call", "app"));
        tokens.iter().all(|token| *token == Ok(weika.newest("app")))
    });
    assert!(
        since.elapsed() < Duration::from_secs(5),
        "all agree only after {:?}",
        since.elapsed()
    );
    let fetches = weika.issued().len() - before;
    assert!(
        (1..=2).contains(&fetches),
        "{fetches} fetches until all agree"
    );
    let mut late = Instance::start("late", &redis.url(), &weika);
    assert_eq!(late.now("call", "app"), Ok(weika.newest("app")));
    assert_eq!(weika.issued().len(), before + fetches);
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn applications_that_compete_for_one_app_key_slow_down() {
    const ROUND: Duration = Duration::from_secs(12);

    let (sites, weika) = ([Redis::start(), Redis::start()], Weika::start().await);
    weika.invalidate_previous_tokens();
    let mut instances = Vec::new();
    for (number, redis) in sites.iter().enumerate() {
        for _ in 0..2 {
            instances.push(Instance::start(
                &format!("site-{number}"),
                &redis.url(),
                &weika,
            ));
        }
    }
    let (since, mut served, mut refused) = (now(), 0, 0);
    while since.elapsed() < ROUND {
        instances
            .iter_mut()
            .for_each(|instance| instance.request("call", "app"));
        for instance in &instances {
            match instance.receive().outcome {
                Ok(_) => served += 1,
                Err(kind) => {
                    assert!(["TokenRejected", "Busy"].contains(&kind.as_str()), "{kind}");
                    refused += 1;
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(
        served > 0 && refused > 0,
        "{served} served, {refused} refused"
    );
    for number in 0..sites.len() {
        // One initial fetch, then one after each pause of 1, 2, 4 and 8 s.
        let fetches = weika
            .issued()
            .iter()
            .filter(|issued| issued.secret == format!("site-{number}"))
            .count();
        assert!(
            (2..=5).contains(&fetches),
            "{fetches} fetches of site {number} in {ROUND:?}"
        );
    }
}
