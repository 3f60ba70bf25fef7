//! A flood of invalid codes with valid states, and concurrent logins.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use harness::{Report, is_smoke, runtime};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower_weika::BoxError;

use crate::browser::{Browser, Connection};
use crate::upstream::Environment;
use crate::visitor::StartedLogin;

/// Connections of the attacker.
const CONNECTIONS: usize = 64;
/// How long an exchange takes at the upstream.
const EXCHANGE: Duration = Duration::from_millis(500);
/// Logins during the flood, one after the other.
const LOGINS: usize = 8;

pub(crate) fn measure(report: &mut Report) {
    let lasts = Duration::from_secs(if is_smoke() { 2 } else { 20 });
    let environment = Environment::start(LOGINS + 1, EXCHANGE);
    let (site, upstream) = (environment.site(), environment.sandbox.address());
    let codes = Arc::new(AtomicU64::new(0));
    let (slowest, before) = runtime().block_on(async {
        log_in(LOGINS, site, upstream)
            .await
            .expect("a login before the flood");
        let before = environment.memory("VmRSS");
        let end = Instant::now() + lasts;
        let attackers: JoinSet<()> = (0..CONNECTIONS)
            .map(|_| attack(site, end, Arc::clone(&codes)))
            .collect();
        let mut slowest = Duration::ZERO;
        for number in 0..LOGINS {
            sleep(lasts / (LOGINS as u32 + 2)).await;
            let start = Instant::now();
            log_in(number, site, upstream)
                .await
                .expect("a login during the flood");
            slowest = slowest.max(start.elapsed());
        }
        attackers.join_all().await;
        (slowest, before)
    });
    let peak = environment.memory("VmHWM");
    report.table(
        "flood",
        &format!(
            "A flood of invalid codes with valid states over {CONNECTIONS} connections that hang up at once, for {} s, \
             while each exchange takes {} s at the upstream; and {LOGINS} logins during it, each at the first attempt. \
             The slowest login includes the exchange.",
            lasts.as_secs(),
            EXCHANGE.as_secs_f64()
        ),
    );
    report.row(
        "invalid codes",
        &[
            ("codes", codes.load(Ordering::Relaxed) as f64),
            ("exchanges", environment.calls()[1] as f64),
            ("slowest login, s", slowest.as_secs_f64()),
            ("MiB more at most", peak - before),
        ],
    );
}

/// One login at the first attempt, without a reload.
async fn log_in(number: usize, site: SocketAddr, upstream: SocketAddr) -> Result<(), BoxError> {
    let mut browser = Browser::start(number, site).await;
    browser
        .approve(&mut Connection::open(upstream).await?)
        .await;
    let (browser, session) = browser.complete().await?;
    browser.check(&session).await
}

async fn attack(site: SocketAddr, end: Instant, codes: Arc<AtomicU64>) {
    while Instant::now() < end {
        // The site may refuse a connection.
        if let Err(_refused) = send_invalid_code(site, codes.fetch_add(1, Ordering::Relaxed)).await
        {
            tokio::task::yield_now().await;
        }
    }
}

/// Starts a login, sends an invalid code, and closes the connection without waiting for the
/// response.
async fn send_invalid_code(site: SocketAddr, number: u64) -> Result<(), BoxError> {
    let mut site = Connection::open(site).await?;
    let response = site.get("/auth/weika/login?return_to=/admin", None).await?;
    let started = StartedLogin::from(response.headers());
    let target = format!(
        "/auth/weika/callback?wxcode=invalid-{number}&state={}",
        started.state
    );
    // Long enough to write the request.
    let _hung_up = timeout(
        Duration::from_millis(5),
        site.get(&target, Some(&started.cookie)),
    )
    .await;
    site.close();
    Ok(())
}
