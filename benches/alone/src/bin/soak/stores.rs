//! The stores, as the parent of the instances sees them.

use std::path::PathBuf;
use std::{env, fs, process};

use harness::redis::Server;

/// The store that the instances of a site share.
pub(crate) enum Store {
    Redis(Server),
    Sqlite(Folder),
}

impl Store {
    pub(crate) fn all() -> [Self; 2] {
        [
            Self::Redis(Server::persistent()),
            Self::Sqlite(Folder::new()),
        ]
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Redis(_) => "Redis",
            Self::Sqlite(_) => "SQLite",
        }
    }

    /// The kind of the store, and where it is, as arguments of an instance.
    pub(crate) fn arguments(&self) -> [String; 2] {
        match self {
            Self::Redis(server) => ["redis".to_owned(), server.url()],
            Self::Sqlite(folder) => ["sqlite".to_owned(), folder.database().display().to_string()],
        }
    }

    /// Returns `false` if there is no server to restart.
    pub(crate) fn restart(&mut self) -> bool {
        match self {
            Self::Redis(server) => {
                server.restart();
                true
            }
            Self::Sqlite(_) => false,
        }
    }
}

/// A new folder beside this program: that for temporary files may be in memory. Removed when this
/// is dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let program = env::current_exe().expect("the path of this program");
        let folder = program.with_file_name(format!("soak-files-{}", process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.0.join("sessions.db")
    }

    /// The bytes of all its files.
    pub(crate) fn bytes(&self) -> u64 {
        let files = fs::read_dir(&self.0).into_iter().flatten().flatten();
        let lengths = files.filter_map(|file| file.metadata().ok());
        lengths.map(|file| file.len()).sum()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}
