//! Programs that tests and benchmarks need: found, or installed, or asked for. Never skipped.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

/// Where the programs are, each under the first of its names that is in PATH. If one is missing, the packages of
/// Debian are installed first, if this process may do that.
pub(crate) fn find_or_install<const N: usize>(
    programs: [&[&str]; N],
    packages: &[&str],
) -> [PathBuf; N] {
    if let Some(found) = find(programs) {
        return found;
    }
    let remedy = format!(
        "apt-get update && apt-get install -y {}",
        packages.join(" ")
    );
    let names = programs.map(|names| names.join(" or ")).join(" and ");
    assert!(
        is_root() && in_path("apt-get").is_some(),
        "this needs {names} in PATH. On Debian, as root: {remedy}"
    );
    install(packages, &remedy);
    find(programs).unwrap_or_else(|| panic!("{names}: still not in PATH after: {remedy}"))
}

fn find<const N: usize>(programs: [&[&str]; N]) -> Option<[PathBuf; N]> {
    let found: Vec<_> = programs
        .iter()
        .map_while(|names| names.iter().find_map(|name| in_path(name)))
        .collect();
    found.try_into().ok()
}

fn install(packages: &[&str], remedy: &str) {
    eprintln!("installing: {remedy}");
    // Other test processes may be installing too. An update waits for nobody by itself, hence the lock of our own;
    // and whoever else installs is waited for by dpkg.
    let lock = env::temp_dir().join("tower-weika-apt-get.lock");
    let commands = [
        vec!["update"],
        [
            &["-o", "DPkg::Lock::Timeout=600", "install", "-y"],
            packages,
        ]
        .concat(),
    ];
    for arguments in commands {
        let mut command = Command::new("flock");
        command
            .arg(&lock)
            .arg("apt-get")
            .args(&arguments)
            .env("DEBIAN_FRONTEND", "noninteractive");
        let status = command.status();
        let succeeded = status.as_ref().is_ok_and(ExitStatus::success);
        assert!(
            succeeded,
            "apt-get {arguments:?} failed ({status:?}). By hand: {remedy}"
        );
    }
}

fn in_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

#[cfg(unix)]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;

    Path::new("/proc/self")
        .metadata()
        .is_ok_and(|process| process.uid() == 0)
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}
