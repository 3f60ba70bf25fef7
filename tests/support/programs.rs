//! Programs that tests and benchmarks start.

use std::env;
use std::path::PathBuf;

/// Returns the paths of the programs, each under the first of its names that is in `PATH`. Panics
/// if one is missing, and names the Debian packages that contain it.
#[track_caller]
pub(crate) fn find_programs<const N: usize>(
    programs: [&[&str]; N],
    packages: &[&str],
) -> [PathBuf; N] {
    programs.map(|names| {
        names
            .iter()
            .find_map(|name| in_path(name))
            .unwrap_or_else(|| {
                let (names, packages) = (names.join(" or "), packages.join(" "));
                panic!("{names} is not in PATH. On Debian: apt-get install {packages}")
            })
    })
}

fn in_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}
