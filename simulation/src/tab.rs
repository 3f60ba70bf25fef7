//! A tab: navigations of its user, with everything that users do.

use std::sync::Arc;

use http::Method;
use tokio::time::{Duration, Instant, sleep};
use url::Url;

use crate::application::{DEVICE, HOME, OTHERS};
use crate::browser::{Arrival, Browser};
use crate::invariants::Reply;
use crate::login::{Login, PUBLIC_URL, PerLogin};

/// The most visits to the page of one login in one chain of redirects.
const MAX_LOGINS: u32 = 3;
/// The most requests of a navigation.
const MAX_REQUESTS: u32 = 15;

pub(crate) struct Tab {
    browser: Arc<Browser>,
    /// All browsers, for links from one to another.
    others: Vec<Arc<Browser>>,
}

impl Tab {
    pub(crate) fn new(browser: &Arc<Browser>, others: &[Arc<Browser>]) -> Self {
        Self {
            browser: Arc::clone(browser),
            others: others.to_vec(),
        }
    }

    /// Acts until `end`.
    pub(crate) async fn act(self, end: Instant) {
        let world = Arc::clone(&self.browser.site.world);
        while Instant::now() < end {
            sleep(world.random.millis(0, world.scenario.pause)).await;
            // Only managers need access tokens.
            let login = match world.random.chance(300) {
                true => Login::Manager,
                false => Login::ALL[world.random.index(Login::ALL.len())],
            };
            match world.random.between(0, 99) {
                0..20 => self.visit(HOME).await,
                20..55 => self.visit(&format!("{}/page", login.guarded())).await,
                55..58 => self.visit(&login.login_path()).await,
                58..61 => self.visit(&format!("{}{OTHERS}", login.guarded())).await,
                61..66 => self.visit(&format!("{}{DEVICE}", login.guarded())).await,
                66..76 => self.log_out(login).await,
                76..81 => self.browser.change_user(login),
                81..84 => self.browser.restart(),
                84..93 => self.go_back().await,
                _ => self.follow_link_of_another().await,
            }
        }
    }

    async fn visit(&self, target: &str) {
        self.navigate(&format!("{PUBLIC_URL}{target}")).await;
    }

    async fn log_out(&self, login: Login) {
        let address = address(&format!("{PUBLIC_URL}{}", login.logout_path()));
        self.browser.send(&Method::POST, &address, None).await;
    }

    /// Visits a callback address of the history again.
    async fn go_back(&self) {
        let world = &self.browser.site.world;
        let callbacks = self.browser.callbacks.lock().clone();
        if !callbacks.is_empty() {
            self.navigate(&callbacks[world.random.index(callbacks.len())])
                .await;
        }
    }

    /// Visits a callback address of another browser, as after an attack on this user.
    async fn follow_link_of_another(&self) {
        let world = &self.browser.site.world;
        let other = &self.others[world.random.index(self.others.len())];
        let latest = other.callbacks.lock().front().cloned();
        if let Some(callback) = latest {
            self.navigate(&callback).await;
        }
    }

    /// Follows redirects to a page. A user whose request fails reloads it.
    pub(crate) async fn navigate(&self, start: &str) -> Option<Reply> {
        let world = &self.browser.site.world;
        let (mut current, mut logins) = (start.to_owned(), PerLogin::<u32>::default());
        for _ in 0..MAX_REQUESTS {
            let page = Login::ALL
                .into_iter()
                .find(|login| current.starts_with(login.page()));
            if let Some(login) = page {
                logins[login.index()] += 1;
                if logins[login.index()] > MAX_LOGINS {
                    world.violate(format_args!("a chain with {logins:?} logins from {start}"));
                }
                current = self.browser.confirm(login, &address(&current)).await;
                continue;
            }
            let reply = self.request(&address(&current)).await?;
            match reply.location {
                Some(location) => current = address(&current).join(&location).ok()?.into(),
                None => return Some(reply),
            }
        }
        world.violate(format_args!(
            "no page after {MAX_REQUESTS} requests: {start}"
        ));
        None
    }

    /// Requests a page; a callback perhaps twice at once, and again after a failure.
    async fn request(&self, address: &Url) -> Option<Reply> {
        let (browser, world) = (&self.browser, &self.browser.site.world);
        let is_callback = Login::ALL
            .iter()
            .any(|login| address.path() == login.callback_path());
        if !is_callback {
            return browser.send(&Method::GET, address, None).await;
        }
        browser.remember(address.as_str());
        let first = browser.send(&Method::GET, address, None);
        let reply = if world.is_disturbed() && world.random.chance(world.scenario.doubled) {
            let second = async {
                sleep(world.random.millis(0, 300)).await;
                browser.send(&Method::GET, address, None).await
            };
            tokio::join!(first, second).1
        } else {
            first.await
        };
        if reply.is_some() {
            return reply;
        }
        self.reload(address).await
    }

    /// Reloads a callback after a failure: soon, or at the end of the time in which it still helps.
    async fn reload(&self, address: &Url) -> Option<Reply> {
        let (site, world) = (&self.browser.site, &self.browser.site.world);
        sleep(world.random.millis(500, 5_000)).await;
        let state = address.query_pairs().find(|(key, _)| key == "state");
        let state = state
            .map(|(_, state)| state.into_owned())
            .unwrap_or_default();
        let end = world.end_of_join_window(&state, site.namespaces());
        let arrival = end.filter(|_| world.random.chance(500)).map(|(end, by)| {
            let at = world.instant(end + world.random.between(0, 2)) - Duration::from_millis(1);
            let instance = if world.random.chance(700) {
                by
            } else {
                site.choose()
            };
            Arrival { at, instance }
        });
        let arrival = arrival.filter(|arrival| arrival.at > Instant::now());
        self.browser.send(&Method::GET, address, arrival).await
    }
}

fn address(text: &str) -> Url {
    Url::parse(text).expect("an absolute address")
}
