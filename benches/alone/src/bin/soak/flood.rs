//! Requests that belong to no user: unknown sessions, abandoned logins, forged states, invalid
//! codes.

use std::rc::Rc;
use std::time::Duration;

use harness::pick;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};
use tower_weika_sandbox::Browser;

use crate::instance::ORIGIN;
use crate::site::Site;

const ATTACKERS: u64 = 8;

/// Between two requests of an attacker.
const PAUSE: Duration = Duration::from_millis(20);

/// Sends requests until `end`.
pub(crate) async fn flood(site: Rc<Site>, end: Instant) {
    let mut attackers = JoinSet::new();
    for seed in 0..ATTACKERS {
        let site = Rc::clone(&site);
        attackers.spawn_local(async move {
            let mut random = seed;
            while Instant::now() < end {
                // A connection may break with the instance, and a request may be under way at the
                // end.
                let _broken_off = timeout_at(end, attack(&site, &mut random)).await;
                sleep(PAUSE).await;
            }
        });
    }
    attackers.join_all().await;
}

async fn attack(site: &Site, random: &mut u64) {
    let browser = site.at(&Browser::new(), site.any_instance(random));
    let number = pick(random, usize::MAX >> 33);
    let response = match pick(random, 4) {
        0 => {
            let unknown = format!(
                "{}={number:022}; Path=/; Secure; HttpOnly",
                site.session_cookie()
            );
            let planted = browser.plant_cookie(ORIGIN, &unknown);
            planted.expect("a cookie of the origin");
            browser.get_no_follow(&format!("{ORIGIN}/admin")).await
        }
        1 => browser.get_no_follow(&login()).await,
        2 => {
            let forged =
                format!("{ORIGIN}/auth/weika/callback?wxcode={number}&state={number:0100}");
            browser.get_no_follow(&forged).await
        }
        _ => invalid_code(&browser, number).await,
    };
    site.counts.borrow_mut().flood += 1;
    let Ok(response) = response else { return };
    // Too many invalid codes are rejected without an exchange.
    let is_expected = response.status().as_u16() < 500 || response.status() == 503;
    if !is_expected {
        site.fails(&format!("a flood got {response:?}"));
    }
}

/// A state of this site with a code that Weika did not issue.
async fn invalid_code(
    browser: &Browser,
    number: usize,
) -> std::io::Result<tower_weika_sandbox::Visit> {
    let redirect = browser.get_no_follow(&login()).await?;
    let state = redirect
        .location()
        .and_then(|location| location.split_once("&state="))
        .map_or("", |(_, state)| state);
    let state = state.split('&').next().unwrap_or_default();
    let callback = format!("{ORIGIN}/auth/weika/callback?wxcode=invalid-{number}&state={state}");
    browser.get_no_follow(&callback).await
}

fn login() -> String {
    format!("{ORIGIN}/auth/weika/login?return_to=/admin")
}
