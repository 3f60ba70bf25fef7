//! The metrics endpoint for Prometheus. The names are in the crate's documentation; no label
//! identifies a person.

use std::time::Duration;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};

use crate::site::Site;

/// Bucket bounds in seconds: from a response in the local network to the deadline of a code
/// exchange.
const BUCKETS: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// How often measurements are folded, so that memory stays bounded while no scraper reads them.
const UPKEEP: Duration = Duration::from_secs(5);

/// Installs the recorder; metrics count from here on.
pub(crate) fn install() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets(&BUCKETS)?
        .install_recorder()?;
    let upkeep = handle.clone();
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(UPKEEP);
        loop {
            tick.tick().await;
            upkeep.run_upkeep();
        }
    });
    Ok(handle)
}

pub(crate) async fn show(State(site): State<Site>) -> impl IntoResponse {
    (
        [(CONTENT_TYPE, "text/plain; version=0.0.4")],
        site.metrics.render(),
    )
}
