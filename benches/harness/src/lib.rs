//! Shared code of the benchmarks: the report, interleaved measurement, requests and their
//! candidates, instruction counts, and the programs that they start.

pub mod callgrind;
pub mod candidate;
pub mod compare;
pub mod lower_bound;
pub mod process;
#[path = "../../../tests/support/programs.rs"]
mod programs;
pub mod redis;
#[expect(dead_code, reason = "a benchmark only starts it")]
#[allow(unfulfilled_lint_expectations, reason = "benchmarks may read the time")]
#[path = "../../../tests/support/redis_server/mod.rs"]
mod redis_server;
mod report;
mod site;
mod stacked;
pub mod token;
pub mod turns;
use std::path::PathBuf;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tokio::runtime::{Builder, Runtime};

pub use self::candidate::{Candidate, Client};
pub use self::report::{Report, is_smoke};
pub use self::site::{
    LIVE, Person, Provider, Site, callback, insert, log_in, session_id, start_login,
};
pub use self::stacked::stacked;

/// Returns the path of a program. If it is missing, its Debian package is installed if this process
/// has the rights.
pub fn program(name: &str, package: &str) -> PathBuf {
    let [path] = programs::find_programs([&[name]], &[package]);
    path
}

/// A runtime for the preparation of a measurement.
pub fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// A runtime that runs background tasks on a separate thread.
pub fn background_runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
}

/// Returns the output of a future that is ready at the first poll.
pub fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("ready at once"),
    }
}

/// Picks an index below `length` uniformly.
#[inline]
pub fn pick(state: &mut u64, length: usize) -> usize {
    // Knuth's MMIX generator; its high bits are good enough for this.
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*state >> 33).expect("31 bits") % length
}
