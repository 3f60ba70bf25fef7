//! What a request costs as the sessions become more, with cold caches.

#[path = "../contestant/mod.rs"]
mod contestant;
#[path = "../../../report/mod.rs"]
mod report;
#[path = "../../../rounds/mod.rs"]
#[expect(dead_code, reason = "the table is another one")]
mod rounds;
#[path = "../../../support/mod.rs"]
mod support;
#[path = "../../../turns/mod.rs"]
mod turns;

use std::cell::RefCell;

use contestant::{Contender, Setting};
use report::{Section, is_smoke};
use tokio::runtime;

/// The first is the baseline.
const NAMES: [&str; 8] = [
    "bare",
    "limit",
    "login, live session",
    "store: moka",
    "store: quick_cache",
    "store: RwLock shards, tables",
    "tower-sessions",
    "axum-login",
];

fn main() {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let sizes: &[usize] = if is_smoke() {
        &[10, 100]
    } else {
        &[1_000, 10_000, 100_000, 1_000_000]
    };
    let mut section = Section::new("growth", "More sessions");
    section.text(
        "Live sessions picked uniformly, 32 MiB read before every 32 requests; ns over the bare application. All \
         candidates of a column took turns.",
    );
    let all = contestant::all();
    let contestants = NAMES.map(|name| {
        all.iter()
            .find(|contestant| contestant.name == name)
            .expect("a candidate")
    });
    let mut rows = NAMES.map(|name| vec![name.to_owned()]);
    // Only one size is in memory at a time: a million sessions of everybody are some gigabytes.
    for &sessions in sizes {
        let nothing_counted = |work: &mut dyn FnMut()| {
            work();
            0
        };
        let setting = Setting {
            sessions,
            runtime: &runtime,
            meter: nothing_counted,
        };
        let contenders: Vec<Contender> = contestants
            .iter()
            .map(|contestant| contestant.build(&setting))
            .collect();
        let _inside = runtime.enter();
        let candidates: Vec<_> = contenders
            .iter()
            .map(|contender| RefCell::new((contender.candidate)()))
            .collect();
        let medians = rounds::medians(&candidates, true, 151, 32);
        for ((row, name), median) in rows.iter_mut().zip(NAMES).zip(&medians) {
            section.figure(&format!("{name}/{sessions}"), median - medians[0]);
            row.push(format!("{:.0}", median - medians[0]));
        }
    }
    let sizes: Vec<_> = sizes.iter().map(usize::to_string).collect();
    let header: Vec<_> = ["candidate"]
        .into_iter()
        .chain(sizes.iter().map(String::as_str))
        .collect();
    section.table(&header, &rows[1..]);
    section.finish();
}
