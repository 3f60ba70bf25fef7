//! A browser: its cookies, its user, and its requests to the site.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{COOKIE, ORIGIN};
use http::{Method, Request};
use http_body_util::Full;
use parking_lot::Mutex;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use url::Url;

use crate::cookie_jar::CookieJar;
use crate::invariants::Reply;
use crate::login::{Login, PUBLIC_URL, PerLogin};
use crate::network::Link;
use crate::site::Site;

/// Users of each login at the provider.
const USERS: u64 = 3;

/// Callback addresses that a browser's history has.
const HISTORY: usize = 4;

pub(crate) struct Browser {
    pub(crate) number: usize,
    pub(crate) site: Arc<Site>,
    jar: Mutex<CookieJar>,
    /// The user of the browser at each provider.
    users: Mutex<PerLogin<u64>>,
    /// Callback addresses that were visited, the latest first.
    pub(crate) callbacks: Mutex<VecDeque<String>>,
}

/// When and where a request arrives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    pub(crate) at: Instant,
    pub(crate) instance: usize,
}

impl Browser {
    pub(crate) fn new(number: usize, site: &Arc<Site>) -> Arc<Self> {
        let random = &site.world.random;
        let users = Login::ALL.map(|_| random.between(1, USERS));
        Arc::new(Self {
            number,
            site: Arc::clone(site),
            jar: Mutex::default(),
            users: Mutex::new(users),
            callbacks: Mutex::default(),
        })
    }

    /// Another user takes the place at this browser.
    pub(crate) fn change_user(&self, login: Login) {
        self.users.lock()[login.index()] = self.site.world.random.between(1, USERS);
    }

    /// The user confirms a login on the provider's page, or declines it. Returns the callback.
    pub(crate) async fn confirm(&self, login: Login, page: &Url) -> String {
        let world = &self.site.world;
        // The page of the official account asks the user nothing.
        let longest = match login {
            Login::Phone => 200,
            _ => 2_000,
        };
        sleep(world.random.millis(10, longest)).await;
        let parameter = |name: &str| {
            let found = page.query_pairs().find(|(key, _)| key == name);
            found
                .map(|(_, value)| value.into_owned())
                .unwrap_or_default()
        };
        let mut callback = Url::parse(&parameter("redirect_uri")).expect("an absolute address");
        let state = parameter("state");
        if world.is_disturbed() && world.random.chance(30) {
            callback.query_pairs_mut().append_pair("state", &state);
            return callback.into();
        }
        let user = format!("o{}", self.users.lock()[login.index()]);
        let subject = login.subject(&user);
        let code = format!("code-{:016x}", world.random.next());
        let now = world.now();
        world.codes(login).issue(&code, &user, now);
        let name = match login {
            Login::Manager | Login::Member => "wxcode",
            Login::Wechat | Login::Phone => "code",
        };
        let mut facts = world.facts.lock();
        facts.confirmed.insert((self.number, login, subject));
        drop(facts);
        callback
            .query_pairs_mut()
            .append_pair(name, &code)
            .append_pair("state", &state);
        callback.into()
    }

    /// Sends a request. Returns `None` if no response arrives.
    pub(crate) async fn send(
        &self,
        method: &Method,
        address: &Url,
        arrival: Option<Arrival>,
    ) -> Option<Reply> {
        let (site, world) = (&self.site, &self.site.world);
        let cookies = self.jar.lock().header();
        let number = arrival.map_or_else(|| site.choose(), |arrival| arrival.instance);
        let link = Link::Browsers(number);
        match arrival {
            Some(arrival) => sleep_until(arrival.at).await,
            None if world.travel(link).await => {}
            None => {
                sleep(world.random.millis(0, 3_000)).await;
                return None;
            }
        }
        let instance = site.instance(number)?;
        let mut request = Request::builder()
            .method(method)
            .uri(&address[url::Position::BeforePath..])
            .header("host", "campus.example")
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "document")
            .header("sec-fetch-site", "same-origin")
            .header("accept", "text/html");
        if method == Method::POST {
            request = request.header(ORIGIN, PUBLIC_URL);
        }
        if !cookies.is_empty() {
            request = request.header(COOKIE, &cookies);
        }
        let request = request.body(Full::<Bytes>::default()).expect("a request");
        let state = address.query_pairs().find(|(key, _)| key == "state");
        let state = state.map(|(_, state)| state.into_owned());
        let path = address.path().to_owned();
        let seen = world.see(self.number, path, state, cookies, site.namespaces());
        let patience = world.random.millis(3_000, 40_000);
        let reply = timeout(patience, instance.serve(seen, request)).await;
        let Ok(Some(reply)) = reply else {
            world.note(format_args!(
                "browser {} gets no response from {number} to {method} {}",
                self.number,
                address.path()
            ));
            return None;
        };
        let arrives = world.travel(link).await;
        world.note(format_args!(
            "browser {} {method} {} at {number}: {} {:?} {:?}{}",
            self.number,
            address.path(),
            reply.status,
            reply.location.as_deref().unwrap_or_default(),
            reply.users,
            if arrives { "" } else { ", lost" }
        ));
        if !arrives {
            return None;
        }
        let mut jar = self.jar.lock();
        for cookie in &reply.cookies {
            jar.set(cookie);
        }
        drop(jar);
        Some(reply)
    }

    /// The browser is closed and opened again: its history is empty, and the visit has ended.
    pub(crate) fn restart(&self) {
        self.jar.lock().end_visit();
        self.callbacks.lock().clear();
    }

    pub(crate) fn remember(&self, callback: &str) {
        let mut callbacks = self.callbacks.lock();
        callbacks.push_front(callback.to_owned());
        callbacks.truncate(HISTORY);
    }
}
