//! Concurrent logins.

use std::time::{Duration, Instant};

use harness::{Report, is_smoke, runtime};
use tokio::task::JoinSet;

use crate::browser::{Browser, Connection};
use crate::upstream::{Environment, TOKEN_DELAY};

/// This many connect concurrently; only the callbacks are measured.
const CONNECTING: usize = 500;

pub(crate) fn measure(report: &mut Report) {
    report.table(
        "exchange",
        &format!(
            "Concurrent logins: all users are at the provider's page, there is no token yet, and then all callbacks \
             arrive. The token takes {} s. The site (one thread) runs in a separate process.",
            TOKEN_DELAY.as_secs(),
        ),
    );
    at_once(report, "at once", Duration::ZERO);
    at_once(report, "1 s", Duration::from_secs(1));
}

fn at_once(report: &mut Report, name: &str, exchange: Duration) {
    let logins = if is_smoke() { 50 } else { 10_000 };
    let environment = Environment::start(logins, exchange);
    let site = environment.site();
    runtime().block_on(async {
        let start = Instant::now();
        let mut browsers = Vec::with_capacity(logins);
        while browsers.len() < logins {
            let next = browsers.len()..logins.min(browsers.len() + CONNECTING);
            browsers.extend(
                next.map(|number| Browser::start(number, site))
                    .collect::<JoinSet<_>>()
                    .join_all()
                    .await,
            );
        }
        let started = start.elapsed();
        let mut upstream = Connection::open(environment.sandbox.address())
            .await
            .expect("the upstream listens");
        for browser in &mut browsers {
            browser.approve(&mut upstream).await;
        }
        let before = environment.memory("VmRSS");

        let start = Instant::now();
        let returned = browsers
            .into_iter()
            .map(Browser::complete)
            .collect::<JoinSet<_>>()
            .join_all()
            .await;
        let logged_in = start.elapsed();
        let reloads: usize = returned
            .iter()
            .flatten()
            .map(|(browser, _)| browser.reloads)
            .sum();
        let check = async |returned| {
            let (browser, session): (Browser, String) = returned?;
            browser.check(&session).await
        };
        let checked = returned
            .into_iter()
            .map(check)
            .collect::<JoinSet<_>>()
            .join_all()
            .await;
        let failures: Vec<_> = checked.into_iter().filter_map(Result::err).collect();
        let peak = environment.memory("VmHWM");
        let [token_fetches, exchanges, consumed] = environment.calls();
        if is_smoke() {
            assert_eq!((failures.len(), token_fetches), (0, 1), "{failures:?}");
        }
        report.row(
            name,
            &[
                ("logged in", (logins - failures.len()) as f64),
                ("failed", failures.len() as f64),
                ("token fetches", token_fetches as f64),
                ("exchanges", exchanges as f64),
                ("consumed codes", consumed as f64),
                ("reloads", reloads as f64),
                ("all started, s", started.as_secs_f64()),
                ("all logged in, s", logged_in.as_secs_f64()),
                ("MiB before", before),
                ("MiB at most", peak),
            ],
        );
        failures
            .iter()
            .take(3)
            .for_each(|failure| eprintln!("Failed: {failure}"));
    });
}
