//! The library that is preloaded into child processes: `lost_writes.c`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// Returns the path of the library, which the first call compiles.
pub(crate) fn library() -> &'static Path {
    static LIBRARY: LazyLock<PathBuf> = LazyLock::new(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/durability/lost_writes.c");
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lost_writes.so");
        // Not over the library of another run.
        let next = library.with_extension(std::process::id().to_string());
        let compiler = env::var_os("CC").unwrap_or_else(|| "cc".into());
        let compiled = Command::new(compiler)
            .args([
                "-Wall", "-Wextra", "-Werror", "-O2", "-shared", "-fPIC", "-o",
            ])
            .args([&next, &source])
            .arg("-ldl")
            .output()
            .expect("a C compiler; on Debian: apt-get install gcc libc6-dev");
        assert!(compiled.status.success(), "{compiled:?}");
        fs::rename(next, &library).expect("a file");
        library
    });
    &LIBRARY
}

/// Counts the syncs of the files in a folder by processes with the library.
pub(crate) struct SyncCounter(PathBuf);

impl SyncCounter {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Returns the number of syncs so far.
    pub(crate) fn count(&self) -> u64 {
        fs::metadata(&self.0).map_or(0, |file| file.len())
    }
}
