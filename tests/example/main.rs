//! The contract of the example `login`, tested from outside: one process or several, their
//! environment variables, routes and output. Also the short examples `axum`, `hyper` and `instances`.
//!
//! Several processes share a real Redis. These tests need `redis-server`: `tests/run` installs it
//! and runs them, `cargo test` skips them.

mod accessibility;
mod account;
mod audit;
mod bare_axum;
mod bare_hyper;
#[cfg(unix)]
mod bare_instances;
mod bind;
mod cookies;
mod devices;
mod hang_up;
#[cfg(unix)]
mod instances;
#[cfg(unix)]
mod kill;
mod lifecycle;
mod logs;
mod me;
mod measure;
mod member;
#[cfg(unix)]
mod outage;
mod own_secret;
mod pretend;
#[cfg(unix)]
#[path = "../support/programs.rs"]
mod programs;
mod real_systems;
#[cfg(unix)]
#[expect(dead_code, reason = "the tests of Redis itself need more of it")]
#[path = "../support/redis_server/mod.rs"]
mod redis_server;
mod routes;
mod schools;
mod session_file;
mod settings;
#[cfg(unix)]
mod several_instances;
mod silent_login;
mod slow_client;
#[path = "../support/mod.rs"]
mod support;
mod wechat;
use std::io;
use std::net::TcpListener;
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::Duration;

use support::{DEADLINE, Site};
use tower_weika_sandbox::{Browser, Endpoint, Sandbox, Visit};

/// One secret, encoded in two ways.
const SECRET_HEX: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const SECRET_BASE64: &str = "ABEiM0RVZneImaq7zN3u_wARIjNEVWZ3iJmqu8zd7v8";

/// Opens `url` and logs in as `person` at the login that it redirects to.
async fn log_in(browser: &Browser, url: &str, person: &str) -> Visit {
    let page = browser.get(url).await.expect("the site responds");
    browser
        .click(&page, &format!("data-person=\"{person}\""))
        .await
        .expect("the sandbox offers this person")
}

/// WeChat's browser on a phone.
fn phone() -> Browser {
    Browser::new().user_agent(
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
         Mobile/15E148 MicroMessenger/8.0.59(0x18003b28) NetType/WIFI Language/zh_CN",
    )
}

/// Presses a button on the control page of the site's own sandbox.
async fn switch(site: &Site, name: &str) {
    let page = Browser::new()
        .post(&control_page(site), format!("switch={name}"))
        .await
        .expect("the sandbox responds");
    assert_eq!(page.status(), 200, "{name}");
}

/// The control page of the site's own sandbox.
fn control_page(site: &Site) -> String {
    format!(
        "{}/sandbox/control",
        site.sandbox.as_deref().expect("it has a sandbox")
    )
}

/// Reloads a page until it contains `expected`: the site caches Kesion's response for a short time.
async fn see(browser: &Browser, url: &str, expected: &str) -> Visit {
    let until = async {
        loop {
            let page = browser.get(url).await.expect("the site responds");
            if page.text().contains(expected) {
                return page;
            }
        }
    };
    tokio::time::timeout(DEADLINE, until)
        .await
        .unwrap_or_else(|_| panic!("{expected:?} did not appear at {url}"))
}

/// A site that uses a sandbox of the test as both logins of Weika, as WeChat with the binding
/// service, and as Kesion. Variables in `more` override the others.
fn site_at(sandbox: &Sandbox, more: &[(&str, &str)]) -> Site {
    let base_url = sandbox.base_url();
    let authorize_url = base_url.clone() + Endpoint::WechatAuthorize.path();
    let mut variables = vec![
        ("WEIKA_APP_KEY", sandbox.app_key()),
        ("WEIKA_APP_SECRET", sandbox.app_secret()),
        ("WEIKA_BASE_URL", base_url.as_str()),
        ("WEIKA_MEMBER_APP_KEY", sandbox.member_app_key()),
        ("WEIKA_MEMBER_APP_SECRET", sandbox.member_app_secret()),
        ("WEIKA_MEMBER_OCODE", sandbox.ocode()),
        ("WEIKA_MEMBER_BASE_URL", base_url.as_str()),
        ("WECHAT_AUTHORIZE_URL", authorize_url.as_str()),
        ("BINDING_BASE_URL", base_url.as_str()),
        ("BINDING_APPID", sandbox.app_id()),
        ("KESION_BASE_URL", base_url.as_str()),
        ("KESION_APPTOKEN", sandbox.apptoken()),
    ];
    variables.extend_from_slice(more);
    Site::start(&variables)
}

/// The URL of a page. Browsers keep the `#wechat_redirect` of WeChat's URL through a chain of
/// redirects.
fn address(page: &Visit) -> &str {
    page.url().trim_end_matches("#wechat_redirect")
}

/// An address on which no process listens.
fn free_address() -> io::Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

/// Waits until a process exits by itself. Returns its status and its output, which must be short
/// enough for the pipes.
#[track_caller]
fn run_to_exit(command: &mut Command) -> (ExitStatus, String) {
    let mut child = command.spawn().expect("the example can be started");
    let has_ended = (0..DEADLINE.as_millis() / 10).any(|_| {
        thread::sleep(Duration::from_millis(10));
        child.try_wait().expect("a child of this process").is_some()
    });
    if !has_ended {
        child.kill().expect("a child of this process");
    }
    let output = child.wait_with_output().expect("a child of this process");
    let printed = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
    assert!(has_ended, "the example did not exit: {printed}");
    (output.status, printed)
}
