use std::time::Duration;

use http::HeaderValue;
use http::header::{COOKIE, SET_COOKIE};

use super::super::{Attempt, LastResult};
use super::*;
use crate::login::keys::Keys;
use crate::session::SessionId;

/// The bytes of the `Cookie` header that all cookies of the crate may take, and the flows that
/// always fit.
const HEADER_BYTES: usize = 4096;
const MIN_FLOWS: usize = 8;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_760_000_000);
const SESSION: &str = "__Host-weika-session";

fn flows() -> FlowCookies {
    flows_of("weika", SESSION)
}

fn flows_of(provider: &str, session_cookie: &str) -> FlowCookies {
    let policy = CookiePolicy::Secure;
    let markers = Markers::new(policy, provider);
    let key = Keys::derive(&[1; 32], &[], "weika").flow;
    FlowCookies::new(policy, provider, session_cookie, &markers, key)
}

fn markers() -> Markers {
    Markers::new(CookiePolicy::Secure, "weika")
}

/// The bytes that the flows of the layer may take beside its other cookies.
fn room() -> usize {
    flows().room.available(&HeaderMap::new())
}

fn of_other_layers(headers: &HeaderMap) -> usize {
    room() - flows().room.available(headers)
}

fn rules() -> ReturnRules {
    ReturnRules::new("https://campus.example", [], Vec::new())
}

fn target(text: &str) -> ReturnTo {
    rules().check(text.as_bytes()).unwrap()
}

/// A cookie jar that applies `Set-Cookie` as a browser does.
#[derive(Default)]
struct Jar(Vec<(String, String)>);

impl Jar {
    fn apply(
        &mut self,
        write: impl FnOnce(&mut SetCookies) -> Result<(), Error>,
    ) -> Vec<HeaderValue> {
        let mut cookies = SetCookies::new(CookiePolicy::Secure);
        write(&mut cookies).unwrap();
        let mut headers = HeaderMap::new();
        cookies.append_to(&mut headers);
        let set: Vec<_> = headers.get_all(SET_COOKIE).iter().cloned().collect();
        for cookie in &set {
            let text = cookie.to_str().unwrap();
            let (name, rest) = text.split_once('=').unwrap();
            self.0.retain(|(known, _)| known != name);
            if !text.contains("Max-Age=0") {
                self.0
                    .push((name.to_owned(), rest.split(';').next().unwrap().to_owned()));
            }
        }
        set
    }

    fn headers(&self) -> HeaderMap {
        let session = (SESSION.to_owned(), "x".repeat(SessionId::LENGTH));
        let pairs: Vec<_> = self
            .0
            .iter()
            .chain([&session])
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        HeaderMap::from_iter([(COOKIE, pairs.join("; ").parse().unwrap())])
    }

    fn begin(&mut self, at: Timestamp, to: &str) -> State {
        let state = State::new(Attempt::First, at).unwrap();
        self.begin_with(&flows(), &state, to);
        state
    }

    fn begin_with(&mut self, flows: &FlowCookies, state: &State, to: &str) -> Vec<HeaderValue> {
        let headers = self.headers();
        self.apply(|cookies| flows.begin(state, &target(to), &target("/"), &headers, cookies))
    }

    fn target_of(&self, state: &State) -> Option<ReturnTo> {
        flows().target(state, &rules(), &self.headers())
    }
}

#[test]
fn flow_has_a_target_only_in_the_browser_that_began_it() {
    let (mut one, mut other) = (Jar::default(), Jar::default());
    let state = one.begin(NOW, "/a?b=c");
    other.begin(NOW, "/other");
    assert_eq!(one.target_of(&state), Some(target("/a?b=c")));
    assert_eq!(other.target_of(&state), None);
}

#[test]
fn changed_cookie_has_no_target() {
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
        if jar.0[0].1.split_once('.').map(|(_, rest)| rest)
            != original.split_once('.').map(|(_, rest)| rest)
        {
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
    let states: Vec<_> = (0..20)
        .map(|tab| jar.begin(NOW, &format!("/courses/{tab}?view=list")))
        .collect();
    assert!(
        states
            .iter()
            .enumerate()
            .all(|(tab, state)| jar.target_of(state)
                == Some(target(&format!("/courses/{tab}?view=list"))))
    );
}

#[test]
fn eight_flows_with_any_targets_fit_in_a_cookie_header_below_4_kilobytes() {
    for length in [1, 100, 300, 330, 400, 2000] {
        let mut jar = Jar::default();
        let long = format!("/{}", "a".repeat(length));
        jar.apply(|cookies| markers().set_last_result(LastResult::LoggedIn, cookies));
        jar.apply(|cookies| markers().set_silent_attempted(cookies));
        jar.apply(|cookies| markers().set_logout(cookies));
        let mut states = Vec::new();
        for tab in 0..80 {
            states.push(jar.begin(NOW.plus(Duration::from_secs(tab)), &long));
            assert!(jar.headers()[COOKIE].len() <= HEADER_BYTES);
        }
        assert!(
            states
                .iter()
                .rev()
                .take(8)
                .all(|state| jar.target_of(state).is_some()),
            "{length}"
        );
        assert!(
            jar.target_of(&states[0]).is_none(),
            "the oldest flow is deleted first"
        );
    }
}

#[test]
fn cookies_of_other_login_layers_count_too() {
    let mut jar = Jar::default();
    let others = flows_of("wechat", "__Host-wechat-session");
    for tab in 0..40 {
        let state = State::new(Attempt::First, NOW).unwrap();
        let flows = if tab % 2 == 0 { &others } else { &flows() };
        jar.begin_with(flows, &state, &format!("/{tab}/{}", "a".repeat(200)));
        // A new flow is always set, even if only the other layer could make room.
        assert!(jar.headers()[COOKIE].len() <= HEADER_BYTES + HEADER_BYTES / MIN_FLOWS);
    }
}

#[test]
fn k6_cookies_of_other_applications_take_no_room_from_a_login() {
    let mut jar = Jar::default();
    let state = jar.begin(NOW, "/a");
    for name in [
        "laravel-session",
        "__Host-app-session",
        "app-flow-12345678",
        "__Host-app-flow-12345678",
    ] {
        jar.0.push((name.to_owned(), "x".repeat(3_900)));
    }
    jar.begin(NOW, "/b");
    assert_eq!(jar.target_of(&state), Some(target("/a")));
}

#[test]
fn target_that_does_not_fit_is_replaced_by_the_default_target() {
    let mut jar = Jar::default();
    let state = jar.begin(NOW, &format!("/{}", "a".repeat(2000)));
    assert_eq!(jar.target_of(&state), Some(target("/")));
}

#[test]
fn expired_flows_are_deleted() {
    let mut jar = Jar::default();
    jar.begin(NOW, "/old");
    jar.0
        .push(("__Host-weika-flow-AAAAAAAA".to_owned(), "junk".to_owned()));
    let new = jar.begin(NOW.plus(FLOW_LIFETIME), "/new");
    assert_eq!(jar.0.len(), 1);
    assert_eq!(jar.target_of(&new), Some(target("/new")));
}

#[test]
fn delete_all_deletes_exactly_the_flow_cookies() {
    let mut jar = Jar::default();
    jar.begin(NOW, "/a");
    jar.begin(NOW, "/b");
    jar.0.push(("other".to_owned(), "1".to_owned()));
    let headers = jar.headers();
    jar.apply(|cookies| flows().delete_all(NOW, &headers, cookies));
    assert_eq!(jar.0, [("other".to_owned(), "1".to_owned())]);
}

fn size(name: &str, value: &str) -> usize {
    format!("{name}={value}; ").len()
}

fn header(cookies: &[(&str, &str)]) -> HeaderMap {
    let pairs: Vec<_> = cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    HeaderMap::from_iter([(COOKIE, pairs.join("; ").parse().unwrap())])
}

/// Names of the cookies that `make_room` deletes.
fn surplus(needed: usize, headers: &HeaderMap) -> Vec<String> {
    let set = Jar::default().apply(|cookies| flows().make_room(needed, NOW, headers, cookies));
    set.iter()
        .map(|cookie| {
            cookie
                .to_str()
                .unwrap()
                .split_once('=')
                .unwrap()
                .0
                .to_owned()
        })
        .collect()
}

/// The value of a flow of this age in seconds, filled up to `length` bytes.
fn value_of_age(age: u64, length: usize) -> String {
    let birth = format!("{:x}.", NOW.unix_seconds() - age);
    format!("{birth}{}", "x".repeat(length - birth.len()))
}

#[test]
fn only_names_of_exactly_the_form_of_flows_count() {
    let value = value_of_age(0, 3_000);
    for name in [
        "ABCDEFG",
        "ABCDEFGHI",
        "ABCDEF!H",
        "ABCDEF.H",
        "",
        "ABCDEF H",
        "AB/DEFGH",
    ] {
        let name = format!("__Host-weika-flow-{name}");
        let headers = header(&[(&name, &value)]);
        assert_eq!(flows().present(&headers).count(), 0, "{name}");
        assert_eq!(surplus(3_000, &headers), [""; 0], "{name}");
    }
    for name in [
        "__Host-wechat-flow-ABCDEFGH",
        "weika-flow-ABCDEFGH",
        "ABCDEFGH",
    ] {
        assert_eq!(
            flows().present(&header(&[(name, &value)])).count(),
            0,
            "{name}"
        );
    }
    for name in [
        "ABCDEFGH", "abcdefgh", "01234567", "--------", "________", "aB3-_xYz",
    ] {
        let name = format!("__Host-weika-flow-{name}");
        let headers = header(&[(&name, &value)]);
        assert_eq!(
            flows().present(&headers).collect::<Vec<_>>(),
            [(&*name, value.as_bytes())]
        );
        assert_eq!(surplus(3_000, &headers), [&*name]);
    }
}

#[test]
fn tag_of_a_cookie_covers_the_birth_of_the_flow() {
    let mut jar = Jar::default();
    let state = jar.begin(NOW, "/a");
    assert!(jar.target_of(&state).is_some());
    for born in [
        NOW.plus(Duration::from_secs(1)),
        NOW.minus(Duration::from_secs(1)),
        Timestamp::from_unix_seconds(0),
    ] {
        assert_eq!(jar.target_of(&State { born, ..state }), None);
    }
}

#[test]
fn flow_cookie_expires_within_the_lifetime_of_its_state() {
    let name = "__Host-weika-flow-AAAAAAAA";
    let lifetime = FLOW_LIFETIME.as_secs();
    for (age, is_kept) in [
        (0, true),
        (1, true),
        (lifetime - 1, true),
        (lifetime, false),
        (lifetime + 1, false),
    ] {
        let is_deleted = surplus(0, &header(&[(name, &value_of_age(age, 60))])) == [name];
        assert_eq!(is_deleted, !is_kept, "{age}");
    }
}

#[test]
fn flows_stay_while_they_fit_to_the_byte_and_the_oldest_go_first() {
    let names = ["old", "mid", "new"].map(|name| format!("__Host-weika-flow-{name}AAAAA"));
    let values = [30, 20, 10].map(|age| value_of_age(age, 500));
    let cookies: Vec<_> = names
        .iter()
        .zip(&values)
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let one = size(cookies[0].0, cookies[0].1);
    let headers = header(&cookies);
    let room = room();
    for (needed, expected) in [
        (0, 0),
        (room - 3 * one, 0),
        (room - 3 * one + 1, 1),
        (room - 2 * one, 1),
        (room - 2 * one + 1, 2),
        (room - one + 1, 3),
        (room, 3),
        (room + 1, 3),
    ] {
        assert_eq!(surplus(needed, &headers), names[..expected], "{needed}");
    }
    // A small old flow is deleted if a newer one was deleted.
    let old = value_of_age(30, 20);
    let headers = header(&[(&names[0], &old), (&names[1], &values[1])]);
    assert_eq!(surplus(room - one + 1, &headers), names[..2]);
}

#[test]
fn other_layers_take_exactly_the_room_of_their_cookies() {
    let limit = HEADER_BYTES / MIN_FLOWS;
    let session = BASE64.encode([7; 32]);
    assert!(SessionId::parse(session.as_bytes()).is_some());
    let flow = "__Host-wechat-flow-ABCDEFGH";
    let [fitting, too_long] =
        [0, 1].map(|more| value_of_age(0, limit + more - flow.len() - pair_size(0, 0)));
    let counted = [
        ("__Host-wechat-session", &*session),
        ("__Host-wechat-result", "1"),
        ("__Host-wechat-silent", "1"),
        ("__Host-wechat-logout", "12345678"),
        (flow, "68e79a00.x.y"),
        (flow, &*fitting),
    ];
    for (name, value) in counted {
        assert_eq!(
            of_other_layers(&header(&[(name, value)])),
            size(name, value),
            "{name}"
        );
    }
    let all: usize = counted.iter().map(|(name, value)| size(name, value)).sum();
    assert_eq!(of_other_layers(&header(&counted)), all);
    for (name, value) in [
        (flow, &*too_long),
        (flow, "no birth"),
        ("__Host-wechat-flow-ABCDEFG", "68e79a00.x.y"),
        ("__Host-wechat-session", &session[1..]),
        ("__Host-wechat-result", "12"),
        ("__Host-wechat-result", ""),
        ("__Host-wechat-silent", "12"),
        ("__Host-wechat-other", "1"),
        ("__Host-wechat-logout", "1234567"),
        ("__Host-wechat-logout", "123456789"),
        ("__Host-wechat-login", "12345678"),
        ("wechat-session", &*session),
        ("dev-wechat-silent", "1"),
        // Flows of this layer.
        (SESSION, &*session),
        ("__Host-weika-result", "1"),
        ("__Host-weika-silent", "1"),
        ("__Host-weika-logout", "12345678"),
        ("__Host-weika-flow-ABCDEFGH", "68e79a00.x.y"),
    ] {
        assert_eq!(
            of_other_layers(&header(&[(name, value)])),
            0,
            "{name} {value}"
        );
    }
}

#[test]
fn cookies_of_other_layers_leave_less_room() {
    let name = "__Host-weika-flow-AAAAAAAA";
    let value = value_of_age(0, 100);
    let others = size("__Host-wechat-silent", "1");
    let headers = header(&[(name, &value), ("__Host-wechat-silent", "1")]);
    let needed = room() - size(name, &value) - others;
    assert_eq!(surplus(needed, &headers), [""; 0]);
    assert_eq!(surplus(needed + 1, &headers), [name]);
}

#[test]
fn target_may_fill_the_eighth_part_of_the_room_and_no_more() {
    let (mut exact, mut above) = (0, 0);
    // Names of several lengths, because base64 has no values of some lengths.
    for provider in ["w", "we", "wei", "weik"] {
        let flows = flows_of(provider, SESSION);
        let limit = flows.room.available(&HeaderMap::new()) / MIN_FLOWS;
        for length in 280..360 {
            let (state, to) = (
                State::new(Attempt::First, NOW).unwrap(),
                target(&format!("/{}", "a".repeat(length))),
            );
            let full = size(&flows.name(state.flow), &flows.value(&state, &to));
            let mut jar = Jar::default();
            jar.begin_with(&flows, &state, to.as_str());
            let kept = flows.target(&state, &rules(), &jar.headers());
            assert_eq!(
                kept,
                Some(if full <= limit { to } else { target("/") }),
                "{provider} {length}"
            );
            exact += usize::from(full == limit);
            above += usize::from(full == limit + 1);
        }
    }
    assert!(
        exact > 0 && above > 0,
        "both sides of the limit were tested"
    );
}

#[test]
fn room_is_4_kilobytes_without_the_other_cookies_of_the_layer() {
    let session = "x".repeat(SessionId::LENGTH);
    let others = [
        (SESSION, &*session),
        ("__Host-weika-result", "1"),
        ("__Host-weika-silent", "1"),
        ("__Host-weika-logout", "12345678"),
    ];
    let taken: usize = others.iter().map(|(name, value)| size(name, value)).sum();
    assert_eq!(room(), 4_096 - taken);
    let mut jar = Jar::default();
    for result in [LastResult::LoggedIn, LastResult::FailedSilently] {
        jar.apply(|cookies| markers().set_last_result(result, cookies));
        assert_eq!(markers().last_result(&jar.headers()), Some(result));
    }
    jar.apply(|cookies| markers().set_silent_attempted(cookies));
    jar.apply(|cookies| markers().set_logout(cookies));
    assert_eq!(jar.headers()[COOKIE].len() + "; ".len(), taken);
}

#[test]
fn flow_that_the_response_deletes_does_not_count() {
    let mut jar = Jar::default();
    let to = format!("/{}", "a".repeat(250));
    let mut states = Vec::new();
    // The last flow displaces the first one.
    while states.len() == jar.0.len() {
        states.push(jar.begin(NOW.plus(Duration::from_secs(states.len() as u64)), &to));
    }
    let failed = states[3];
    let next = State::new(Attempt::Second, NOW.plus(Duration::from_secs(60))).unwrap();
    let headers = jar.headers();
    jar.apply(|cookies| {
        flows().delete(failed.flow, cookies)?;
        flows().begin(&next, &target(&to), &target("/"), &headers, cookies)
    });
    let lost: Vec<_> = states[1..]
        .iter()
        .filter(|state| jar.target_of(state).is_none())
        .collect();
    assert_eq!(lost, [&failed]);
    assert!(jar.target_of(&next).is_some());
}

#[test]
fn a4_begin_deletes_the_oldest_flows_of_a_browser_with_too_many() {
    let mut jar = Jar::default();
    for age in 0..500 {
        jar.0.push((
            format!("__Host-weika-flow-{age:08}"),
            value_of_age(1_000 + age, 20),
        ));
    }
    let state = State::new(Attempt::First, NOW).unwrap();
    let set = jar.begin_with(&flows(), &state, "/a");
    assert_eq!(set.len(), 32);
    assert!(
        set[0]
            .to_str()
            .unwrap()
            .starts_with(&flows().name(state.flow)),
        "cookies that are set come first"
    );
    let oldest = |index: usize| format!("__Host-weika-flow-{:08}=;", 499 - index);
    assert!(
        set[1..]
            .iter()
            .enumerate()
            .all(|(index, cookie)| cookie.to_str().unwrap().starts_with(&oldest(index)))
    );
    assert_eq!(jar.target_of(&state), Some(target("/a")));
}

#[test]
fn a4_logout_of_a_browser_with_too_many_flows_deletes_the_newest_ones() {
    let mut jar = Jar::default();
    for age in 0..500 {
        jar.0
            .push((format!("__Host-weika-flow-{age:08}"), value_of_age(age, 20)));
    }
    let headers = jar.headers();
    let set = jar.apply(|cookies| flows().delete_all(NOW, &headers, cookies));
    let expected = |age: usize| format!("__Host-weika-flow-{age:08}=;");
    assert_eq!(set.len(), 32);
    assert!(
        set.iter()
            .enumerate()
            .all(|(age, cookie)| cookie.to_str().unwrap().starts_with(&expected(age)))
    );
}
