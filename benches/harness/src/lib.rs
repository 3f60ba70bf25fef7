//! What the benchmarks share: the report, measuring in turns, requests and their candidates, instruction counts, and
//! the programs that they start.

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
pub use self::site::{LIVE, Person, Provider, Site, begin, callback, session_id};
pub use self::stacked::stacked;

/// The path of a program, which is installed from the Debian package if it is missing and this process may do that.
pub fn program(name: &str, package: &str) -> PathBuf {
    let [path] = programs::find_programs([&[name]], &[package]);
    path
}

/// A runtime for what is done before the measuring.
pub fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// A runtime that runs background tasks on a thread beside the one that measures.
pub fn background_runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
}

/// The output of a future that is ready when it is polled for the first time.
pub fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("ready at once"),
    }
}

/// A uniform choice of an index below `length`.
#[inline]
pub fn pick(state: &mut u64, length: usize) -> usize {
    // Knuth's MMIX generator; its high bits are good enough to pick with.
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*state >> 33).expect("31 bits") % length
}
