//! A flood of junk codes with valid states, and logins beside it.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the time")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tower_weika::BoxError;

use super::crowd::{Browser, approve, begin, get};
use super::start;
use crate::machine::memory;
use crate::report::{Section, is_smoke};
use crate::visitor::{Begun, navigate};

/// Connections of the attacker.
const CONNECTIONS: usize = 64;

/// How long an exchange takes at the upstream.
const EXCHANGE: Duration = Duration::from_millis(500);

/// Logins beside the flood, one after the other.
const LOGINS: usize = 8;

pub(crate) fn measure(section: &mut Section) {
    let lasts = Duration::from_secs(if is_smoke() { 2 } else { 20 });
    let (mut upstream, upstream_address, site, address) = start(LOGINS + 1, EXCHANGE);
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let junk = Arc::new(AtomicU64::new(0));
    let (mut logins, before) = runtime.block_on(async {
        log_in(LOGINS, address, upstream_address)
            .await
            .expect("a login before the flood");
        let before = memory(site.process.id(), "VmRSS");
        let end = Instant::now() + lasts;
        let mut attackers: JoinSet<()> = (0..CONNECTIONS)
            .map(|_| attack(address, end, Arc::clone(&junk)))
            .collect();
        let mut logins = Vec::new();
        for number in 0..LOGINS {
            tokio::time::sleep(lasts / (LOGINS as u32 + 2)).await;
            let start = Instant::now();
            log_in(number, address, upstream_address)
                .await
                .expect("a login beside the flood");
            logins.push(start.elapsed().as_secs_f64());
        }
        while attackers.join_next().await.is_some() {}
        (logins, before)
    });
    logins.sort_by(f64::total_cmp);
    let peak = memory(site.process.id(), "VmHWM");
    let said = upstream.ask();
    let exchanges: u64 = said
        .split(' ')
        .nth(1)
        .and_then(|count| count.parse().ok())
        .expect("a count");

    section.text(&format!(
        "A flood of junk codes with valid states over {CONNECTIONS} connections that hang up at once, for {} s, while \
         each exchange takes {} s at the upstream; and {LOGINS} logins beside it, each at the first try. \"Slowest\" \
         includes the exchange.",
        lasts.as_secs(),
        EXCHANGE.as_secs_f64()
    ));
    let slowest = logins.last().copied().unwrap_or_default();
    let grown = before.zip(peak).map(|(before, peak)| peak - before);
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let figures = [
        (
            "junk codes",
            "junk",
            Some(junk.load(Ordering::Relaxed) as f64),
            0,
        ),
        ("upstream calls", "exchanges", Some(exchanges as f64), 0),
        (
            "slowest login, s",
            "slowest_login_seconds",
            Some(slowest),
            2,
        ),
        ("MiB more at most", "grown_mb", grown, 0),
    ];
    for (_, key, value, _) in figures {
        if let Some(value) = value {
            section.figure(&format!("flood/{key}"), value);
        }
    }
    let cells = figures.map(|(_, _, value, places)| {
        value.map_or_else(|| "–".to_owned(), |value| format!("{value:.places$}"))
    });
    section.table(&figures.map(|(title, ..)| title), &[cells.into()]);
}

/// One login at the first try: no reload.
async fn log_in(number: usize, site: SocketAddr, upstream: SocketAddr) -> Result<(), BoxError> {
    let mut browsers = [begin(number, site).await];
    approve(&mut browsers, upstream).await;
    let [browser] = browsers;
    Browser::look(browser.come_back().await).await
}

/// Begins logins, sends a junk code for each, and closes the connection without waiting for the response.
async fn attack(site: SocketAddr, end: Instant, junk: Arc<AtomicU64>) {
    while Instant::now() < end {
        // A refused connection is the site's right.
        if let Err(_refused) = send_junk(site, junk.fetch_add(1, Ordering::Relaxed)).await {
            tokio::task::yield_now().await;
        }
    }
}

async fn send_junk(site: SocketAddr, number: u64) -> Result<(), BoxError> {
    let (mut sender, connection) = handshake(TokioIo::new(TcpStream::connect(site).await?)).await?;
    let connection = tokio::spawn(connection);
    let answer = get(&mut sender, "/auth/weika/login?return_to=/admin", None).await?;
    let begun = Begun::from(answer.headers());
    let target = format!(
        "/auth/weika/callback?wxcode=junk-{number}&state={}",
        begun.state
    );
    let request: Request<()> = navigate(&target, Some(&begun.cookie));
    let request: Request<Empty<Bytes>> = request.map(|()| Empty::new());
    sender.ready().await?;
    // Long enough for the request to be written.
    let _hung_up = timeout(Duration::from_millis(5), sender.send_request(request)).await;
    connection.abort();
    Ok(())
}
