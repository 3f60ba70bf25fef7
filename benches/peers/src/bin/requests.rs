//! What a request costs through our layers, through our layer over other stores, and through those of the peers.

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
#[path = "../workers.rs"]
mod workers;

use std::cell::RefCell;

use contestant::{Contender, Setting};
use report::{Section, is_smoke};
use tokio::runtime;

/// What the others are in proportion to.
const REFERENCES: [&str; 2] = ["limit", "tower-sessions"];

fn main() {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let sessions = if is_smoke() { 100 } else { 10_000 };
    let meter = |work: &mut dyn FnMut()| allocation_counter::measure(work).bytes_current;
    let setting = Setting {
        sessions,
        runtime: &runtime,
        meter,
    };
    let contestants = contestant::all();
    let names: Vec<_> = contestants
        .iter()
        .map(|contestant| contestant.name)
        .collect();
    let contenders: Vec<Contender> = contestants
        .iter()
        .map(|contestant| contestant.build(&setting))
        .collect();
    let _inside = runtime.enter();
    let candidates: Vec<_> = contenders
        .iter()
        .map(|contender| RefCell::new((contender.candidate)()))
        .collect();
    // Hot: most of a turn, every session has been asked for before.
    let hot = rounds::medians(&candidates, false, 11, 8 * sessions as u64);
    let cold = rounds::medians(&candidates, true, 151, 32);
    let workers = workers::two_over_one(&contenders);

    let mut section = Section::new(
        "requests",
        "A request through our layers and through those of others",
    );
    section.text(
        "Ten usual headers, four foreign cookies before ours, 10,000 live sessions picked uniformly; ns over the bare \
         application. Cold: 32 MiB were read before every 32 requests. Heap: of a whole session, with the session \
         itself and an identity that is one name. Workers: the time of a request, the bare application included, on \
         two threads at once over that on one.",
    );
    let over = |medians: &[f64], index: usize| medians[index] - medians[0];
    let reference = |name| {
        names
            .iter()
            .position(|other| *other == name)
            .expect("one of the contestants")
    };
    let rows = names.iter().enumerate().map(|(index, name)| {
        let ratios = |medians| {
            REFERENCES.map(|name| {
                format!(
                    "{:.2}",
                    over(medians, index) / over(medians, reference(name))
                )
            })
        };
        let [there, not] = rounds::allocations(&mut candidates[index].borrow_mut());
        let heap = contenders[index].heap as f64 / sessions as f64;
        section.figure(&format!("{name}/hot"), over(&hot, index));
        section.figure(&format!("{name}/cold"), over(&cold, index));
        section.figure(&format!("{name}/allocations"), there as f64);
        section.figure(&format!("{name}/heap"), heap);
        section.figure(&format!("{name}/workers"), workers[index]);
        [
            vec![(*name).to_owned(), format!("{:.0}", over(&hot, index))],
            ratios(&hot).into(),
            vec![format!("{:.0}", over(&cold, index))],
            ratios(&cold).into(),
            vec![format!("{there} / {not}")],
            vec![
                if heap > 0.0 {
                    format!("{heap:.0}")
                } else {
                    "–".to_owned()
                },
                format!("{:.2}", workers[index]),
            ],
        ]
        .concat()
    });
    let rows: Vec<_> = rows.collect();
    let [limit, tower_sessions] = REFERENCES.map(|name| format!("÷ {name}"));
    section.table(
        &[
            "candidate",
            "hot ns",
            &limit,
            &tower_sessions,
            "cold ns",
            &limit,
            &tower_sessions,
            "allocations (map there / not)",
            "heap per session, B",
            "2 workers ÷ 1",
        ],
        &rows,
    );
    section.text(&format!(
        "Bare: {:.0} ns hot, {:.0} ns cold.",
        hot[0], cold[0]
    ));
    section.finish();
}
