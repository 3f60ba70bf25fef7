//! Sessions in a file: they survive a restart, and no server is needed.

use std::fs;
use std::path::PathBuf;

use serde_json::json;
use tower_weika_sandbox::{Browser, Endpoint, Sandbox};

use crate::lifecycle::{signal, wait};
use crate::support::{Site, command};
use crate::{devices, free_address, log_in, phone, run_to_exit, site_at};

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

/// The devices of the manager, and the digests of the others.
#[cfg(unix)]
async fn devices_of(site: &Site, browser: &Browser) -> (Vec<String>, Vec<String>) {
    let page = devices::open(site, browser).await;
    let list = devices::names(&page, "weika");
    (list, devices::digests(&page, "weika"))
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn devices_are_listed_and_logged_out_also_after_a_restart() {
    let real = Sandbox::start().await.unwrap();
    let (path, address) = (new_file("devices"), free_address().unwrap());
    let variables = [
        ("SESSION_DB", path.to_str().unwrap()),
        ("LISTEN", &*address),
    ];
    let mut site = site_at(&real, &variables);
    let admin = format!("{}/admin", site.url);
    let (desk, first, second, other) = (Browser::new(), phone(), phone(), Browser::new());
    for (browser, person) in [(&desk, "wang"), (&first, "wang"), (&other, "li")] {
        log_in(browser, &admin, person).await;
    }
    let (listed, digests) = devices_of(&site, &desk).await;
    assert_eq!(listed, ["Windows 上的 Chrome 浏览器", "iOS 上的微信"]);
    let page = devices::press(&site, &desk, "weika", &digests[0]).await;
    assert_eq!(devices::notice(&page), "该设备已退出登录。");
    assert!(!devices::is_logged_in(&site, &first).await);
    log_in(&second, &admin, "wang").await;
    let before = devices_of(&site, &desk).await;

    // The logout is on the disk when its response arrives.
    for (name, logged_out) in [("KILL", [&first].as_slice()), ("TERM", &[&first, &second])] {
        signal(&site, name);
        wait(&mut site);
        site = site_at(&real, &variables);
        for browser in logged_out {
            let is_logged_in = devices::is_logged_in(&site, browser).await;
            assert!(!is_logged_in, "a logout is lost after {name}");
        }
        for browser in [&desk, &other] {
            assert!(devices::is_logged_in(&site, browser).await, "{name}");
        }
        if name == "KILL" {
            assert!(devices::is_logged_in(&site, &second).await);
            assert_eq!(devices_of(&site, &desk).await, before);
            let page = devices::press(&site, &desk, "weika", &before.1[0]).await;
            assert_eq!(devices::notice(&page), "该设备已退出登录。");
            assert!(!devices::is_logged_in(&site, &second).await);
        }
    }
    let (listed, digests) = devices_of(&site, &desk).await;
    assert_eq!(listed, ["Windows 上的 Chrome 浏览器"]);
    assert_eq!(digests, [""; 0]);
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
