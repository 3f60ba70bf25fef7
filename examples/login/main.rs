//! A complete small site with three logins: `cargo run --example login`.
//!
//! Managers and members of a school log in through Weika, WeChat users through an official account.
//! Without credentials the site starts the sandbox in place of the upstream systems, so that
//! everything can be tried at once. Suggested reading order:
//!
//! * [`settings`]: the environment variables; all configuration errors are reported at once.
//!   [`upstream`]: which systems are real and which are imitated. [`store`]: the session store.
//! * [`site`]: the routes, their guards, and the three login layers around them.
//! * [`staff`]: the site's own users. [`bind`]: how an openid is linked to an account. [`account`]: the school's official account.
//!   [`devices`]: the sessions of the visitor.
//! * [`view`]: the identities as JSON; [`page`] and [`card`]: as HTML. [`visitor`]: the identities
//!   of the client; [`reader`]: its language.
//! * [`health`] and [`measure`]: probes and metrics. [`audit`]: the audit log. [`server`]: connections and their time
//!   [`limits`]. [`shutdown`]: signals.
//! * [`pretend`]: simulates the WeChat browser, with the sandbox only. [`marker_cookie`]: the
//!   cookies of the site itself.

mod account;
mod audit;
mod bind;
mod card;
mod devices;
mod health;
mod html;
mod limits;
mod marker_cookie;
mod measure;
mod page;
mod pretend;
mod reader;
mod server;
mod settings;
mod shutdown;
mod site;
mod staff;
mod store;
mod upstream;
mod view;
mod visitor;

use std::env;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tower_weika::BoxError;
use tracing_subscriber::EnvFilter;

use crate::audit::Audit;
use crate::settings::{Settings, SettingsErrors};
use crate::shutdown::Signals;
use crate::site::Site;
use crate::store::Stores;
use crate::upstream::{Imitation, Upstream};

/// The environment is invalid; a restart does not help.
const BAD_SETTINGS: u8 = 2;

/// How long tasks that run at the end may take to stop.
const LAST_TASKS: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let wanted = env::var_os(EnvFilter::DEFAULT_ENV).filter(|wanted| !wanted.is_empty());
    let readable = wanted
        .as_ref()
        .and_then(|_| EnvFilter::try_from_default_env().ok());
    let is_ignored = wanted.is_some() && readable.is_none();
    let filter = readable.unwrap_or_else(|| EnvFilter::new("info"));
    let colours = io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colours)
        .with_writer(io::stderr)
        .init();
    if is_ignored {
        tracing::warn!(
            "RUST_LOG {:?} cannot be parsed; using \"info\"",
            wanted.unwrap_or_default()
        );
    }

    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(errors) if errors.is::<SettingsErrors>() => {
            eprintln!("{errors}");
            ExitCode::from(BAD_SETTINGS)
        }
        Err(error) => {
            eprintln!("fatal: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), BoxError> {
    let settings = Settings::read()?;
    let (audit, audit_writer) = Audit::open(settings.audit_log.as_deref())
        .map_err(|error| format!("AUDIT_LOG: {error}"))?;
    let runtime = Runtime::new()?;
    let served = runtime.block_on(serve(&settings, audit));
    // The last events come from logins that end with the runtime.
    runtime.shutdown_timeout(LAST_TASKS);
    audit_writer.finish();
    served
}

async fn serve(settings: &Settings, audit: Audit) -> Result<(), BoxError> {
    // Before the first metric is recorded.
    let metrics = measure::install()?;
    let listener = TcpListener::bind(settings.listen)
        .await
        .map_err(|error| format!("{}: {error}", settings.listen))?;
    let address = listener.local_addr()?;
    let stores = Stores::connect(settings).await?;
    let upstream = Upstream::start(settings).await?;
    let sandbox_url = upstream.imitation.as_ref().map(Imitation::url);

    let site = Site::new(settings, address, upstream, stores, &audit, metrics)?;
    let signals = Signals::catch()?;
    if sandbox_url.is_some() {
        tracing::warn!("sandbox: credentials are missing, so any visitor can log in as any user");
        if !address.ip().is_loopback() {
            tracing::warn!("sandbox: LISTEN {address} accepts connections from other machines");
        }
    }
    announce(&format!("listening on http://{address}"));
    if let Some(url) = sandbox_url {
        announce(&format!("sandbox on {url}"));
    }
    Ok(server::serve(listener, site.router(), signals).await?)
}

/// Prints the address. A closed stdout is no reason to stop.
fn announce(line: &str) {
    let mut stdout = io::stdout().lock();
    let _closed = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}
