//! Strangers who begin a login and never come back.

use http::StatusCode;
use tower_weika::clock::Clock;

use crate::machine::memory;
use crate::report::{Section, is_smoke};
use crate::support::Provider;
use crate::visitor::{GUARDED, Site, navigate};

/// How many have come when the memory is looked at.
const STARTS: [u64; 3] = [10_000, 100_000, 1_000_000];

pub(crate) fn measure(section: &mut Section) {
    let site = Site::new(Provider, Clock::system());
    let login = site.login_path();
    let looks: &[u64] = if is_smoke() { &[1_000] } else { &STARTS };
    let (mut begun, mut heap, mut rows) = (0, 0, Vec::new());
    for &starts in looks {
        // Half of them at a page that is guarded, half of them at the door.
        let come = || {
            for _ in begun..starts / 2 {
                let answers = site.answer(vec![navigate(GUARDED, None), navigate(&login, None)]);
                assert!(
                    answers
                        .iter()
                        .all(|answer| answer.status() == StatusCode::SEE_OTHER)
                );
            }
        };
        heap += allocation_counter::measure(come).bytes_current;
        begun = starts / 2;
        let resident = memory(std::process::id(), "VmRSS");
        section.figure(&format!("starts/{starts}/heap_bytes"), precise(heap));
        if let Some(resident) = resident {
            section.figure(&format!("starts/{starts}/rss_mb"), resident);
        }
        let resident = resident.map_or_else(|| "–".to_owned(), |resident| format!("{resident:.1}"));
        rows.push(vec![starts.to_string(), heap.to_string(), resident]);
    }
    section.text(
        "Strangers who begin a login, half of them at a guarded page and half of them at the login endpoint, and \
         never come back.",
    );
    section.table(
        &["logins begun", "bytes on the heap since", "resident, MiB"],
        &rows,
    );
}

#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 bytes")]
fn precise(bytes: i64) -> f64 {
    bytes as f64
}
