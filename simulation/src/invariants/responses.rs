//! Checks of a response when it leaves an instance.
//!
//! 1. A session shows its own user, and only in a browser in which that user has confirmed a login.
//! 2. A live session is never read as absent: neither by a redirect to a login nor by a page for
//!    anonymous visitors. While the store fails, the response is `503`.
//! 3. A session that has ended is not served: at once without a local cache, and after its validity
//!    window with one. One that the store has lost is served for a minute at most.
//! 4. A repeated callback shares the outcome for less than 60 seconds after it, and for all of them.

use http::header::{LOCATION, SET_COOKIE};
use http::{Response, StatusCode};
use tower_weika::session::{SessionDigest, SessionId};

use super::SettledCallback;
use crate::incarnation::Incarnation;
use crate::login::{Login, PerLogin};
use crate::store::{Ended, Entry, SessionKey};
use crate::world::World;

/// For how long callbacks share an outcome, in milliseconds.
pub(crate) const JOIN_WINDOW: u64 = 60_000;
/// For how long a cached session is served without news of the store.
const VALIDITY: u64 = 900;
/// For how long a cached session is served after the store has confirmed it.
const SERVED_FOR: u64 = 60_000;

/// A request as it arrives at an instance.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) browser: usize,
    pub(crate) path: String,
    pub(crate) state: Option<String>,
    pub(crate) cookies: String,
    pub(crate) at: u64,
    /// For each login, the session in the cookie and what the ledger knows about it.
    sessions: PerLogin<Option<(SessionKey, Option<Entry>)>>,
}

/// The parts of a response that matter.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) location: Option<String>,
    pub(crate) cookies: Vec<String>,
    /// The users that the application shows; `None` if the response is not that of the application.
    pub(crate) users: Option<PerLogin<Option<String>>>,
}

impl Reply {
    pub(crate) fn of<B>(response: &Response<B>) -> Self {
        let headers = response.headers();
        let text = |name: &str| {
            let value = headers.get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        let cookies = headers.get_all(SET_COOKIE).iter();
        Self {
            status: response.status(),
            location: text(LOCATION.as_str()),
            cookies: cookies
                .filter_map(|cookie| cookie.to_str().ok().map(str::to_owned))
                .collect(),
            users: text("x-application").map(|_| Login::ALL.map(|login| text(login.header()))),
        }
    }

    /// Returns the session that the response sets.
    pub(super) fn session(&self, login: Login) -> Option<SessionDigest> {
        let name = format!("{}=", login.session_cookie());
        let set = self.cookies.iter().find_map(|cookie| {
            let value = cookie.strip_prefix(&name)?;
            value.split(';').next()
        });
        digest(set?)
    }

    /// Returns the flow cookie that the response deletes.
    fn deleted_flow(&self) -> Option<String> {
        let deleted = self.cookies.iter().find_map(|cookie| {
            let (name, rest) = cookie.split_once('=')?;
            (name.contains("-flow-") && rest.starts_with(';')).then_some(name)
        });
        deleted.map(str::to_owned)
    }
}

fn digest(id: &str) -> Option<SessionDigest> {
    Some(SessionId::parse(id.as_bytes())?.digest())
}

pub(super) fn cookie<'a>(cookies: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = cookies.split("; ").filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

impl World {
    /// Records a request that arrives at an instance.
    pub(crate) fn see(
        &self,
        browser: usize,
        path: String,
        state: Option<String>,
        cookies: String,
        namespaces: PerLogin<[u8; 16]>,
    ) -> Seen {
        let server = self.server.lock();
        let sessions = Login::ALL.map(|login| {
            let id = cookie(&cookies, &login.session_cookie())?;
            let key = (namespaces[login.index()], digest(id)?);
            Some((key, server.ledger.get(&key).cloned()))
        });
        drop(server);
        Seen {
            browser,
            path,
            state,
            cookies,
            at: self.now(),
            sessions,
        }
    }

    /// Checks the response to a request when it leaves the instance.
    pub(crate) fn check_response(
        &self,
        seen: &Seen,
        reply: &Reply,
        by: &Incarnation,
        namespaces: PerLogin<[u8; 16]>,
    ) {
        for login in Login::ALL {
            let is_live = self.check_session(login, seen, reply);
            self.check_silent(login, seen, reply, is_live);
            self.check_callback(login, seen, reply, by, namespaces[login.index()]);
        }
    }

    /// Returns whether the request has a session of the login that was live throughout.
    fn check_session(&self, login: Login, seen: &Seen, reply: &Reply) -> bool {
        let shown = reply.users.as_ref().map(|users| &users[login.index()]);
        let Some((key, before)) = &seen.sessions[login.index()] else {
            if let Some(Some(user)) = shown {
                self.violate(format_args!("{user} is shown without a session"));
            }
            return false;
        };
        let after = self.server.lock().ledger.get(key).cloned();
        let is_live = |entry: &Option<Entry>| entry.as_ref().is_some_and(|e| e.ended.is_none());
        let is_live_throughout = is_live(before) && is_live(&after);
        match shown {
            Some(Some(user)) => {
                self.check_user(login, seen, user, before.as_ref());
                // Not if the store has lost the revocation meanwhile.
                if !is_live(&after) {
                    self.check_end(seen, before.as_ref());
                }
            }
            Some(None) if is_live_throughout => {
                self.violate(format_args!("a live session reads as anonymous: {seen:?}"));
            }
            None if is_live_throughout
                && seen.path.starts_with(login.guarded())
                && reply.status != StatusCode::SERVICE_UNAVAILABLE =>
            {
                self.violate(format_args!(
                    "a live session gets {} {:?}: {seen:?}",
                    reply.status, reply.location
                ));
            }
            _ => {}
        }
        is_live_throughout
    }

    fn check_user(&self, login: Login, seen: &Seen, user: &str, entry: Option<&Entry>) {
        if entry.is_none_or(|entry| entry.subject != user) {
            return self.violate(format_args!("{user} is shown, of {entry:?}"));
        }
        self.check_confirmed(login, seen.browser, user);
    }

    fn check_end(&self, seen: &Seen, entry: Option<&Entry>) {
        let Some((ended, how)) = entry.and_then(|entry| entry.ended) else {
            return;
        };
        let news = if self.scenario.has_cache { VALIDITY } else { 0 };
        let served_until = match how {
            Ended::Removed => ended + news,
            Ended::Lost => ended + SERVED_FOR,
        };
        if seen.at > served_until {
            self.violate(format_args!(
                "a session that ended at {ended} is served: {seen:?}"
            ));
        }
    }

    fn check_confirmed(&self, login: Login, browser: usize, user: &str) {
        let confirmed = (browser, login, user.to_owned());
        if !self.facts.lock().confirmed.contains(&confirmed) {
            self.violate(format_args!(
                "{user} has never confirmed a login in browser {browser}"
            ));
        }
    }

    fn check_callback(
        &self,
        login: Login,
        seen: &Seen,
        reply: &Reply,
        by: &Incarnation,
        namespace: [u8; 16],
    ) {
        let Some(state) = seen
            .state
            .as_ref()
            .filter(|_| seen.path == login.callback_path())
        else {
            return;
        };
        let known = self.facts.lock().callbacks.get(state).cloned();
        if let Some(session) = reply.session(login) {
            let entry = self
                .server
                .lock()
                .ledger
                .get(&(namespace, session))
                .cloned();
            let Some(entry) = entry else {
                return self.violate(format_args!("a cookie of a session that is not there"));
            };
            self.check_confirmed(login, seen.browser, &entry.subject);
            let is_over = |settled: u64| seen.at >= settled + JOIN_WINDOW;
            if entry.settled.is_some_and(is_over) {
                self.violate(format_args!(
                    "the outcome of {:?} is shared: {seen:?}",
                    entry.settled
                ));
            }
            let mut facts = self.facts.lock();
            facts.logins += u64::from(known.is_none());
            facts.callbacks.insert(
                state.clone(),
                SettledCallback {
                    login,
                    session,
                    incarnation: by.number(),
                    instance: by.instance(),
                    flow_cookie: reply.deleted_flow(),
                },
            );
        } else if let Some(known) = known
            && known.incarnation == by.number()
            && reply.status != StatusCode::SERVICE_UNAVAILABLE
        {
            self.check_not_shared(seen, reply, &known, namespace);
        }
    }

    /// Checks that an outcome is shared for as long as it has to be.
    fn check_not_shared(
        &self,
        seen: &Seen,
        reply: &Reply,
        known: &SettledCallback,
        namespace: [u8; 16],
    ) {
        let flow_cookie = known.flow_cookie.as_ref();
        let has_flow = flow_cookie.is_some_and(|name| cookie(&seen.cookies, name).is_some());
        let entry = self
            .server
            .lock()
            .ledger
            .get(&(namespace, known.session))
            .cloned();
        let is_joinable = entry.clone().is_some_and(|entry| {
            // The other login may have delayed the request until now.
            let is_in_time = |settled: u64| self.now() < settled + JOIN_WINDOW;
            entry.ended.is_none() && entry.settled.is_some_and(is_in_time)
        });
        if has_flow && is_joinable && !self.facts.lock().was_clock_set {
            self.violate(format_args!(
                "the outcome of {known:?} {entry:?} is not shared, but {} {:?}: {seen:?}",
                reply.status, reply.location
            ));
        }
    }

    /// Returns when the outcome of a callback can be shared no longer, and at which instance it was
    /// settled.
    pub(crate) fn end_of_join_window(
        &self,
        state: &str,
        namespaces: PerLogin<[u8; 16]>,
    ) -> Option<(u64, usize)> {
        let facts = self.facts.lock();
        let known = facts.callbacks.get(state)?;
        let key = (namespaces[known.login.index()], known.session);
        let settled = self.server.lock().ledger.get(&key)?.settled?;
        Some((settled + JOIN_WINDOW, known.instance))
    }
}
