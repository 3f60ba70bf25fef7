//! Callbacks that lead nowhere.

use std::time::Duration;

use http::{Request, StatusCode};
use tower_weika::clock::{ManualClock, Timestamp};

use crate::report::Section;
use crate::support::Provider;
use crate::turns;
use crate::visitor::{Begun, Site, navigate, timed};

const ROUNDS: u64 = 31;
const CALLBACKS: u64 = 1_000;
/// So many different ones of each kind.
const DIFFERENT: usize = 200;

type Callbacks = Vec<Request<()>>;

pub(crate) fn measure(section: &mut Section) {
    let clock = ManualClock::new(Timestamp::from_unix_seconds(1_763_700_000));
    let site = Site::new(Provider, clock.clock());
    let kinds = kinds(&site, &clock);
    let runs = kinds.iter().map(|(name, status, callbacks)| {
        let make = |wanted| callbacks.iter().cloned().cycle().take(wanted).collect();
        let check =
            move |answer: &http::Response<()>| assert_eq!(answer.status(), *status, "{name}");
        ((*name).to_owned(), timed(&site, make, check))
    });
    let medians = turns::medians(&mut runs.collect::<Vec<_>>(), ROUNDS, CALLBACKS);
    let rows = kinds
        .iter()
        .zip(medians)
        .map(|((name, status, _), nanoseconds)| {
            let rate = 1e9 / nanoseconds;
            section.figure(&format!("junk/{name}"), rate);
            vec![
                (*name).to_owned(),
                status.as_u16().to_string(),
                format!("{rate:.0}"),
            ]
        });
    let rows: Vec<_> = rows.collect();
    section.text(
        "Callbacks that lead nowhere, answered by one core. None of them is an upstream call.",
    );
    section.table(&["callback", "status", "a second"], &rows);
}

/// Every kind with the status of its answers. All of them can be repeated for ever.
fn kinds(site: &Site, clock: &ManualClock) -> Vec<(&'static str, StatusCode, Callbacks)> {
    let (refused, restarted) = (StatusCode::BAD_REQUEST, StatusCode::SEE_OTHER);
    let back = |query: String, cookie: Option<&str>| navigate(&site.callback_path(&query), cookie);
    let callbacks =
        |begun: &[Begun], make: &dyn Fn(&Begun) -> Request<()>| begun.iter().map(make).collect();
    let with_code = |begun: &Begun| {
        back(
            format!("wxcode=c0de&state={}", begun.state),
            Some(&begun.cookie),
        )
    };
    let without_cookie = |begun: &Begun| back(format!("wxcode=c0de&state={}", begun.state), None);

    let expired = site.begin(DIFFERENT);
    clock.advance(Duration::from_secs(11 * 60));
    let used = site.begin(DIFFERENT);
    let logged_in = site.answer(callbacks(&used, &with_code));
    assert!(
        logged_in
            .iter()
            .all(|answer| answer.status() == StatusCode::SEE_OTHER)
    );
    // So long that nobody shares the outcome any more.
    clock.advance(Duration::from_secs(61));
    let fresh = site.begin(DIFFERENT);
    let again = site.answer(callbacks(&fresh, &without_cookie));
    let again: Vec<_> = again
        .iter()
        .map(|answer| Begun::from(answer.headers()))
        .collect();
    let others = fresh.iter().zip(fresh.iter().cycle().skip(1));
    let of_others = others.map(|(one, other)| {
        back(
            format!("wxcode=c0de&state={}", one.state),
            Some(&other.cookie),
        )
    });
    vec![
        (
            "no state",
            refused,
            callbacks(&fresh, &|begun| {
                back("wxcode=c0de".to_owned(), Some(&begun.cookie))
            }),
        ),
        (
            "made-up state",
            refused,
            callbacks(&fresh, &|_| {
                back(format!("wxcode=c0de&state={:052}", 7), None)
            }),
        ),
        (
            "forged state",
            refused,
            callbacks(&fresh, &|begun| {
                back(
                    format!("wxcode=c0de&state={}", altered(&begun.state)),
                    Some(&begun.cookie),
                )
            }),
        ),
        (
            "long state",
            refused,
            callbacks(&fresh, &|begun| {
                back(
                    format!("wxcode=c0de&state={}", begun.state.repeat(100)),
                    Some(&begun.cookie),
                )
            }),
        ),
        ("expired state", refused, callbacks(&expired, &with_code)),
        (
            "expired state, no cookie",
            refused,
            callbacks(&expired, &without_cookie),
        ),
        ("replayed state", refused, callbacks(&used, &with_code)),
        (
            "replayed state, no cookie",
            refused,
            callbacks(&used, &without_cookie),
        ),
        (
            "no cookie, first attempt",
            restarted,
            callbacks(&fresh, &without_cookie),
        ),
        (
            "no cookie, second attempt",
            refused,
            callbacks(&again, &without_cookie),
        ),
        ("cookie of another login", restarted, of_others.collect()),
        (
            "two codes",
            refused,
            callbacks(&fresh, &|begun| {
                back(
                    format!("wxcode=a&wxcode=b&state={}", begun.state),
                    Some(&begun.cookie),
                )
            }),
        ),
        (
            "long code",
            refused,
            callbacks(&fresh, &|begun| {
                back(
                    format!("wxcode={}&state={}", "9".repeat(4_000), begun.state),
                    Some(&begun.cookie),
                )
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
