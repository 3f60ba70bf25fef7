//! The cost of a request: through the layers of this crate, of one, two and three logins, through
//! the login layer over other stores, and through the layers of peers.

use allocation_counter::measure;
use harness::{Person, Report, Site, compare, is_smoke, lower_bound, runtime, stacked};
use peers::candidates::{ALL, Setting, build, fill, memory_store};

fn meter(work: &mut dyn FnMut()) -> (u64, i64) {
    let used = measure(work);
    (used.count_total, used.bytes_current)
}

fn main() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let sessions = if is_smoke() { 100 } else { 10_000 };
    let setting = Setting { sessions, meter };
    let mut candidates: Vec<_> = ALL.iter().map(|(name, _)| build(name, setting)).collect();
    // After the candidates that all sections share: other users, guards, and several layers.
    let is_new = |name: &str| !ALL.iter().any(|(other, _)| *other == name);
    candidates.extend(
        Site::with_sessions(sessions)
            .candidates()
            .into_iter()
            .filter(|it| is_new(&it.name)),
    );
    candidates.extend(stacked(sessions));

    let mut report = Report::new("requests", "A request");
    report.table(
        "candidate",
        "Ten usual headers, four foreign cookies before the session cookie, 10,000 live sessions picked uniformly; ns over \
         the bare application. Cold: 32 MiB were read before every 32 requests. Allocations: with a map of extensions \
         that exists already, and without a map. Heap: of a whole session, with the session itself and an identity that \
         is one name. Threads: the whole time of a request while one thread or two send them.",
    );
    compare::table(
        &mut report,
        &candidates,
        sessions,
        &["insert by hand", lower_bound::NAME, "tower-sessions"],
        meter,
    );
    report.text(&heap());
    report.finish();
}

/// Returns the heap bytes of a session in the `MemoryStore` beside the identity, whose text is
/// allocated before.
fn heap() -> String {
    let count = if is_smoke() { 1_000 } else { 100_000 };
    let mut sessions: Vec<_> = (0..count)
        .map(|number| Person::<0>::numbered(number).session())
        .collect();
    let mut filled = None;
    let (_, heap) = meter(&mut || fill(filled.insert(memory_store(2 * count)), sessions.drain(..)));
    let identity = size_of::<Person>();
    let beside = heap as f64 / count as f64 - identity as f64;
    format!(
        "A session in the `MemoryStore`, {count} of them: {beside:.0} B beside the identity, which is {identity} B and its \
         text."
    )
}
