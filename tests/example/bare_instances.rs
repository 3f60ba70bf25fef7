//! The example `instances`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::PoisonError;
use std::time::Duration;

use tower_weika_sandbox::{Browser, Visit};

use crate::lifecycle::{signal, wait};
use crate::redis_server::{Options, Redis, until};
use crate::run_to_exit;
use crate::slow_client::response_to;
use crate::support::{Site, command};

/// The example, with a separate folder for temporary files.
fn instances(temporary: &Path) -> Command {
    let mut command = command("instances", &[]);
    command.env("TMPDIR", temporary);
    command
}

/// A folder that is removed when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("weika-{name}-{}", std::process::id()));
        fs::create_dir(&folder).expect("a folder for temporary files");
        Self(folder)
    }

    fn is_empty(&self) -> bool {
        fs::read_dir(&self.0).expect("it is there").next().is_none()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _removed = fs::remove_dir_all(&self.0);
    }
}

/// The number of running Redis servers with a socket below this folder.
fn servers_in(folder: &Folder) -> usize {
    let folder = folder.0.to_str().expect("text");
    let processes = fs::read_dir("/proc")
        .expect("a system with /proc")
        .flatten();
    // A zombie process has an empty command line.
    let lines =
        processes.filter_map(|process| fs::read_to_string(process.path().join("cmdline")).ok());
    lines
        .filter(|line| line.contains("redis-server") && line.contains(folder))
        .count()
}

/// The instance that responded, and the user that it found.
fn seen_by_instance(page: &Visit) -> (char, &'static str) {
    let text = page.text();
    let (_, instance) = text
        .split_once("id=\"instance\">实例 ")
        .expect("the page names the instance");
    let who = ["未登录", "<b>王老师</b>"]
        .into_iter()
        .find(|who| text.contains(who))
        .expect("the page names the user");
    (instance.chars().next().expect("a name"), who)
}

/// The user that each instance finds: requests go to the instances in turn.
async fn seen_by_both_instances(browser: &Browser, url: &str) -> Vec<(char, &'static str)> {
    let mut all = Vec::new();
    for _ in 0..2 {
        all.push(seen_by_instance(
            &browser.get(url).await.expect("the site responds"),
        ));
    }
    all.sort_unstable();
    all
}

async fn assert_one_site(site: &Site) {
    let url = format!("{}/", site.url);
    let browser = Browser::new();
    assert_eq!(
        seen_by_both_instances(&browser, &url).await,
        [('A', "未登录"), ('B', "未登录")]
    );
    let page = browser
        .get(&format!("{}/admin", site.url))
        .await
        .expect("the site responds");
    let page = browser
        .click(&page, "data-person=\"wang\"")
        .await
        .expect("the site responds");
    assert_eq!(
        (page.status().as_u16(), page.url()),
        (200, format!("{}/admin", site.url).as_str())
    );
    for url in [&url, &format!("{}/admin", site.url)] {
        assert_eq!(
            seen_by_both_instances(&browser, url).await,
            [('A', "<b>王老师</b>"), ('B', "<b>王老师</b>")]
        );
    }
    assert_eq!(
        seen_by_both_instances(&Browser::new(), &url).await,
        [('A', "未登录"), ('B', "未登录")]
    );

    browser
        .post_from(&url, &format!("{}/auth/weika/logout", site.url), "")
        .await
        .expect("the site responds");
    assert_eq!(
        seen_by_both_instances(&browser, &url).await,
        [('A', "未登录"), ('B', "未登录")]
    );
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn instances_starts_a_redis_and_leaves_nothing_behind() {
    for name in ["TERM", "INT"] {
        let folder = Folder::new(name);
        let mut site = Site::run(&mut instances(&folder.0), true);
        assert!(servers_in(&folder) == 1 && !folder.is_empty());
        assert_one_site(&site).await;
        signal(&site, name);
        assert_eq!(wait(&mut site).code(), Some(0), "{name}");
        until("its redis has stopped", || servers_in(&folder) == 0);
        assert!(folder.is_empty());
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[test]
fn instances_closes_connections_with_an_incomplete_request() {
    let folder = Folder::new("half");
    let mut site = Site::run(&mut instances(&folder.0), true);
    // The balancer sends one of them to each instance.
    std::thread::scope(|scope| {
        for half in ["GET / HTTP/1.1\r\nHost: x\r\n", ""] {
            let url = &site.url;
            scope.spawn(move || assert_eq!(response_to(url, half.as_bytes()), "", "{half:?}"));
        }
    });
    // A killed example cannot stop its redis.
    signal(&site, "TERM");
    assert_eq!(wait(&mut site).code(), Some(0));
}

#[ignore = "needs redis-server; run tests/run"]
#[test]
fn instances_leaves_nothing_behind_however_early_it_is_stopped() {
    let folder = Folder::new("early");
    for millis in (0..200).step_by(10) {
        let mut child = instances(&folder.0)
            .spawn()
            .expect("the example can be started");
        std::thread::sleep(Duration::from_millis(millis));
        let ended = Command::new("kill")
            .args(["-TERM", &child.id().to_string()])
            .status();
        assert!(ended.expect("kill is everywhere").success());
        child.wait().expect("a child of this process");
        until("its redis has stopped", || servers_in(&folder) == 0);
        assert!(folder.is_empty(), "ended after {millis} ms");
    }
}

#[ignore = "needs redis-server; run tests/run"]
#[tokio::test(flavor = "multi_thread")]
async fn instances_uses_the_redis_of_the_variable() {
    let redis = Redis::start_with(&Options {
        password: Some("s3cr3t"),
        ..Options::default()
    });
    let folder = Folder::new("given");
    let mut site = Site::run(instances(&folder.0).env("REDIS_URL", redis.url()), true);
    assert!(servers_in(&folder) == 0 && folder.is_empty());
    assert_one_site(&site).await;
    assert!(
        redis.keys().iter().any(|key| key.contains("token")),
        "{:?}",
        redis.keys()
    );
    signal(&site, "TERM");
    assert_eq!(wait(&mut site).code(), Some(0));
    assert!(
        !site
            .stderr
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains("s3cr3t")
    );
}

#[test]
fn instances_without_a_redis_names_the_remedy() {
    let folder = Folder::new("without");
    let (status, printed) = run_to_exit(instances(&folder.0).env("PATH", &folder.0));
    assert_eq!(
        (status.code(), printed.lines().count()),
        (Some(1), 1),
        "{printed}"
    );
    assert!(
        printed.starts_with("fatal: redis-server: ")
            && printed.contains("apt-get install redis-server"),
        "{printed}"
    );
    assert!(folder.is_empty());

    let unused = crate::free_address().unwrap();
    for url in [format!("redis://:s3cr3t@{unused}"), "garbage".to_owned()] {
        let (status, printed) = run_to_exit(instances(&folder.0).env("REDIS_URL", url));
        assert_eq!(
            (status.code(), printed.lines().count()),
            (Some(1), 1),
            "{printed}"
        );
        assert!(
            printed.starts_with("fatal: redis: ") && !printed.contains("s3cr3t"),
            "{printed}"
        );
    }
}
