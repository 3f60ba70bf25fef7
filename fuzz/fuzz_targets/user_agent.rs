//! `User-Agent`: WeChat and its variants in any case, and the device. Oracle: the words that decide, searched naively.

#![no_main]

use http::header::USER_AGENT;
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use tower_weika::request::{Browser, Device, OperatingSystem, UserAgent};

fuzz_target!(|data: &[u8]| {
    let Ok(value) = HeaderValue::from_bytes(data) else {
        return;
    };
    let headers = HeaderMap::from_iter([(USER_AGENT, value)]);
    let (agent, device) = (UserAgent::of(&headers), Device::of(&headers));
    // Lossy text keeps every ASCII word, and adds none. Names of devices have one spelling.
    let exact = String::from_utf8_lossy(data);
    let text = exact.to_ascii_lowercase();
    let has = |word: &str| text.contains(word);
    let is_wecom = has("wxwork/");
    assert_eq!(agent == UserAgent::Wecom, is_wecom);
    assert_eq!(agent.is_wechat(), has("micromessenger") && !is_wecom);
    assert!(!agent.has_web_login() || agent.is_wechat());
    let is_wecom = exact.contains("wxwork/");
    assert_eq!(device.browser() == Browser::Wecom, is_wecom);
    assert_eq!(
        device.browser() == Browser::Wechat,
        exact.contains("MicroMessenger") && !is_wecom
    );
    let words = [
        "Windows",
        "Android",
        "iPhone",
        "iPad",
        "iPod",
        "OpenHarmony",
        "HarmonyOS",
        "Linux",
        "Macintosh",
        "Mac OS X",
        "CrOS",
    ];
    assert_eq!(
        device.system() == OperatingSystem::Other,
        !words.iter().any(|word| exact.contains(word))
    );
    // A record names the device, and it is read back.
    let read = Device::new(
        Browser::named(device.browser().as_str()),
        OperatingSystem::named(device.system().as_str()),
    );
    assert_eq!(read, device);
    assert!(!device.to_string().is_empty());
    let upper =
        HeaderValue::from_bytes(&data.to_ascii_uppercase()).expect("the same bytes otherwise");
    let headers = HeaderMap::from_iter([(USER_AGENT, upper)]);
    assert_eq!(UserAgent::of(&headers), agent);
});
