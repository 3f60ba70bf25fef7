//! Callbacks that are rejected before any upstream call.

use std::time::Duration;

use harness::{Provider, Report, turns};
use http::{Request, Response, StatusCode};
use tower_weika::clock::{ManualClock, Timestamp};

use crate::visitor::{Site, StartedLogin};

/// Number of different callbacks of each kind.
const DIFFERENT: usize = 200;

type Kind = (&'static str, StatusCode, Vec<Request<()>>);

pub(crate) fn measure(report: &mut Report) {
    let clock = ManualClock::new(Timestamp::from_unix_seconds(1_763_700_000));
    let site = Site::new(Provider::<0>("bench"), clock.clock());
    let kinds = kinds(&site, &clock);
    let runs = kinds.iter().map(|(name, status, callbacks)| {
        let make = |wanted| callbacks.iter().cloned().cycle().take(wanted).collect();
        let check = move |response: &Response<()>| assert_eq!(response.status(), *status, "{name}");
        site.timed(make, check)
    });
    let medians = turns::medians(&mut runs.collect::<Vec<_>>(), 31, 1_000);
    report.table(
        "callback",
        "Invalid callbacks, handled by one core without any upstream call.",
    );
    for ((name, status, _), nanoseconds) in kinds.iter().zip(medians) {
        report.row(
            name,
            &[
                ("status", status.as_u16().into()),
                ("a second", 1e9 / nanoseconds),
            ],
        );
    }
}

/// All kinds with the status of their responses. Every request can be repeated without limit.
fn kinds(site: &Site, clock: &ManualClock) -> Vec<Kind> {
    let (rejected, restarted) = (StatusCode::BAD_REQUEST, StatusCode::SEE_OTHER);
    let with = |code: &str, state: &str, started: &StartedLogin| {
        site.callback(
            &format!("wxcode={code}&state={state}"),
            Some(&started.cookie),
        )
    };
    let valid = |started: &StartedLogin| with("c0de", &started.state, started);
    let without_cookie = |started: &StartedLogin| {
        site.callback(&format!("wxcode=c0de&state={}", started.state), None)
    };
    let each = |started: &[StartedLogin], make: &dyn Fn(&StartedLogin) -> Request<()>| {
        started.iter().map(make).collect::<Vec<_>>()
    };

    let expired = site.start_logins(DIFFERENT);
    clock.advance(Duration::from_secs(11 * 60));
    let used = site.start_logins(DIFFERENT);
    let logged_in = site.respond(each(&used, &valid));
    assert!(
        logged_in
            .iter()
            .all(|response| response.status() == StatusCode::SEE_OTHER)
    );
    // Long enough that repeated callbacks no longer share the outcome.
    clock.advance(Duration::from_secs(61));
    let fresh = site.start_logins(DIFFERENT);
    let again = site.respond(each(&fresh, &without_cookie));
    let again: Vec<_> = again
        .iter()
        .map(|response| StartedLogin::from(response.headers()))
        .collect();
    let others = fresh.iter().zip(fresh.iter().cycle().skip(1));
    let of_others = others
        .map(|(one, other)| with("c0de", &one.state, other))
        .collect();
    let unknown = format!("wxcode=c0de&state={:052}", 7);
    vec![
        (
            "no state",
            rejected,
            each(&fresh, &|started| {
                site.callback("wxcode=c0de", Some(&started.cookie))
            }),
        ),
        (
            "unknown state",
            rejected,
            each(&fresh, &|_| site.callback(&unknown, None)),
        ),
        (
            "forged state",
            rejected,
            each(&fresh, &|started| {
                with("c0de", &altered(&started.state), started)
            }),
        ),
        (
            "long state",
            rejected,
            each(&fresh, &|started| {
                with("c0de", &started.state.repeat(100), started)
            }),
        ),
        ("expired state", rejected, each(&expired, &valid)),
        (
            "expired state, no cookie",
            rejected,
            each(&expired, &without_cookie),
        ),
        ("replayed state", rejected, each(&used, &valid)),
        (
            "replayed state, no cookie",
            rejected,
            each(&used, &without_cookie),
        ),
        (
            "no cookie, first attempt",
            restarted,
            each(&fresh, &without_cookie),
        ),
        (
            "no cookie, second attempt",
            rejected,
            each(&again, &without_cookie),
        ),
        ("cookie of another login", restarted, of_others),
        (
            "two codes",
            rejected,
            each(&fresh, &|started| {
                with("a&wxcode=b", &started.state, started)
            }),
        ),
        (
            "long code",
            rejected,
            each(&fresh, &|started| {
                with(&"9".repeat(4_000), &started.state, started)
            }),
        ),
    ]
}

/// Returns the state with a different letter in the middle.
fn altered(state: &str) -> String {
    let (start, end) = state.split_at(state.len() / 2);
    let (first, rest) = end.split_at(1);
    format!("{start}{}{rest}", if first == "a" { "b" } else { "a" })
}
