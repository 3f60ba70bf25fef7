//! A user who logs in, opens pages, and logs out or leaves.

use std::rc::Rc;
use std::time::Duration;

use harness::pick;
use tokio::time::{Instant, sleep};
use tower_weika_sandbox::{Browser, Endpoint, Visit};

use crate::instance::ORIGIN;
use crate::site::{Latency, Site};

/// Users of a site at any moment.
pub(crate) const USERS: usize = 16;

/// People who have an account.
pub(crate) const PEOPLE: usize = 2_000;

/// Pages of a visit.
const PAGES: usize = 16;

/// Between two pages, at most.
const READING: usize = 200;

/// Attempts of a login whose instance or store is restarted.
const ATTEMPTS: usize = 20;

/// A logout is effective everywhere within this time, also beside a restart of Redis.
const PROPAGATION: Duration = Duration::from_secs(10);

/// Returns the id at the provider's page, and the user id that the application receives.
pub(crate) fn person(number: usize) -> [String; 2] {
    [format!("p{number}"), format!("oSandboxUser0{number:015}")]
}

/// Visits the site again and again.
pub(crate) async fn visit(site: Rc<Site>, seed: u64) {
    let mut user = User {
        site,
        random: seed,
        browser: Browser::new(),
        person: [const { String::new() }; 2],
    };
    loop {
        user.browser = Browser::new();
        user.person = person(pick(&mut user.random, PEOPLE));
        if let Err(problem) = user.visit().await {
            user.site.fails(&problem);
            sleep(Duration::from_secs(1)).await;
        }
    }
}

struct User {
    site: Rc<Site>,
    random: u64,
    browser: Browser,
    person: [String; 2],
}

impl User {
    async fn visit(&mut self) -> Result<(), String> {
        self.log_in().await?;
        for _ in 0..PAGES {
            let reading = pick(&mut self.random, READING) as u64;
            sleep(Duration::from_millis(reading)).await;
            self.open_page().await?;
        }
        if pick(&mut self.random, 2) == 0 {
            self.log_out().await?;
        }
        Ok(())
    }

    async fn log_in(&mut self) -> Result<(), String> {
        let mut was_disturbed = false;
        for _ in 0..ATTEMPTS {
            let (page, was_repeated) = self.get(format!("{ORIGIN}/admin")).await?;
            was_disturbed |= was_repeated;
            let Some((_, query)) = page.url().split_once('?') else {
                return Err(format!("not the provider's page: {page:?}"));
            };
            let approval = format!(
                "{}{}?person={}&{query}",
                self.site.upstream,
                Endpoint::Approve.path(),
                self.person[0]
            );
            let (page, was_repeated) = self.get(approval).await?;
            was_disturbed |= was_repeated;
            if page.path() == "/admin" && page.status() == 200 {
                self.check(&page)?;
                self.site.counts.borrow_mut().logins += 1;
                self.site.learn_session_cookie(&self.browser);
                return Ok(());
            }
            // The code may be lost with the instance that exchanged it: the user starts again.
            if !was_disturbed {
                return Err(format!("a login ended on {page:?}"));
            }
            self.browser = Browser::new();
        }
        Err("no login, however often it was attempted".to_owned())
    }

    async fn open_page(&mut self) -> Result<(), String> {
        let admin = format!("{ORIGIN}/admin");
        if pick(&mut self.random, 2) == 0 {
            let (page, _) = self.get(admin).await?;
            self.check(&page)?;
        } else {
            // Only the first instance is measured.
            let start = Instant::now();
            let first = self.site.at(&self.browser, self.site.first.address);
            let page = first.get(&admin).await.map_err(|error| error.to_string())?;
            let guarded = start.elapsed();
            if page.status() == 503 && self.site.is_store_disturbed.get() {
                self.site.counts.borrow_mut().unavailable += 1;
                return Ok(());
            }
            self.check(&page)?;
            let start = Instant::now();
            let baseline = first.get(&format!("{ORIGIN}/health")).await;
            baseline.map_err(|error| error.to_string())?;
            self.site.latencies.borrow_mut().push(Latency {
                guarded: guarded.as_secs_f64() * 1e6,
                baseline: start.elapsed().as_secs_f64() * 1e6,
            });
        }
        self.site.counts.borrow_mut().pages += 1;
        Ok(())
    }

    /// After it, neither instance serves a copy of the cookies.
    async fn log_out(&mut self) -> Result<(), String> {
        let copy = Browser::new();
        for cookie in self.browser.cookies() {
            let set = format!("{}={}; Path=/; Secure", cookie.name, cookie.value);
            copy.plant_cookie(ORIGIN, &set)
                .map_err(|error| error.to_string())?;
        }
        let logout = format!("{ORIGIN}/auth/weika/logout");
        let post = async |browser: Browser| browser.post(&logout, "").await;
        self.site
            .send(&mut self.random, &self.browser, post)
            .await?;
        let start = Instant::now();
        let mut last = Duration::ZERO;
        let mut refusals = 0;
        // Each instance is asked several times.
        while refusals < 8 {
            let sent = start.elapsed();
            let get =
                async |browser: Browser| browser.get_no_follow(&format!("{ORIGIN}/admin")).await;
            let (page, _) = self.site.send(&mut self.random, &copy, get).await?;
            if page.status() == 200 {
                last = sent;
                refusals = 0;
                if sent > PROPAGATION {
                    return Err(format!("served {sent:?} after the logout"));
                }
            } else {
                refusals += 1;
            }
            sleep(Duration::from_millis(5)).await;
        }
        let mut counts = self.site.counts.borrow_mut();
        counts.logouts += 1;
        counts.slowest_logout = counts.slowest_logout.max(last);
        Ok(())
    }

    async fn get(&mut self, url: String) -> Result<(Visit, bool), String> {
        let get = async |browser: Browser| browser.get(&url).await;
        self.site.send(&mut self.random, &self.browser, get).await
    }

    fn check(&self, page: &Visit) -> Result<(), String> {
        if page.status() == 200 && page.text() == self.person[1] {
            Ok(())
        } else {
            Err(format!("not the page of the user: {page:?}"))
        }
    }
}
