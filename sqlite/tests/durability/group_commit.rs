//! Many logins share a sync of the disk.

use std::ffi::OsString;
use std::path::Path;

use tokio::task::JoinSet;
use tower_weika::store::Inserted;
use tower_weika_sandbox::{Browser, Endpoint, Sandbox};
use tower_weika_sqlite::SqliteStore;

use crate::alone::alone;
use crate::child::{self, Child, variable};
use crate::preload::{SyncCounter, library};
use crate::site::{ORIGIN, start_site};
use crate::store::{folder, insert, session};

const LOGINS: usize = 1_000;

const SYNCS: u64 = 50;

/// Variables for a process that counts the syncs of a folder.
fn counting(folder: &Path) -> (SyncCounter, [(&'static str, OsString); 3]) {
    let counter = folder.with_extension("syncs");
    drop(std::fs::remove_file(&counter));
    let variables = [
        ("LD_PRELOAD", library().into()),
        ("DISK_FOLDER", folder.into()),
        ("DISK_COUNTER", counter.clone().into()),
    ];
    (SyncCounter::new(counter), variables)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a role: other tests run it in a child process"]
async fn inserts() {
    let Some(parent) = child::role() else { return };
    let store = SqliteStore::open(variable("STORE")).expect("a store");
    child::send("open");
    parent.receive();
    let mut logins = JoinSet::new();
    for login in 0..LOGINS {
        let store = store.clone();
        logins.spawn(async move { insert(&store, session(&format!("o{login}")), None).await });
    }
    for inserted in logins.join_all().await {
        assert_eq!(inserted.expect("the store responds"), Inserted::Kept);
    }
    child::send("inserted");
    parent.receive();
}

#[tokio::test]
#[ignore = "needs a C compiler; run tests/run"]
async fn thousand_concurrent_sessions_cost_at_most_fifty_syncs() {
    let _alone = alone().await;
    let folder = folder("group-commit-store");
    let (counter, variables) = counting(&folder);
    let mut variables = variables.to_vec();
    variables.push(("STORE", folder.join("sessions.db").into()));
    let mut child = Child::run("group_commit::inserts", &variables);
    assert_eq!(child.receive(), "open");
    let before = counter.count();
    assert!(before > 0, "the library counts");
    child.send("go");
    assert_eq!(child.receive(), "inserted");
    let syncs = counter.count() - before;
    println!("{LOGINS} concurrent sessions: {syncs} syncs");
    assert!((1..=SYNCS).contains(&syncs), "{syncs}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a C compiler; run tests/run"]
async fn thousand_concurrent_logins_over_http_cost_at_most_fifty_syncs() {
    let _alone = alone().await;
    let sandbox = Sandbox::builder().auto_approve("wang").start().await;
    let sandbox = sandbox.expect("a sandbox");
    let folder = folder("group-commit-site");
    let (counter, variables) = counting(&folder);
    let variables: Vec<_> = variables
        .iter()
        .map(|(name, value)| (*name, value.to_str().expect("text")))
        .collect();
    let site = start_site(
        "site::site",
        &folder.join("sessions.db"),
        &sandbox,
        &variables,
    );
    let before = counter.count();
    let mut logins = JoinSet::new();
    for _ in 0..LOGINS {
        let browser = site.in_browser(&Browser::new());
        logins.spawn(async move { browser.get(&format!("{ORIGIN}/admin")).await });
    }
    for visit in logins.join_all().await {
        let visit = visit.expect("a response");
        assert_eq!(
            (visit.status().as_u16(), visit.path()),
            (200, "/admin"),
            "{visit:?}"
        );
    }
    let syncs = counter.count() - before;
    println!("{LOGINS} concurrent logins over HTTP: {syncs} syncs");
    assert!((1..=SYNCS).contains(&syncs), "{syncs}");
    assert_eq!(
        sandbox.call_log().count(Endpoint::ManagerInfo),
        LOGINS as u64
    );
    assert_eq!(sandbox.call_log().tokens_issued(), 1);
}
