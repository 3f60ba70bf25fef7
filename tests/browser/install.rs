//! Chromium and its driver: found, or installed, or asked for. Never skipped.

use std::path::PathBuf;
use std::sync::OnceLock;

use crate::programs::find_or_install;

/// Where the programs are.
pub(crate) struct Binaries {
    pub(crate) chromium: PathBuf,
    pub(crate) chromedriver: PathBuf,
}

/// Finds the programs, and installs them first if they are missing and this process may do that.
pub(crate) fn binaries() -> &'static Binaries {
    static BINARIES: OnceLock<Binaries> = OnceLock::new();

    // All tests wait here while one of them installs.
    BINARIES.get_or_init(|| {
        let [chromium, chromedriver] = find_or_install(
            [
                &["chromium", "chromium-browser", "google-chrome"],
                &["chromedriver"],
            ],
            &["chromium", "chromium-driver", "fonts-noto-cjk"],
        );
        Binaries {
            chromium,
            chromedriver,
        }
    })
}
