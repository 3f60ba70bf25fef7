//! The contract of the example `login`, from outside: a process, its variables, its routes, its output. And the
//! short example `hyper`.

mod bare_hyper;
mod lifecycle;
mod logs;
mod routes;
mod settings;
#[path = "../support/mod.rs"]
mod support;

use std::io;
use std::net::TcpListener;

use support::Site;
use tower_weika::sandbox::{Browser, Sandbox, Visit};

/// Two spellings of one secret.
const SECRET_HEX: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const SECRET_BASE64: &str = "ABEiM0RVZneImaq7zN3u_wARIjNEVWZ3iJmqu8zd7v8";

/// Goes to `url` and logs in as `person` on the way.
async fn log_in(browser: &Browser, url: &str, person: &str) -> Visit {
    let page = browser.get(url).await.expect("the site answers");
    browser.click(&page, &format!("data-person=\"{person}\"")).await.expect("the sandbox offers this person")
}

/// A site that uses a sandbox of the test, as it would use Weika.
fn site_at(sandbox: &Sandbox, more: &[(&str, &str)]) -> Site {
    let base_url = sandbox.base_url();
    let mut variables = vec![
        ("WEIKA_APP_KEY", sandbox.app_key()),
        ("WEIKA_APP_SECRET", sandbox.app_secret()),
        ("WEIKA_BASE_URL", base_url.as_str()),
    ];
    variables.extend_from_slice(more);
    Site::start(&variables)
}

/// An address on which nobody listens.
fn free_address() -> io::Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}
