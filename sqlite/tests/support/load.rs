//! A process that starts and revokes sessions until it is killed, and the record that its parent
//! keeps of them.

use std::collections::{HashMap, HashSet};

use tokio::task::JoinSet;
use tower_weika::session::SessionId;
use tower_weika::store::{Inserted, Previous, SessionStore};
use tower_weika_sqlite::{Sqlite, SqliteStore};

use crate::child::{self, variable};
use crate::random::Random;
use crate::store::{Store, find, insert, namespace, session};

/// Tasks in a process.
const TASKS: u64 = 6;

/// Sessions that a task keeps; SQLite's own limit of a subject is larger.
const SESSIONS: usize = 24;

/// `STORE` is the file. Each message is about the session of an id, or the sessions of a subject.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a role: other tests run it in a child process"]
async fn load() {
    if child::role().is_none() {
        return;
    }
    let store = SqliteStore::open(variable("STORE")).expect("a store");
    if let Ok(path) = std::env::var("CHECKPOINTS") {
        std::thread::spawn(move || checkpoints(&path));
    }
    let seed: u64 = variable("SEED").parse().expect("a number");
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let mut task = Task {
            store: store.clone(),
            subject: format!("o{seed}-{task}"),
            random: Random::new(seed * TASKS + task),
            sessions: Vec::new(),
        };
        tasks.spawn(async move {
            loop {
                task.step().await;
            }
        });
    }
    // Only a failure ends a task.
    tasks
        .join_next()
        .await
        .expect("a task")
        .expect("the store responds");
}

/// Moves the log into the file all the time, as SQLite does after some thousand pages.
fn checkpoints(path: &str) {
    let connection = rusqlite::Connection::open(path).expect("a file");
    connection
        .busy_timeout(std::time::Duration::from_secs(5))
        .expect("a timeout");
    for mode in ["PASSIVE", "RESTART", "PASSIVE", "TRUNCATE"]
        .into_iter()
        .cycle()
    {
        let statement = format!("PRAGMA wal_checkpoint({mode})");
        // It is not complete while others read and write.
        drop(connection.query_row(&statement, [], |_| Ok(())));
        std::thread::sleep(std::time::Duration::from_millis(3));
    }
}

struct Task {
    store: Store,
    subject: String,
    random: Random,
    sessions: Vec<SessionId>,
}

impl Task {
    async fn step(&mut self) {
        let number = self.sessions.len();
        match self.random.below(20) {
            _ if number == 0 => self.log_in().await,
            0..10 if number < SESSIONS => self.log_in().await,
            10 => self.log_in_again().await,
            11 => self.log_out_everywhere().await,
            12..16 => self.log_out().await,
            _ => self.touch().await,
        }
    }

    async fn log_in(&mut self) {
        let session = session(&self.subject);
        let id = *session.id();
        let inserted = insert(&self.store, session, None).await;
        assert_eq!(inserted.expect("the store responds"), Inserted::Kept);
        child::send(&format!("started {} {}", id.expose(), self.subject));
        self.sessions.push(id);
    }

    /// With the cookie of an earlier session, which ends.
    async fn log_in_again(&mut self) {
        let (previous, session) = (self.pick(), session(&self.subject));
        let id = *session.id();
        child::send(&format!("ending {}", previous.expose()));
        let inserted = insert(&self.store, session, Some(Previous::Replaced(&previous))).await;
        assert_eq!(inserted.expect("the store responds"), Inserted::Kept);
        child::send(&format!("started {} {}", id.expose(), self.subject));
        child::send(&format!("ended {}", previous.expose()));
        self.sessions.push(id);
    }

    async fn log_out(&mut self) {
        let id = self.pick();
        child::send(&format!("ending {}", id.expose()));
        let namespace = namespace();
        let removed = if self.random.below(2) == 0 {
            self.store.remove(&namespace, &id).await
        } else {
            let digest = id.digest();
            self.store
                .remove_of(&namespace, &self.subject, &digest)
                .await
        };
        assert!(removed.expect("the store responds"));
        child::send(&format!("ended {}", id.expose()));
    }

    async fn log_out_everywhere(&mut self) {
        child::send(&format!("ending-all {}", self.subject));
        let namespace = namespace();
        let removed = self.store.remove_subject(&namespace, &self.subject, None);
        removed.await.expect("the store responds");
        child::send(&format!("ended-all {}", self.subject));
        self.sessions.clear();
    }

    async fn touch(&mut self) {
        let id = self.sessions[self.random.below(self.sessions.len() as u64) as usize];
        let found = find(&self.store, &id).await.expect("the store responds");
        self.store
            .touch(&found.expect("a session that was acknowledged"));
    }

    fn pick(&mut self) -> SessionId {
        let index = self.random.below(self.sessions.len() as u64) as usize;
        self.sessions.swap_remove(index)
    }
}

/// The sessions of all processes so far.
#[derive(Default)]
pub(crate) struct Record {
    /// Sessions whose start was acknowledged, with their subjects, unless their end was begun.
    started: HashMap<String, String>,
    /// Sessions whose end was acknowledged.
    ended: HashSet<String>,
    /// Sessions whose end was begun.
    ending: HashMap<String, String>,
}

impl Record {
    /// Adds a message of a process.
    pub(crate) fn add(&mut self, message: &str) {
        let words: Vec<_> = message.split(' ').collect();
        match words[..] {
            ["started", id, subject] => {
                self.started.insert(id.to_owned(), subject.to_owned());
            }
            ["ending", id] => {
                let subject = self.started.remove(id).expect("a session that was started");
                self.ending.insert(id.to_owned(), subject);
            }
            ["ended", id] => {
                self.ended.insert(id.to_owned());
            }
            ["ending-all", subject] => {
                let ending = self.started.extract_if(|_, of| of == subject);
                self.ending.extend(ending);
            }
            ["ended-all", subject] => {
                let ended = self.ending.iter().filter(|(_, of)| *of == subject);
                self.ended.extend(ended.map(|(id, _)| id.clone()));
            }
            _ => panic!("{message:?}"),
        }
    }

    /// The numbers of sessions that must and must not be there.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.started.len(), self.ended.len())
    }

    /// Returns the deviations of a store: acknowledged sessions that are lost, and acknowledged
    /// logouts that are.
    pub(crate) async fn check(&self, store: &Store) -> Vec<String> {
        let mut deviations = Vec::new();
        for (ids, is_there) in [
            (self.started.keys().collect::<Vec<_>>(), true),
            (self.ended.iter().collect(), false),
        ] {
            for text in ids {
                let id = SessionId::parse(text.as_bytes()).expect("an id");
                match find(store, &id).await {
                    Ok(found) if found.is_some() == is_there => {}
                    Ok(_) if is_there => deviations.push(format!("session {text} is lost")),
                    Ok(_) => deviations.push(format!("logout of {text} is lost")),
                    Err(error) => deviations.push(format!("{error}")),
                }
            }
        }
        deviations
    }
}

/// Opens a file without a local cache, so that each look-up reads it.
pub(crate) fn open_uncached(path: &std::path::Path) -> Result<Store, tower_weika::Error> {
    let sqlite = Sqlite::builder(path).local_cache_capacity(0).open()?;
    Ok(sqlite.store())
}
