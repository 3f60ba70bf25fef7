//! Serving until somebody asks for the end.

use std::io;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How long requests in flight may take to finish. Orchestrators commonly kill after 30 s.
const GRACE: Duration = Duration::from_secs(10);

/// Serves `app` until it is asked to end, and then what is in flight, for a while.
pub(crate) async fn serve(listener: TcpListener, app: Router, signals: Signals) -> io::Result<()> {
    let (end, mut ended) = watch::channel(());
    let mut graceful = ended.clone();
    tokio::spawn(async move {
        signals.requested().await;
        tracing::info!("ending");
        end.send_replace(());
        end.closed().await;
    });
    let server = axum::serve(listener, app).with_graceful_shutdown(async move {
        // An error would say that there is nobody left to ask for the end.
        let _asked = graceful.changed().await;
    });
    tokio::select! {
        served = server => served,
        () = async {
            let _asked = ended.changed().await;
            tokio::time::sleep(GRACE).await;
        } => {
            tracing::warn!("ending with requests in flight");
            Ok(())
        }
    }
}

/// Ctrl-C and `SIGTERM`. They are caught from the moment this exists, so it has to exist before anybody is
/// told that the site listens: until then a signal ends the process at once.
#[cfg(unix)]
pub(crate) struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    pub(crate) fn catch() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn requested(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
pub(crate) struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub(crate) fn catch() -> io::Result<Self> {
        Ok(Self)
    }

    async fn requested(self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
