//! A full disk, on a small file system.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tower_weika::ErrorKind;
use tower_weika::store::SessionStore;
use tower_weika_sqlite::SqliteStore;

use crate::kit::{Managers, find, is_there, namespace, new_file, start, try_start, until};

/// A file system of two megabytes.
struct Disk(PathBuf);

impl Disk {
    fn mount() -> Self {
        let folder = new_file().with_file_name("disk");
        fs::create_dir_all(&folder).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"])
            .arg(&folder)
            .status();
        assert!(mounted.unwrap().success(), "mount needs the rights of root");
        Self(folder)
    }

    fn remount(&self, options: &str) {
        let mounted = Command::new("mount")
            .args(["-o", &format!("remount,{options}")])
            .arg(&self.0)
            .status();
        assert!(mounted.unwrap().success());
    }

    fn file(&self) -> PathBuf {
        self.0.join("sessions.db")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: the threads of the store have the file open for a moment.
        drop(Command::new("umount").arg("--lazy").arg(&self.0).status());
    }
}

fn fill(disk: &Path) -> PathBuf {
    let filler = disk.join("filler");
    // All that fits is written.
    drop(fs::write(&filler, vec![1; 4 * 1_024 * 1_024]));
    filler
}

#[ignore = "mounts a small file system; run tests/run"]
#[tokio::test]
async fn full_disk_is_an_error_and_no_session_is_lost() {
    let disk = Disk::mount();
    let store: Managers = SqliteStore::open(disk.file()).unwrap();
    let mut ids = vec![start(&store, "o0").await];
    let filler = fill(&disk.0);
    let mut number = 0;
    let error = loop {
        number += 1;
        match try_start(&store, &format!("o{number}")).await {
            Ok(id) => ids.push(id),
            Err(error) => break error,
        }
        assert!(number < 10_000, "the disk is never full");
    };
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.to_string().contains("the disk is full"), "{error}");
    let logout = store.remove(&namespace(), &ids[0]).await.unwrap_err();
    assert_eq!(logout.kind(), ErrorKind::Store);
    assert_eq!(store.sqlite().failure().unwrap().kind(), ErrorKind::Store);
    for id in &ids {
        assert!(is_there(&store, id).await);
    }
    fs::remove_file(filler).unwrap();
    // Without a request: an instance that is not ready gets none.
    until(async || store.sqlite().failure().is_none()).await;
    start(&store, "again").await;
    drop(store);
    let reopened: Managers = SqliteStore::open(disk.file()).unwrap();
    for id in &ids {
        assert!(is_there(&reopened, id).await);
    }
}

#[ignore = "mounts a small file system; run tests/run"]
#[tokio::test]
async fn start_on_a_full_disk_is_an_error_that_names_it() {
    let disk = Disk::mount();
    fill(&disk.0);
    let error = SqliteStore::open(disk.file())
        .map(|_: Managers| ())
        .unwrap_err();
    let text = error.to_string();
    assert!(text.contains("disk"), "{text}");
}

#[ignore = "mounts a small file system; run tests/run"]
#[tokio::test]
async fn read_only_file_system_is_an_error_at_the_start_and_while_running() {
    let disk = Disk::mount();
    let store: Managers = SqliteStore::open(disk.file()).unwrap();
    let id = start(&store, "o1").await;
    drop(store);
    // The threads close the file.
    until(async || !disk.file().with_extension("db-wal").exists()).await;
    disk.remount("ro");
    let error = SqliteStore::open(disk.file())
        .map(|_: Managers| ())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.to_string().contains("read-only"), "{error}");
    disk.remount("rw");
    let store: Managers = SqliteStore::open(disk.file()).unwrap();
    assert!(find(&store, &id).await.unwrap().is_some());
}
