//! Sessions in a file: they survive a restart, and no server is needed.

use std::fs;
use std::path::PathBuf;

use serde_json::json;
use tower_weika_sandbox::{Browser, Endpoint, Sandbox};

use crate::lifecycle::{signal, wait};
use crate::support::command;
use crate::{free_address, log_in, run_to_exit, site_at};

/// Returns a path for a new file, in an empty folder of the test.
fn new_file(test: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).expect("the folder of tests is writable");
    folder.join("sessions.db")
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn sessions_and_logins_under_way_survive_a_restart() {
    let real = Sandbox::start().await.unwrap();
    let (path, address) = (new_file("restart"), free_address().unwrap());
    let variables = [
        ("SESSION_DB", path.to_str().unwrap()),
        ("LISTEN", &*address),
    ];
    let mut site = site_at(&real, &variables);
    let (known, under_way) = (Browser::new(), Browser::new());
    let admin = format!("{}/admin", site.url);
    log_in(&known, &admin, "wang").await;
    let page = under_way.get(&admin).await.unwrap();
    let ready = known.get(&format!("{}/readyz", site.url)).await.unwrap();
    let store = ready.json().unwrap()["store"].clone();
    assert_eq!(store, json!({ "status": "ok", "kind": "sqlite" }));
    signal(&site, "TERM");
    wait(&mut site);

    let mut site = site_at(&real, &variables);
    let me = format!("{}/api/me", site.url);
    let found = known.get(&me).await.unwrap().json().unwrap();
    assert_eq!(found["manager"]["name"], json!("王老师"));
    let back = under_way
        .click(&page, "data-person=\"wang\"")
        .await
        .unwrap();
    assert_eq!((back.url(), back.status().as_u16()), (&*admin, 200));
    assert_eq!(
        real.call_log().count(Endpoint::AccessToken),
        1,
        "the access token survives too"
    );

    signal(&site, "KILL");
    wait(&mut site);
    let site = site_at(&real, &variables);
    for browser in [&known, &under_way] {
        assert_eq!(browser.get(&me).await.unwrap().status(), 200);
    }
    drop(site);
}

#[test]
fn file_that_cannot_be_used_ends_the_start_with_its_reason() {
    let path = new_file("unusable");
    fs::write(&path, "{}").unwrap();
    let absent = path.with_file_name("absent").join("sessions.db");
    for (path, reason) in [
        (&path, "fatal: SESSION_DB: sqlite: the file is damaged"),
        (
            &absent,
            "fatal: SESSION_DB: sqlite: the file cannot be created",
        ),
    ] {
        let (status, printed) = run_to_exit(&mut command(
            "login",
            &[("SESSION_DB", path.to_str().unwrap())],
        ));
        assert_eq!(status.code(), Some(1), "{printed}");
        assert!(printed.contains(reason), "{printed}");
        assert!(!printed.contains("listening on"), "{printed}");
    }
    assert_eq!(fs::read(&path).unwrap(), b"{}");
}
