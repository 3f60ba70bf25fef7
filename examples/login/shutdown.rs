//! Serving until somebody asks for the end.

use std::io;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How long requests in flight may take to finish. Orchestrators commonly kill after 30 s.
const GRACE: Duration = Duration::from_secs(10);

/// Serves `app` until Ctrl-C or `SIGTERM`, and then what is in flight, for a while.
pub(crate) async fn serve(listener: TcpListener, app: Router) -> io::Result<()> {
    let (end, mut ended) = watch::channel(());
    let mut graceful = ended.clone();
    tokio::spawn(async move {
        requested().await;
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

/// Waits for Ctrl-C or `SIGTERM`. Where neither can be waited for, there is no end from outside.
async fn requested() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    };
    tokio::select! {
        () = interrupt => {}
        () = terminate() => {}
    }
}

#[cfg(unix)]
async fn terminate() {
    use tokio::signal::unix::{SignalKind, signal};

    match signal(SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminate() {
    std::future::pending().await
}
