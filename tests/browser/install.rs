//! Chromium and its driver: found, or installed, or asked for. Never skipped.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const REMEDY: &str = "apt-get update && apt-get install -y chromium chromium-driver fonts-noto-cjk";

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
        find().unwrap_or_else(|| {
            assert!(
                is_root() && in_path("apt-get").is_some(),
                "the browser tests need chromium and chromedriver in PATH. On Debian, as root: {REMEDY}"
            );
            install();
            find().unwrap_or_else(|| panic!("chromium and chromedriver are still not in PATH after: {REMEDY}"))
        })
    })
}

fn find() -> Option<Binaries> {
    let chromium = ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(in_path)?;
    Some(Binaries { chromium, chromedriver: in_path("chromedriver")? })
}

fn install() {
    eprintln!("installing Chromium: {REMEDY}");
    // Another test process may be installing too: dpkg is waited for.
    let commands: [&[&str]; 2] = [
        &["update"],
        &["-o", "DPkg::Lock::Timeout=600", "install", "-y", "chromium", "chromium-driver", "fonts-noto-cjk"],
    ];
    for arguments in commands {
        let status = Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive").status();
        let succeeded = status.as_ref().is_ok_and(std::process::ExitStatus::success);
        assert!(succeeded, "apt-get {arguments:?} failed ({status:?}). By hand: {REMEDY}");
    }
}

fn in_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

#[cfg(unix)]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;

    Path::new("/proc/self").metadata().is_ok_and(|process| process.uid() == 0)
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}
