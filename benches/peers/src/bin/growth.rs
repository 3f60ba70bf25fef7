//! The cost of a request with growing numbers of sessions.

use harness::{Report, compare, lower_bound, runtime};
use peers::candidates::{LOGIN, Setting, build};

const NAMES: [&str; 8] = [
    "bare",
    lower_bound::NAME,
    LOGIN,
    "store: moka",
    "store: quick_cache",
    "store: RwLock shards, tables",
    "tower-sessions",
    "axum-login",
];

fn main() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let mut report = Report::new("growth", "Number of sessions");
    report.table(
        "candidate",
        "Live sessions picked uniformly; ns over the bare application, by the number of sessions. Cold: 32 MiB were read \
         before every 32 requests. Hot: nothing else happens in between; the caches may not hold all \
         sessions. All candidates of a column took turns.",
    );
    compare::growth(&mut report, [lower_bound::NAME, LOGIN], |sessions| {
        let setting = Setting {
            sessions,
            meter: compare::unmetered,
        };
        NAMES.iter().map(|name| build(name, setting)).collect()
    });
    report.finish();
}
