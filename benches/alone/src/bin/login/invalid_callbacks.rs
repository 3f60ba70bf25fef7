//! Callbacks that are rejected before any upstream call.

use std::time::Duration;

use harness::{Provider, Report, turns};
use http::{Request, Response, StatusCode};
use tower_weika::clock::{ManualClock, Timestamp};

use crate::visitor::{Begun, Site};

/// So many different ones of each kind.
const DIFFERENT: usize = 200;

type Kind = (&'static str, StatusCode, Vec<Request<()>>);

pub(crate) fn measure(report: &mut Report) {
    let clock = ManualClock::new(Timestamp::from_unix_seconds(1_763_700_000));
    let site = Site::new(Provider::<0>("bench"), clock.clock());
    let kinds = kinds(&site, &clock);
    let runs = kinds.iter().map(|(name, status, callbacks)| {
        let make = |wanted| callbacks.iter().cloned().cycle().take(wanted).collect();
        let check = move |answer: &Response<()>| assert_eq!(answer.status(), *status, "{name}");
        site.timed(make, check)
    });
    let medians = turns::medians(&mut runs.collect::<Vec<_>>(), 31, 1_000);
    report.table(
        "callback",
        "Invalid callbacks, answered by one core. None of them is an upstream call.",
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

/// Every kind with the status of its responses. All of them can be repeated for ever.
fn kinds(site: &Site, clock: &ManualClock) -> Vec<Kind> {
    let (rejected, restarted) = (StatusCode::BAD_REQUEST, StatusCode::SEE_OTHER);
    let with = |code: &str, state: &str, begun: &Begun| {
        site.callback(&format!("wxcode={code}&state={state}"), Some(&begun.cookie))
    };
    let valid = |begun: &Begun| with("c0de", &begun.state, begun);
    let without_cookie =
        |begun: &Begun| site.callback(&format!("wxcode=c0de&state={}", begun.state), None);
    let each = |begun: &[Begun], make: &dyn Fn(&Begun) -> Request<()>| {
        begun.iter().map(make).collect::<Vec<_>>()
    };

    let expired = site.begin(DIFFERENT);
    clock.advance(Duration::from_secs(11 * 60));
    let used = site.begin(DIFFERENT);
    let logged_in = site.answer(each(&used, &valid));
    assert!(
        logged_in
            .iter()
            .all(|answer| answer.status() == StatusCode::SEE_OTHER)
    );
    // So long that repeats do not share the outcome any more.
    clock.advance(Duration::from_secs(61));
    let fresh = site.begin(DIFFERENT);
    let again = site.answer(each(&fresh, &without_cookie));
    let again: Vec<_> = again
        .iter()
        .map(|answer| Begun::from(answer.headers()))
        .collect();
    let others = fresh.iter().zip(fresh.iter().cycle().skip(1));
    let of_others = others
        .map(|(one, other)| with("c0de", &one.state, other))
        .collect();
    let made_up = format!("wxcode=c0de&state={:052}", 7);
    vec![
        (
            "no state",
            rejected,
            each(&fresh, &|begun| {
                site.callback("wxcode=c0de", Some(&begun.cookie))
            }),
        ),
        (
            "made-up state",
            rejected,
            each(&fresh, &|_| site.callback(&made_up, None)),
        ),
        (
            "forged state",
            rejected,
            each(&fresh, &|begun| with("c0de", &altered(&begun.state), begun)),
        ),
        (
            "long state",
            rejected,
            each(&fresh, &|begun| {
                with("c0de", &begun.state.repeat(100), begun)
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
            each(&fresh, &|begun| with("a&wxcode=b", &begun.state, begun)),
        ),
        (
            "long code",
            rejected,
            each(&fresh, &|begun| {
                with(&"9".repeat(4_000), &begun.state, begun)
            }),
        ),
    ]
}

/// The same with another letter in its middle.
fn altered(state: &str) -> String {
    let (start, end) = state.split_at(state.len() / 2);
    let (first, rest) = end.split_at(1);
    format!("{start}{}{rest}", if first == "a" { "b" } else { "a" })
}
