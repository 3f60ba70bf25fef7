//! Checks of silent logins.
//!
//! 1. A visitor is logged in silently at most once per visit, and never while logged in.
//! 2. If it fails, the visitor gets the page: no page says that a login has failed. Invalid links
//!    and outages of the store have pages nevertheless.

use http::StatusCode;
use url::Url;

use super::responses::cookie;
use super::{Reply, Seen};
use crate::application::HOME;
use crate::login::Login;
use crate::world::World;

impl World {
    pub(super) fn check_silent(&self, login: Login, seen: &Seen, reply: &Reply, is_live: bool) {
        let was_attempted = cookie(&seen.cookies, &login.silent_cookie()).is_some();
        let page = reply.location.as_deref();
        if let Some(page) = page.filter(|page| seen.path == HOME && page.starts_with(login.page()))
        {
            if was_attempted || is_live {
                self.violate(format_args!("a silent login too many: {seen:?}"));
            }
            let page = Url::parse(page).expect("an absolute address");
            let state = page.query_pairs().find(|(key, _)| key == "state");
            let state = state.expect("a state").1.into_owned();
            self.facts.lock().silent.insert(state);
        }
        let state = seen.state.as_ref();
        let is_silent = state.is_some_and(|state| self.facts.lock().silent.contains(state));
        if !is_silent || !was_attempted || seen.path != login.callback_path() {
            return;
        }
        match reply.status {
            StatusCode::SEE_OTHER => {
                let is_failed = reply.session(login).is_none();
                self.facts.lock().failed_silently += u64::from(is_failed);
            }
            StatusCode::BAD_REQUEST | StatusCode::SERVICE_UNAVAILABLE => {}
            status => self.violate(format_args!(
                "a silent login that fails is shown as {status}: {seen:?}"
            )),
        }
    }
}
