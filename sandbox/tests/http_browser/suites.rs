//! The suite http-state (abarth/http-state), read from `../shared/data` beside the checkout.

use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tower_weika_sandbox::Browser;
use url::Url;

use crate::server;

/// The page that sets the cookies of the suite.
const PAGE: &str = "http://home.example.org:8888/cookie-parser";

/// The suite has dates of its past, 2007, and of its future, 2019.
const WRITTEN: Duration = Duration::from_secs(1_300_000_000);

/// The cases with another result. The suite itself does not run them.
const DIFFERENT: [(&str, &str); 3] = [
    // RFC 6265bis, section 5.6, step 1: the cookie is ignored. The suite expects that it is cut.
    ("DISABLED_CHROMIUM0022", "NUL in the value"),
    (
        "DISABLED_CHROMIUM0023",
        "a carriage return in the value, which no HTTP client reads as a part of it",
    ),
    // RFC 6265, section 5.1.4, compares paths as they are. So do the engines.
    (
        "DISABLED_PATH0029",
        "`/f%6Fo` is decoded before it is compared with `/foo`",
    ),
];

#[tokio::test]
#[ignore = "needs ../shared/data; run tests/run"]
async fn cookies_of_http_state_are_stored_and_sent() {
    let address = server().await;
    let cases = list("parser.json");
    assert_eq!(cases.len(), 222);
    let mut different = Vec::new();
    for case in &cases {
        let name = text(case, "test");
        let mut browser = Browser::new().clock(|| SystemTime::UNIX_EPOCH + WRITTEN);
        for host in ["home", "sibling", "subdomain.home", "sibling.home"] {
            browser = browser.route(&format!("http://{host}.example.org:8888"), address);
        }
        let page = Url::parse(&format!("{PAGE}?{name}")).unwrap();
        for line in case["received"].as_array().unwrap() {
            let line = line.as_str().unwrap();
            browser.plant_cookie(page.as_str(), line).unwrap();
        }
        let result = case["sent-to"].as_str().unwrap_or("/cookie-parser-result");
        let result = page.join(result).unwrap();
        let visit = browser.get_from(PAGE, result.as_str()).await.unwrap();
        let sent = visit.hops()[0].sent_cookies.as_deref();
        if sent.unwrap_or_default() != expected(case) {
            different.push(name);
        }
    }
    assert_eq!(different, DIFFERENT.map(|(name, _)| name));
}

#[test]
#[ignore = "needs ../shared/data; run tests/run"]
fn dates_of_http_state_are_read() {
    let dates = [list("examples.json"), list("bsd-examples.json")].concat();
    assert_eq!(dates.len(), 70);
    for date in &dates {
        let expected = date["expected"].as_str().map(canonical_date);
        // A minute before it expires, so that the cookie is live and within its longest life.
        let now = expected.unwrap_or(SystemTime::UNIX_EPOCH + WRITTEN);
        let now = now.checked_sub(Duration::from_secs(60)).unwrap();
        let browser = Browser::new().clock(move || now);
        let line = format!("a=b; Expires={}", text(date, "test"));
        browser.plant_cookie(PAGE, &line).unwrap();
        assert_eq!(browser.cookies()[0].expires, expected, "{line}");
    }
}

/// Reads a list of the suite. Its licence is in comments.
fn list(file: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/http-state");
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("//"));
    serde_json::from_str(&lines.collect::<String>()).unwrap()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap()
}

/// Returns the `Cookie` header that a case expects.
fn expected(case: &Value) -> String {
    let pairs = case["sent"].as_array().unwrap().iter();
    let pairs = pairs.map(|pair| format!("{}={}", text(pair, "name"), text(pair, "value")));
    pairs.collect::<Vec<_>>().join("; ")
}

/// Reads `Mon, 10 Dec 2007 17:02:24 GMT` by counting days.
fn canonical_date(text: &str) -> SystemTime {
    const MONTHS: [(&str, u64); 12] = [
        ("Jan", 31),
        ("Feb", 28),
        ("Mar", 31),
        ("Apr", 30),
        ("May", 31),
        ("Jun", 30),
        ("Jul", 31),
        ("Aug", 31),
        ("Sep", 30),
        ("Oct", 31),
        ("Nov", 30),
        ("Dec", 31),
    ];
    let parts: Vec<_> = text.split([' ', ':']).collect();
    let [_, day, month, year, hour, minute, second, "GMT"] = parts[..] else {
        panic!("{text}");
    };
    let number = |text: &str| text.parse::<u64>().unwrap();
    let year = number(year);
    let is_leap = |year: u64| year.is_multiple_of(4); // From 1970 to 2099.
    let months = MONTHS.iter().take_while(|(name, _)| *name != month);
    let days: u64 = (1970..year)
        .map(|year| 365 + u64::from(is_leap(year)))
        .sum::<u64>()
        + months
            .map(|(name, days)| days + u64::from(*name == "Feb" && is_leap(year)))
            .sum::<u64>()
        + number(day)
        - 1;
    let seconds = ((days * 24 + number(hour)) * 60 + number(minute)) * 60 + number(second);
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}
