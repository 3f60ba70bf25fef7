//! The contract of the example `login`, from outside: a process or several, their variables, their routes, their
//! output. And the short examples `axum`, `hyper` and `instances`.
//!
//! Several processes share a real Redis. These tests need `redis-server`: `tests/run` installs it and runs them, `cargo
//! test` leaves them out.

mod accessibility;
mod account;
mod auto_login;
mod bare_axum;
mod bare_hyper;
#[cfg(unix)]
mod bare_instances;
mod bind;
mod cookies;
mod hang_up;
#[cfg(unix)]
mod instances;
#[cfg(unix)]
mod kill;
mod lifecycle;
mod logs;
mod me;
mod measure;
#[cfg(unix)]
mod outage;
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
mod settings;
#[cfg(unix)]
mod several_instances;
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

/// Two spellings of one secret.
const SECRET_HEX: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const SECRET_BASE64: &str = "ABEiM0RVZneImaq7zN3u_wARIjNEVWZ3iJmqu8zd7v8";

/// Goes to `url` and logs in as `person` on the way.
async fn log_in(browser: &Browser, url: &str, person: &str) -> Visit {
    let page = browser.get(url).await.expect("the site answers");
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
        .expect("the sandbox answers");
    assert_eq!(page.status(), 200, "{name}");
}

/// Where everything about the site's own sandbox is switched.
fn control_page(site: &Site) -> String {
    format!(
        "{}/sandbox/control",
        site.sandbox.as_deref().expect("it has a sandbox")
    )
}

/// Goes to a page until it is as it should be: what Kesion says is remembered for a moment.
async fn see(browser: &Browser, url: &str, expected: &str) -> Visit {
    let until = async {
        loop {
            let page = browser.get(url).await.expect("the site answers");
            if page.text().contains(expected) {
                return page;
            }
        }
    };
    tokio::time::timeout(DEADLINE, until)
        .await
        .unwrap_or_else(|_| panic!("{expected:?} never came to {url}"))
}

/// A site for which a sandbox of the test is Weika, WeChat with the binding service, and Kesion. `more` goes first.
fn site_at(sandbox: &Sandbox, more: &[(&str, &str)]) -> Site {
    let base_url = sandbox.base_url();
    let authorize_url = base_url.clone() + Endpoint::WechatAuthorize.path();
    let mut variables = vec![
        ("WEIKA_APP_KEY", sandbox.app_key()),
        ("WEIKA_APP_SECRET", sandbox.app_secret()),
        ("WEIKA_BASE_URL", base_url.as_str()),
        ("WECHAT_AUTHORIZE_URL", authorize_url.as_str()),
        ("BINDING_BASE_URL", base_url.as_str()),
        ("BINDING_APPID", sandbox.app_id()),
        ("KESION_BASE_URL", base_url.as_str()),
        ("KESION_APPTOKEN", sandbox.apptoken()),
    ];
    variables.extend_from_slice(more);
    Site::start(&variables)
}

/// Where a page is. Browsers keep the `#wechat_redirect` of WeChat's address through a chain of redirects.
fn address(page: &Visit) -> &str {
    page.url().trim_end_matches("#wechat_redirect")
}

/// An address on which nobody listens.
fn free_address() -> io::Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

/// Waits until a process has ended by itself: its status, and all that it has said, which is not much.
#[track_caller]
fn end_of(command: &mut Command) -> (ExitStatus, String) {
    let mut child = command.spawn().expect("the example can be started");
    let has_ended = (0..DEADLINE.as_millis() / 10).any(|_| {
        thread::sleep(Duration::from_millis(10));
        child.try_wait().expect("a child of this process").is_some()
    });
    if !has_ended {
        child.kill().expect("a child of this process");
    }
    let output = child.wait_with_output().expect("a child of this process");
    let said = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
    assert!(has_ended, "the example goes on: {said}");
    (output.status, said)
}
