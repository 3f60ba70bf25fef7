//! The load, by `wrk` on the other core.

use std::path::Path;
use std::process::Command;

use crate::process::Server;

const CORE: &str = "1";
const CONNECTIONS: &str = "32";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/bin/server/load.lua");

/// The result of a load.
pub(crate) struct Load {
    /// Requests a second.
    pub(crate) rate: f64,
    /// Processor time of the server for one request, µs.
    pub(crate) processor: f64,
    /// How much of the time the server had something to do, 1 for all of it. Otherwise the load is too small.
    pub(crate) busy: f64,
    /// How much of the time it had to wait for its core meanwhile, because something else ran there.
    pub(crate) disturbed: f64,
    /// Latencies, µs.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

impl Load {
    /// Sends requests for so many seconds. Every response has to be a success.
    pub(crate) fn put(wrk: &Path, server: &Server, seconds: u64, seed: u64) -> Self {
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", CORE]).arg(wrk).args(["--threads", "1", "--connections", CONNECTIONS]);
        command.args(["--duration", &format!("{seconds}s"), "--latency", "--script", SCRIPT]);
        command.arg(format!("http://{}", server.process.address)).arg("--").arg(&server.cookies).arg(seed.to_string());
        let before = server.core_time();
        let output = command.output().expect("wrk");
        let after = server.core_time();
        let [processor, waited] = [0, 1].map(|index| after[index] - before[index]);
        let text = String::from_utf8_lossy(&output.stdout);
        let result = text.lines().find_map(|line| line.strip_prefix("result ")).unwrap_or_default();
        let numbers: Vec<f64> = result.split(' ').map_while(|number| number.parse().ok()).collect();
        let [requests, microseconds, failures, p50, p99] = numbers[..] else {
            panic!("wrk: {text}{}", String::from_utf8_lossy(&output.stderr));
        };
        assert!(requests > 0.0 && failures == 0.0, "{}: {failures} of {requests} requests failed", server.kind);
        Self {
            rate: requests / microseconds * 1e6,
            processor: processor / requests,
            busy: (processor + waited) / microseconds,
            disturbed: waited / microseconds,
            p50,
            p99,
        }
    }
}
