//! The audit log.

use std::fs;

use serde_json::Value;
use tower_weika_sandbox::Browser;

use crate::lifecycle::{signal, wait};
use crate::log_in;
use crate::support::Site;

#[tokio::test(flavor = "multi_thread")]
async fn each_outcome_is_one_line_without_the_identifier_of_the_user() {
    let folder = std::env::temp_dir().join(format!("tower-weika-audit-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("audit.jsonl");
    let mut site = Site::start(&[("AUDIT_LOG", file.to_str().unwrap())]);
    let admin = format!("{}/admin", site.url);
    let browser = Browser::new();
    log_in(&browser, &admin, "wang").await;
    let logout = format!("{}/auth/weika/logout", site.url);
    browser.post_from(&admin, &logout, "").await.unwrap();
    log_in(&Browser::new(), &admin, "sun").await;
    let card = format!("{}/card", site.url);
    log_in(&Browser::new(), &card, "li").await;
    // All lines are written before the exit.
    signal(&site, "TERM");
    wait(&mut site);

    let text = fs::read_to_string(&file).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let events: Vec<_> = lines
        .iter()
        .map(|line| line["event"].as_str().unwrap())
        .collect();
    assert_eq!(events, ["logged_in", "logged_out", "denied", "logged_in"]);
    assert_eq!(lines[0]["school"], "1000000001");
    assert_eq!(lines[0]["subject"].as_str().unwrap().len(), 32);
    assert_eq!(lines[0]["subject"], lines[1]["subject"]);
    assert_eq!(lines[2]["error"], "the application denies this user");
    assert_eq!(lines[3]["provider"], "weika-member");
    assert_eq!(lines[3]["school"], "1000000001");
    for personal in ["oSandbox", "老师", "2021000042"] {
        assert!(!text.contains(personal), "{text}");
    }
}
