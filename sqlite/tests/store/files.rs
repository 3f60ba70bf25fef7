//! Files that cannot be used: each is a clear error, and stays as it is.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use rusqlite::Connection;
use tower_weika::session::{Session, SessionId, SessionTimeouts};
use tower_weika::store::SessionStore;
use tower_weika::{Error, ErrorKind};
use tower_weika_sqlite::{Sqlite, SqliteStore};

use crate::kit::{Managers, find, is_there, namespace, new_file, session, start, try_start, until};

/// Opens a store that must not open.
fn refused(path: &Path) -> String {
    let error = SqliteStore::open(path).map(|_: Managers| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store, "{error}");
    error.to_string()
}

fn content(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap()
}

#[test]
fn new_file_can_be_read_by_its_owner_only() {
    let path = new_file();
    let sqlite = Sqlite::open(&path).unwrap();
    let folder = fs::read_dir(path.parent().unwrap()).unwrap();
    let modes: Vec<_> = folder
        .map(|file| file.unwrap().metadata().unwrap().mode() & 0o777)
        .collect();
    assert_eq!(modes, [0o600; 3], "the file, its log and its shared memory");
    drop(sqlite);

    // A file that a service manager has prepared.
    let empty = new_file();
    fs::write(&empty, "").unwrap();
    fs::set_permissions(&empty, fs::Permissions::from_mode(0o644)).unwrap();
    drop(Sqlite::open(&empty).unwrap());
    assert_eq!(fs::metadata(&empty).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn path_that_cannot_hold_a_file_is_refused() {
    let path = new_file();
    let folder = path.parent().unwrap();
    let text = refused(&folder.join("absent").join("sessions.db"));
    assert!(text.contains("check that its folder exists"), "{text}");
    assert!(!folder.join("absent").exists());
    let text = refused(folder);
    assert!(text.starts_with("sqlite: the file"), "{text}");
    symlink(folder.join("nowhere").join("x"), folder.join("link")).unwrap();
    let text = refused(&folder.join("link"));
    assert!(text.starts_with("sqlite: the file"), "{text}");
}

#[test]
fn file_of_another_kind_is_refused_and_not_changed() {
    let path = new_file();
    for other in ["{\"sessions\": []}".repeat(1_000), "x".to_owned()] {
        fs::write(&path, &other).unwrap();
        let text = refused(&path);
        assert!(text.contains("damaged"), "{text}");
        assert_eq!(content(&path), other.as_bytes());
    }
}

#[test]
fn database_of_another_program_is_refused_and_not_changed() {
    let path = new_file();
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch("CREATE TABLE pupils (name TEXT)")
        .unwrap();
    drop(other);
    let text = refused(&path);
    assert!(text.contains("another program"), "{text}");
    let other = Connection::open(&path).unwrap();
    let tables = "SELECT group_concat(name) FROM sqlite_master";
    let tables: String = other.query_row(tables, [], |row| row.get(0)).unwrap();
    assert_eq!(tables, "pupils");
    let mode = "PRAGMA journal_mode";
    let mode: String = other.query_row(mode, [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "delete");
}

#[test]
fn file_of_a_later_version_is_refused_and_not_changed() {
    let path = new_file();
    drop(Sqlite::open(&path).unwrap());
    let later = Connection::open(&path).unwrap();
    later.pragma_update(None, "user_version", 2).unwrap();
    drop(later);
    let text = refused(&path);
    assert!(text.contains("later version"), "{text}");
    let later = Connection::open(&path).unwrap();
    let version = "PRAGMA user_version";
    let version: i64 = later.query_row(version, [], |row| row.get(0)).unwrap();
    assert_eq!(version, 2);
}

#[test]
fn database_that_is_not_in_a_file_is_refused() {
    for path in ["", ":memory:"] {
        let error = Sqlite::open(path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store, "{path:?}");
        assert!(error.to_string().contains("path of a file"), "{error}");
    }
    assert!(!Path::new(":memory:").exists());
}

#[tokio::test]
async fn file_that_was_encrypted_with_another_key_is_refused_and_not_changed() {
    let path = new_file();
    let open = |key: Option<u8>, previous: Option<u8>| {
        let mut builder = Sqlite::builder(&path);
        if let Some(key) = key {
            builder = builder.encryption_key([key; 32]);
        }
        if let Some(key) = previous {
            builder = builder.previous_encryption_key([key; 32]);
        }
        builder.open()
    };
    let store: Managers = open(Some(1), None).unwrap().store();
    let id = start(&store, "o1").await;
    let text = |refused: Result<Sqlite, Error>| refused.unwrap_err().to_string();
    assert!(text(open(Some(2), None)).contains("encryption_key is not the one"));
    assert!(text(open(None, None)).contains("encryption_key is not the one"));
    assert!(is_there(&open(Some(1), None).unwrap().store(), &id).await);
    // A rotation: the new key, then without the previous one.
    assert!(is_there(&open(Some(2), Some(1)).unwrap().store(), &id).await);
    let rotated = open(Some(2), None).unwrap().store();
    assert!(
        !is_there(&rotated, &id).await,
        "its record is under the previous key"
    );
    let new = start(&rotated, "o1").await;
    assert!(is_there(&open(Some(2), None).unwrap().store(), &new).await);
}

#[test]
fn invalid_key_is_a_configuration_error() {
    for builder in [
        Sqlite::builder(new_file()).encryption_key([7; 31]),
        Sqlite::builder(new_file()).previous_encryption_key([7; 32]),
    ] {
        let path = format!("{builder:?}");
        let error = builder.open().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{path}");
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("encryption_key"), "{source}");
    }
}

#[tokio::test]
async fn removed_or_replaced_file_is_an_error_until_it_is_back() {
    let path = new_file();
    let store = SqliteStore::open(&path).unwrap();
    let id = start(&store, "o1").await;
    let aside = path.with_extension("aside");
    fs::rename(&path, &aside).unwrap();
    let refused = try_start(&store, "o2").await.unwrap_err();
    assert!(
        refused.to_string().contains("removed or replaced"),
        "{refused}"
    );
    until(async || find(&store, &id).await.is_err()).await;
    let failure = store.sqlite().failure().unwrap();
    assert_eq!(failure.kind(), ErrorKind::Store);
    fs::copy(&aside, &path).unwrap();
    until(async || find(&store, &id).await.is_err()).await;
    fs::rename(&aside, &path).unwrap();
    until(async || find(&store, &id).await.is_ok_and(|found| found.is_some())).await;
    start(&store, "o3").await;
    until(async || store.sqlite().failure().is_none()).await;
}

#[tokio::test]
async fn damaged_file_is_an_error_and_never_an_absent_session() {
    let path = new_file();
    let store: Managers = Sqlite::builder(&path)
        .local_cache_capacity(0)
        .open()
        .unwrap()
        .store();
    let mut ids = Vec::new();
    for number in 0..200 {
        ids.push(start(&store, &format!("o{number}")).await);
    }
    let checkpoint = Connection::open(&path).unwrap();
    checkpoint
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    drop(checkpoint);
    let mut damaged = content(&path);
    for byte in &mut damaged[4_096..] {
        *byte = 0xA5;
    }
    fs::write(&path, &damaged).unwrap();
    // A new process has no page in memory.
    let mut failed = 0;
    match SqliteStore::open(&path).map(|store: Managers| store) {
        Err(error) => {
            assert!(error.to_string().contains("damaged"), "{error}");
            failed = ids.len();
        }
        Ok(reopened) => {
            for id in &ids {
                match find(&reopened, id).await {
                    Err(error) => {
                        assert!(error.to_string().contains("damaged"), "{error}");
                        failed += 1;
                    }
                    Ok(found) => assert!(found.is_some(), "damage is not absence"),
                }
            }
        }
    }
    assert_eq!(failed, ids.len());
    assert_eq!(content(&path), damaged, "nothing is deleted or repaired");
}

#[tokio::test]
async fn second_session_with_an_id_is_an_error_and_others_of_its_transaction_are_kept() {
    let store: Managers = SqliteStore::open(new_file()).unwrap();
    let since = store.stamp(&namespace()).await.unwrap();
    let same = || {
        let session = session("o1");
        let timeouts = SessionTimeouts::default();
        let id = SessionId::parse(&[b'A'; 43]).unwrap();
        Session::new(id, session.identity().clone(), timeouts, session.created())
            .within(namespace())
    };
    let inserts: Vec<_> = (0..20)
        .map(|number| {
            let (store, session) = (
                store.clone(),
                if number % 2 == 0 {
                    same()
                } else {
                    session("o2")
                },
            );
            tokio::spawn(async move { store.insert(session, None, since).await })
        })
        .collect();
    let mut failed = 0;
    for insert in inserts {
        if let Err(error) = insert.await.unwrap() {
            assert!(error.to_string().contains("this id already"), "{error}");
            failed += 1;
        }
    }
    assert_eq!(failed, 9);
    assert_eq!(
        store.sessions_of(&namespace(), "o2").await.unwrap().len(),
        10
    );
    assert!(
        store.sqlite().failure().is_none(),
        "the file is not the reason"
    );
}
