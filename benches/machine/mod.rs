//! What the operating system knows of a process. Linux tells all of it; elsewhere some figures are missing.

use std::fs;
use std::time::Duration;

/// The time that this thread has spent on the processor.
#[cfg(unix)]
pub(crate) fn thread_time() -> Duration {
    use rustix::time::{ClockId, clock_gettime};

    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("not negative")
}

/// The time that has passed: as much as can be known here.
#[cfg(not(unix))]
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the time")]
pub(crate) fn thread_time() -> Duration {
    use std::sync::LazyLock;
    use std::time::Instant;

    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

/// A size from the status of a process, such as `VmRSS` or `VmHWM`, in MiB.
pub(crate) fn memory(process: u32, size: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(size)?.strip_prefix(':'))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes / 1024.0)
}

/// Allows this process as many open files as it may have at all.
#[cfg(unix)]
pub(crate) fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            ..limit
        },
    );
    raised.expect("a soft limit can be raised to the hard one");
}

#[cfg(not(unix))]
pub(crate) fn raise_file_limit() {}
