//! The two halves of a login.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tokio::runtime;
use tower::service_fn;
use tower_weika::client::Transport;
use tower_weika::clock::Clock;
use tower_weika::provider::WeikaManagerProvider;
use tower_weika_sandbox::Sandbox;

use crate::report::Section;
use crate::support::Provider;
use crate::turns::{self, Run};
use crate::visitor::{Site, cookie, navigate, timed};

const ROUNDS: u64 = 31;
const LOGINS: u64 = 200;

/// What Weika says of a manager.
const MANAGER: &str = r#"{"errcode":0,"errmsg":"success","user_id":"oBench0000000000000000000001","name":"王老师",
    "schools":[{"school_code":"1000000001","school_name":"示例大学","host":"https://uni.weixiao.qq.com"},{}],
    "role_id":1,"parent_id":0,"manager_real_info":{"card_number":"T20180001","name":"王小明","identity_type":"教职工"},
    "cur_school":{"school_code":"1000000001","school_name":"示例大学","host":"https://uni.weixiao.qq.com"}}"#;

/// An upstream that has its answers ready.
fn canned() -> Transport {
    Transport::new(service_fn(async |request: Request<Full<Bytes>>| {
        let is_token = request.uri().path() == "/open/cgi-bin/access-token";
        let token = r#"{"errcode":0,"errmsg":"success","access_token":"t0ken","expires_in":7200}"#;
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(if is_token {
            token
        } else {
            MANAGER
        })))
    }))
}

pub(crate) fn measure(section: &mut Section) {
    let at_once = Site::new(Provider, Clock::system());
    let weika = WeikaManagerProvider::builder("KEY", "s3cr3t");
    let canned = weika
        .client(|client| client.transport(canned()))
        .build()
        .expect("a provider");
    let canned = Site::new(canned, Clock::system());

    // On another thread, whose time does not count.
    let aside = runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let sandbox = aside.block_on(Sandbox::start()).expect("a sandbox");
    let weika = WeikaManagerProvider::builder(sandbox.app_key(), sandbox.app_secret())
        .base_url(sandbox.base_url());
    let loopback = Site::new(weika.build().expect("a provider"), Clock::system());
    let issued = || sandbox.issue_wxcode("wang").expect("a code");

    let mut number = 0_u64;
    let mut count = move || {
        number += 1;
        format!("person-{number}")
    };
    let mut candidates = [
        ("begin".to_owned(), begin(&at_once)),
        ("callback".to_owned(), callback(&at_once, &mut count)),
        ("begin, Weika".to_owned(), begin(&canned)),
        (
            "callback, Weika".to_owned(),
            callback(&canned, || "345678901234567890".to_owned()),
        ),
        (
            "callback, Weika over loopback".to_owned(),
            callback(&loopback, issued),
        ),
    ];
    let [begin, callback, begin_weika, callback_weika, over_loopback] =
        turns::medians(&mut candidates, ROUNDS, LOGINS)[..]
    else {
        unreachable!("as many medians as candidates");
    };
    let rows = [
        ("provider that answers at once", "own", begin, callback),
        (
            "`WeikaManagerProvider`, upstream that answers at once",
            "weika",
            begin_weika,
            callback_weika,
        ),
        (
            "`WeikaManagerProvider`, reqwest, sandbox on loopback",
            "loopback",
            begin_weika,
            over_loopback,
        ),
    ]
    .map(|(name, key, begin, callback)| {
        let [begin, callback] = [begin, callback].map(|nanoseconds| nanoseconds / 1e3);
        let prefix = if key == "own" {
            String::new()
        } else {
            format!("{key}/")
        };
        section.figure(&format!("{prefix}begin_us"), begin);
        section.figure(&format!("{prefix}callback_us"), callback);
        section.figure(&format!("{prefix}login_us"), begin + callback);
        let cells =
            [begin, callback, begin + callback].map(|microseconds| format!("{microseconds:.1}"));
        [vec![name.to_owned()], cells.into()].concat()
    });
    section.text("Processor time of a login in our process, without the application.");
    section.table(
        &["provider", "begin, µs", "callback, µs", "both, µs"],
        &rows,
    );
}

fn begin(site: &Site) -> Run<'_> {
    let path = site.login_path();
    timed(
        site,
        move |logins| vec![navigate(&path, None); logins],
        |answer| {
            assert_eq!(answer.status(), StatusCode::SEE_OTHER);
            assert!(cookie(answer.headers(), "-flow-").is_some());
        },
    )
}

fn callback<'s>(site: &'s Site, mut code: impl FnMut() -> String + 's) -> Run<'s> {
    let make = move |logins| {
        let begun = site.begin(logins).into_iter();
        let back = begun.map(|begun| {
            let path = site.callback_path(&format!("wxcode={}&state={}", code(), begun.state));
            navigate(&path, Some(&begun.cookie))
        });
        back.collect()
    };
    timed(site, make, |answer| {
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert!(cookie(answer.headers(), "-session").is_some());
    })
}
