//! The processor time of the two halves of a login.

use std::convert::Infallible;

use bytes::Bytes;
use harness::turns::{self, Run};
use harness::{Provider, Report, background_runtime};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower::service_fn;
use tower_weika::client::Transport;
use tower_weika::clock::Clock;
use tower_weika::provider::WeikaManagerProvider;
use tower_weika_sandbox::Sandbox;

use crate::visitor::{Site, cookie, navigate};

/// Weika's response for a manager.
const MANAGER: &str = r#"{"errcode":0,"errmsg":"success","user_id":"oBench0000000000000000000001","name":"王老师",
    "schools":[{"school_code":"1000000001","school_name":"示例大学","host":"https://uni.weixiao.qq.com"},{}],
    "role_id":1,"parent_id":0,"manager_real_info":{"card_number":"T20180001","name":"王小明","identity_type":"教职工"},
    "cur_school":{"school_code":"1000000001","school_name":"示例大学","host":"https://uni.weixiao.qq.com"}}"#;

/// An upstream with prepared responses.
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

pub(crate) fn measure(report: &mut Report) {
    let immediate = Site::new(Provider::<0>("bench"), Clock::system());
    let weika = WeikaManagerProvider::builder("KEY", "s3cr3t");
    let canned = weika
        .client(|client| client.transport(canned()))
        .build()
        .expect("a provider");
    let canned = Site::new(canned, Clock::system());

    // On another thread, whose time is not counted.
    let runtime = background_runtime();
    let sandbox = runtime.block_on(Sandbox::start()).expect("a sandbox");
    let weika = WeikaManagerProvider::builder(sandbox.app_key(), sandbox.app_secret())
        .base_url(sandbox.base_url());
    let loopback = Site::new(weika.build().expect("a provider"), Clock::system());

    let mut number = 0_u64;
    let numbered = move || {
        number += 1;
        format!("person-{number}")
    };
    let mut runs = [
        start(&immediate),
        callback(&immediate, numbered),
        start(&canned),
        callback(&canned, || "345678901234567890".to_owned()),
        callback(&loopback, || sandbox.issue_wxcode("wang").expect("a code")),
    ];
    let medians = turns::medians(&mut runs, 31, 200);
    report.table(
        "provider",
        "Processor time of a login in this process, without the application.",
    );
    for (name, start, callback) in [
        ("provider with an immediate response", 0, 1),
        (
            "`WeikaManagerProvider`, upstream with prepared responses",
            2,
            3,
        ),
        ("`WeikaManagerProvider`, reqwest, sandbox on loopback", 2, 4),
    ] {
        let [start, callback] = [start, callback].map(|index| medians[index] / 1e3);
        report.row(
            name,
            &[
                ("start, µs", start),
                ("callback, µs", callback),
                ("both, µs", start + callback),
            ],
        );
    }
}

fn start(site: &Site) -> Run<'_> {
    let path = site.login_path();
    let make = move |logins| vec![navigate(&path, None); logins];
    site.timed(make, |response| {
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        assert!(cookie(response.headers(), "-flow-").is_some());
    })
}

fn callback<'s>(site: &'s Site, mut code: impl FnMut() -> String + 's) -> Run<'s> {
    let make = move |logins| {
        let callback = site.start_logins(logins).into_iter().map(|started| {
            let query = format!("wxcode={}&state={}", code(), started.state);
            site.callback(&query, Some(&started.cookie))
        });
        callback.collect()
    };
    site.timed(make, |response| {
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        assert!(cookie(response.headers(), "-session").is_some());
    })
}
