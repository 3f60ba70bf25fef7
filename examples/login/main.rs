//! A complete small site with Weika login: `cargo run --example login`.
//!
//! Without credentials it brings a Weika of its own, the sandbox, so that everything can be tried at once.
//! Read on in this order:
//!
//! * [`settings`]: the environment variables, and every mistake in them at once.
//! * [`site`]: the routes, who may see them, and the login layer around them.
//! * [`view`]: a manager as JSON; [`page`] and [`card`]: as HTML.
//! * [`health`]: what an orchestrator asks. [`shutdown`]: how it ends.

mod card;
mod health;
mod html;
mod page;
mod reader;
mod settings;
mod shutdown;
mod site;
mod view;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use tokio::net::TcpListener;
use tower_weika::BoxError;
use tower_weika::provider::WeikaManagerProvider;
use tower_weika::sandbox::Sandbox;
use tracing_subscriber::EnvFilter;

use crate::settings::{Settings, Upstream};
use crate::shutdown::Signals;
use crate::site::Site;

/// What the environment says cannot be used; trying again does not help.
const BAD_SETTINGS: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(io::stderr).init();

    let settings = match Settings::read() {
        Ok(settings) => settings,
        Err(mistakes) => {
            eprintln!("{mistakes}");
            return ExitCode::from(BAD_SETTINGS);
        }
    };
    match run(settings).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot go on: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(settings: Settings) -> Result<(), BoxError> {
    let listener = TcpListener::bind(settings.listen).await.map_err(|error| format!("{}: {error}", settings.listen))?;
    let address = listener.local_addr()?;
    let (weika, sandbox) = upstream(&settings.upstream).await?;

    let login = settings.login_layer(weika.clone(), address).build()?;
    let sandbox_url = sandbox.as_ref().map(Sandbox::base_url);
    let site = Site::new(&login, weika.client().clone(), sandbox_url.clone());
    let signals = Signals::catch()?;
    announce(&format!("listening on http://{address}"));
    if let Some(url) = sandbox_url {
        announce(&format!("sandbox on {url}"));
        tracing::warn!("no credentials are set: this site lets everybody log in as anybody, through its sandbox");
    }
    shutdown::serve(listener, site.router(login), signals).await?;
    Ok(())
}

/// Weika itself, or an imitation of it that lives as long as the returned [`Sandbox`].
async fn upstream(upstream: &Upstream) -> Result<(WeikaManagerProvider, Option<Sandbox>), BoxError> {
    match upstream {
        Upstream::Weika(weika) => Ok((weika.clone(), None)),
        Upstream::Sandbox { listen } => {
            let started = Sandbox::builder().listen(*listen).start().await;
            let sandbox = started.map_err(|error| format!("{listen}: {error}"))?;
            let weika = WeikaManagerProvider::builder(sandbox.app_key(), sandbox.app_secret());
            Ok((weika.base_url(sandbox.base_url()).build()?, Some(sandbox)))
        }
    }
}

/// Tells whoever started this process where to go. That nobody listens is no reason to stop.
fn announce(line: &str) {
    let mut stdout = io::stdout().lock();
    let _nobody_listens = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}
