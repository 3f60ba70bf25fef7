//! Logins that are started and never completed.

use harness::process::memory;
use harness::{Provider, Report, is_smoke};
use http::StatusCode;
use tower_weika::clock::Clock;

use crate::visitor::{GUARDED, Site, navigate};

pub(crate) fn measure(report: &mut Report) {
    report.table(
        "logins started",
        "Anonymous visitors who start a login, half of them at a guarded page and half of them at the login endpoint, and \
         never return.",
    );
    let site = Site::new(Provider::<0>("bench"), Clock::system());
    let login = site.login_path();
    let looks: &[u64] = if is_smoke() {
        &[1_000]
    } else {
        &[10_000, 100_000, 1_000_000]
    };
    let (mut started, mut heap) = (0, 0);
    for &logins in looks {
        let start = || {
            for _ in started..logins / 2 {
                let responses = site.respond(vec![navigate(GUARDED, None), navigate(&login, None)]);
                assert!(
                    responses
                        .iter()
                        .all(|response| response.status() == StatusCode::SEE_OTHER)
                );
            }
        };
        heap += allocation_counter::measure(start).bytes_current;
        started = logins / 2;
        let resident = memory(std::process::id(), "VmRSS");
        report.row(
            &logins.to_string(),
            &[("heap since, B", heap as f64), ("resident, MiB", resident)],
        );
    }
}
