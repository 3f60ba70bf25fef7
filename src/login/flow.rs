//! The flow cookie: ties a login to the browser that began it, and remembers where it leads.
//!
//! One small cookie per login attempt, `{born}.{tag}.{target}`: the tag authenticates flow, birth and target.
//! Nothing is kept on the server for a login that has only begun. All our cookies together stay below 4 KB
//! of the `Cookie` header: the oldest flow goes first, and a target that is too long for its share is given up
//! for the landing page, so that eight flows always fit beside a session. Login layers of one site share the room.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use http::{HeaderMap, HeaderValue};

use super::keys::{Key, TAG_BYTES};
use super::return_to::{ReturnRules, ReturnTo};
use super::state::{FLOW_LIFETIME, FlowId, State};
use crate::clock::Timestamp;
use crate::cookie::{self, CookieName, CookiePolicy, Found};
use crate::error::Error;
use crate::session::SessionId;
use crate::trace::debug;

/// What all our cookies may take of the `Cookie` header, in bytes.
const HEADER_BUDGET: usize = 4096;

/// As many flows always fit.
const FLOWS_AT_LEAST: usize = 8;

/// `=` and `; ` around a pair.
const PAIR_OVERHEAD: usize = 3;

/// How a login has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    /// Whoever needs a login while the mark is there does not keep the session.
    LoggedIn,
    /// Nobody had asked for it, and nobody was told.
    InVain,
}

impl End {
    const fn as_str(self) -> &'static str {
        match self {
            Self::LoggedIn => "1",
            Self::InVain => "0",
        }
    }
}

/// The value of a cookie that only has to be there; those of [`End`] are as long.
const MARK: &str = "1";

/// How long the end of a login is remembered.
const ARRIVED_FOR: Duration = Duration::from_secs(10);

/// Reads and writes the flow cookies of one provider.
#[derive(Debug)]
pub(super) struct FlowCookies {
    policy: CookiePolicy,
    /// The name up to the part that is the flow's own.
    prefix: String,
    session_name: String,
    arrived: CookieName,
    tried: CookieName,
    /// What is left of the budget beside a session cookie and the marks.
    budget: usize,
}

impl FlowCookies {
    pub(super) fn new(policy: CookiePolicy, provider: &str, session_cookie: &str) -> Self {
        let [arrived, tried] =
            ["arrived", "tried"].map(|mark| CookieName::new(policy.name(&format!("{provider}-{mark}"))));
        let taken = session_cookie.len() + SessionId::LENGTH + arrived.as_str().len() + tried.as_str().len();
        let pairs = 3 * PAIR_OVERHEAD + 2 * MARK.len();
        Self {
            policy,
            prefix: policy.name(&format!("{provider}-flow-")),
            arrived,
            tried,
            session_name: session_cookie.to_owned(),
            budget: HEADER_BUDGET.saturating_sub(taken + pairs),
        }
    }

    /// The cookie for a flow that begins, after the deletion of those that have to make room for it.
    pub(super) fn begin(
        &self,
        key: &Key,
        state: &State,
        target: &ReturnTo,
        landing: &ReturnTo,
        headers: &HeaderMap,
    ) -> Result<Vec<HeaderValue>, Error> {
        let name = self.name(state.flow);
        let mut value = value(key, state, target);
        if name.len() + value.len() + PAIR_OVERHEAD > self.budget / FLOWS_AT_LEAST {
            debug!("login: return target dropped: it does not fit in the flow cookie; default target used");
            value = self::value(key, state, landing);
        }
        let mut cookies = self.make_room(name.len() + value.len() + PAIR_OVERHEAD, state.born, headers)?;
        cookies.push(self.policy.set(&name, &value, Some(FLOW_LIFETIME))?);
        Ok(cookies)
    }

    /// The target of the flow, if this browser began it.
    pub(super) fn target(
        &self,
        key: &Key,
        state: &State,
        rules: &ReturnRules,
        headers: &HeaderMap,
    ) -> Option<ReturnTo> {
        let Found::Value(value) = CookieName::new(self.name(state.flow)).find(headers) else {
            return None;
        };
        let mut parts = value.splitn(3, |byte| *byte == b'.').skip(1);
        let tag: [u8; TAG_BYTES] = BASE64.decode(parts.next()?).ok()?.try_into().ok()?;
        let target = BASE64.decode(parts.next()?).ok()?;
        let authentic = key.verify(&[&state.flow.0, &born(state), &target], &tag);
        authentic.then(|| rules.check(&target)).flatten()
    }

    /// Deletes the cookie of a flow that is over.
    pub(super) fn end(&self, flow: FlowId) -> Result<HeaderValue, Error> {
        self.policy.delete(&self.name(flow))
    }

    /// A mark for a browser whose login has just ended. It fades.
    pub(super) fn ended(&self, end: End) -> Result<HeaderValue, Error> {
        self.policy.set(self.arrived.as_str(), end.as_str(), Some(ARRIVED_FOR))
    }

    /// How the login of a moment ago has ended.
    pub(super) fn last_ended(&self, headers: &HeaderMap) -> Option<End> {
        let Found::Value(value) = self.arrived.find(headers) else {
            return None;
        };
        [End::LoggedIn, End::InVain].into_iter().find(|end| end.as_str().as_bytes() == value)
    }

    /// A mark that ends with the browser: during this visit nobody is logged in without being asked any more.
    pub(super) fn tried(&self) -> Result<HeaderValue, Error> {
        self.policy.set(self.tried.as_str(), MARK, None)
    }

    pub(super) fn has_tried(&self, headers: &HeaderMap) -> bool {
        self.tried.find(headers) != Found::Absent
    }

    /// Deletes the cookies of all flows that this browser has begun, and the mark of the last one.
    pub(super) fn end_all(&self, headers: &HeaderMap) -> Result<Vec<HeaderValue>, Error> {
        let arrived = self.last_ended(headers).map(|_| self.arrived.as_str());
        self.present(headers).map(|(name, _)| name).chain(arrived).map(|name| self.policy.delete(name)).collect()
    }

    fn make_room(&self, needed: usize, now: Timestamp, headers: &HeaderMap) -> Result<Vec<HeaderValue>, Error> {
        let mut present: Vec<_> = self.present(headers).map(|(name, value)| (age(value, now), name, value)).collect();
        present.sort_unstable();
        let mut room = self.budget.saturating_sub(needed + self.of_other_layers(headers));
        let mut deleted = Vec::new();
        for (age, name, value) in present {
            let size = name.len() + value.len() + PAIR_OVERHEAD;
            match room.checked_sub(size).filter(|_| age < FLOW_LIFETIME.as_secs()) {
                Some(left) => room = left,
                None => {
                    room = if age < FLOW_LIFETIME.as_secs() { 0 } else { room };
                    deleted.push(self.policy.delete(name)?);
                }
            }
        }
        Ok(deleted)
    }

    /// What the cookies of other login layers of this site take. Only what has exactly the form of ours counts:
    /// cookies of other applications must not cost anybody a login (rule K6).
    fn of_other_layers(&self, headers: &HeaderMap) -> usize {
        let ours = self.policy.name("");
        let alike = |name: &[u8], value: &[u8]| {
            let flow = name.split_last_chunk::<OWN_NAME_LENGTH>().is_some_and(|(rest, _)| rest.ends_with(b"-flow-"));
            let size = name.len() + value.len() + PAIR_OVERHEAD;
            let is_flow = flow && claimed_birth(value).is_some() && size <= self.budget / FLOWS_AT_LEAST;
            let is_mark = value.len() == MARK.len() && (name.ends_with(b"-arrived") || name.ends_with(b"-tried"));
            let is_session = name.ends_with(b"-session") && SessionId::parse(value).is_some();
            let own = [self.session_name.as_str(), self.arrived.as_str(), self.tried.as_str()];
            let is_own = name.starts_with(self.prefix.as_bytes()) || own.iter().any(|own| name == own.as_bytes());
            name.starts_with(ours.as_bytes()) && !is_own && (is_flow || is_session || is_mark)
        };
        let alien = cookie::pairs(headers).filter(|(name, value)| alike(name, value));
        alien.map(|(name, value)| name.len() + value.len() + PAIR_OVERHEAD).sum()
    }

    fn present<'h>(&'h self, headers: &'h HeaderMap) -> impl Iterator<Item = (&'h str, &'h [u8])> {
        cookie::pairs(headers).filter_map(|(name, value)| {
            let own = name.strip_prefix(self.prefix.as_bytes())?;
            let is_ours =
                own.len() == OWN_NAME_LENGTH && own.iter().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(b));
            let name = std::str::from_utf8(name).ok()?;
            is_ours.then_some((name, value))
        })
    }

    fn name(&self, flow: FlowId) -> String {
        format!("{}{}", self.prefix, BASE64.encode(&flow.0[..OWN_NAME_LENGTH / 4 * 3]))
    }
}

/// Characters of the name that are the flow's own: six of its bytes.
const OWN_NAME_LENGTH: usize = 8;

fn value(key: &Key, state: &State, target: &ReturnTo) -> String {
    let target = target.as_str().as_bytes();
    let tag = key.tag(&[&state.flow.0, &born(state), target]);
    format!("{:x}.{}.{}", state.born.unix_seconds(), BASE64.encode(tag), BASE64.encode(target))
}

fn born(state: &State) -> [u8; 8] {
    state.born.unix_seconds().to_be_bytes()
}

/// Seconds since the birth that a value claims; without one, the value is as old as can be.
fn age(value: &[u8], now: Timestamp) -> u64 {
    claimed_birth(value).map_or(u64::MAX, |born| now.unix_seconds().saturating_sub(born))
}

/// The birth in front of a value, in Unix seconds. Only this browser's own room depends on it, so it need not be
/// authentic.
fn claimed_birth(value: &[u8]) -> Option<u64> {
    let hex = value.split(|byte| *byte == b'.').next()?;
    u64::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use http::header::COOKIE;

    use super::super::keys::Keys;
    use super::super::state::Attempt;
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_760_000_000);
    const SESSION: &str = "__Host-weika-session";

    fn flows() -> FlowCookies {
        FlowCookies::new(CookiePolicy::Secure, "weika", SESSION)
    }

    fn keys() -> Keys {
        Keys::derive(&[1; 32], &[], "weika")
    }

    fn rules() -> ReturnRules {
        ReturnRules::new("https://campus.example", [], Vec::new())
    }

    fn target(text: &str) -> ReturnTo {
        rules().check(text.as_bytes()).unwrap()
    }

    /// A jar that applies `Set-Cookie` as a browser does.
    #[derive(Default)]
    struct Jar(Vec<(String, String)>);

    impl Jar {
        fn apply(&mut self, set: &[HeaderValue]) {
            for cookie in set {
                let text = cookie.to_str().unwrap();
                let (name, rest) = text.split_once('=').unwrap();
                self.0.retain(|(known, _)| known != name);
                if !text.contains("Max-Age=0") {
                    self.0.push((name.to_owned(), rest.split(';').next().unwrap().to_owned()));
                }
            }
        }

        fn headers(&self) -> HeaderMap {
            let session = (SESSION.to_owned(), "x".repeat(SessionId::LENGTH));
            let pairs: Vec<_> =
                self.0.iter().chain([&session]).map(|(name, value)| format!("{name}={value}")).collect();
            HeaderMap::from_iter([(COOKIE, pairs.join("; ").parse().unwrap())])
        }

        fn begin(&mut self, at: Timestamp, to: &str) -> State {
            let state = State::begin(Attempt::First, at).unwrap();
            let set = flows().begin(&keys().flow, &state, &target(to), &target("/"), &self.headers()).unwrap();
            self.apply(&set);
            state
        }

        fn target_of(&self, state: &State) -> Option<ReturnTo> {
            flows().target(&keys().flow, state, &rules(), &self.headers())
        }
    }

    #[test]
    fn flow_leads_back_only_in_the_browser_that_began_it() {
        let (mut one, mut other) = (Jar::default(), Jar::default());
        let state = one.begin(NOW, "/a?b=c");
        other.begin(NOW, "/other");
        assert_eq!(one.target_of(&state), Some(target("/a?b=c")));
        assert_eq!(other.target_of(&state), None);
    }

    #[test]
    fn changed_cookie_leads_nowhere() {
        let mut jar = Jar::default();
        let state = jar.begin(NOW, "/a");
        let original = jar.0[0].1.clone();
        let forged = BASE64.encode("/b");
        for value in [
            original.replacen(|c: char| c != '.', "", 1),
            format!("{original}A"),
            original[..20].to_owned(),
            String::new(),
        ] {
            jar.0[0].1 = value;
            // The birth is not read from the cookie, so a change there alone does not matter.
            if jar.0[0].1.split_once('.').map(|(_, rest)| rest) != original.split_once('.').map(|(_, rest)| rest) {
                assert_eq!(jar.target_of(&state), None);
            }
        }
        let (head, _) = original.rsplit_once('.').unwrap();
        jar.0[0].1 = format!("{head}.{forged}");
        assert_eq!(jar.target_of(&state), None);
    }

    #[test]
    fn cookie_of_one_flow_does_not_serve_another() {
        let mut jar = Jar::default();
        let (one, other) = (jar.begin(NOW, "/a"), jar.begin(NOW, "/b"));
        let value = jar.0[0].1.clone();
        jar.0[1].1 = value;
        assert_eq!(jar.target_of(&one), Some(target("/a")));
        assert_eq!(jar.target_of(&other), None);
    }

    #[test]
    fn twenty_tabs_with_short_targets_fit() {
        let mut jar = Jar::default();
        let states: Vec<_> = (0..20).map(|tab| jar.begin(NOW, &format!("/courses/{tab}?view=list"))).collect();
        assert!(
            states
                .iter()
                .enumerate()
                .all(|(tab, state)| jar.target_of(state) == Some(target(&format!("/courses/{tab}?view=list"))))
        );
    }

    #[test]
    fn eight_tabs_fit_whatever_their_targets_and_the_header_stays_below_4_kilobytes() {
        for length in [1, 100, 300, 330, 400, 2000] {
            let mut jar = Jar::default();
            let long = format!("/{}", "a".repeat(length));
            jar.apply(&[flows().ended(End::LoggedIn).unwrap(), flows().tried().unwrap()]);
            let mut states = Vec::new();
            for tab in 0..80 {
                states.push(jar.begin(NOW.plus(Duration::from_secs(tab)), &long));
                assert!(jar.headers()[COOKIE].len() <= HEADER_BUDGET);
            }
            assert!(states.iter().rev().take(8).all(|state| jar.target_of(state).is_some()), "{length}");
            assert!(jar.target_of(&states[0]).is_none(), "the oldest goes first");
        }
    }

    #[test]
    fn cookies_of_other_login_layers_count_too() {
        let mut jar = Jar::default();
        let others = FlowCookies::new(CookiePolicy::Secure, "wechat", "__Host-wechat-session");
        for tab in 0..40 {
            let state = State::begin(Attempt::First, NOW).unwrap();
            let long = target(&format!("/{tab}/{}", "a".repeat(200)));
            let flows = if tab % 2 == 0 { &others } else { &flows() };
            let set = flows.begin(&keys().flow, &state, &long, &target("/"), &jar.headers()).unwrap();
            jar.apply(&set);
            // One that begins is always let in, even if only the other layer could make room.
            assert!(jar.headers()[COOKIE].len() <= HEADER_BUDGET + HEADER_BUDGET / FLOWS_AT_LEAST);
        }
    }

    #[test]
    fn k6_cookies_of_other_applications_take_no_room_from_a_login() {
        let mut jar = Jar::default();
        let state = jar.begin(NOW, "/a");
        for name in ["laravel-session", "__Host-app-session", "app-flow-12345678", "__Host-app-flow-12345678"] {
            jar.0.push((name.to_owned(), "x".repeat(3_900)));
        }
        jar.begin(NOW, "/b");
        assert_eq!(jar.target_of(&state), Some(target("/a")));
    }

    #[test]
    fn target_that_does_not_fit_falls_back_to_the_landing_page() {
        let mut jar = Jar::default();
        let state = jar.begin(NOW, &format!("/{}", "a".repeat(2000)));
        assert_eq!(jar.target_of(&state), Some(target("/")));
    }

    #[test]
    fn flows_that_are_too_old_are_cleared_away() {
        let mut jar = Jar::default();
        jar.begin(NOW, "/old");
        jar.0.push(("__Host-weika-flow-AAAAAAAA".to_owned(), "junk".to_owned()));
        let new = jar.begin(NOW.plus(FLOW_LIFETIME), "/new");
        assert_eq!(jar.0.len(), 1);
        assert_eq!(jar.target_of(&new), Some(target("/new")));
    }

    #[test]
    fn logout_clears_every_flow_and_nothing_else() {
        let mut jar = Jar::default();
        jar.begin(NOW, "/a");
        jar.begin(NOW, "/b");
        jar.0.push(("other".to_owned(), "1".to_owned()));
        let headers = jar.headers();
        jar.apply(&flows().end_all(&headers).unwrap());
        assert_eq!(jar.0, [("other".to_owned(), "1".to_owned())]);
    }
}
