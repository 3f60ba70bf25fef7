//! `User-Agent`: WeChat and its variants, and the device. Oracle: the words that decide, searched naively.

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
    // Lossy text keeps every ASCII word, and adds none.
    let text = String::from_utf8_lossy(data).to_ascii_lowercase();
    let has = |word: &str| text.contains(word);
    let is_wecom = has("wxwork/");
    assert_eq!(agent == UserAgent::Wecom, is_wecom);
    assert_eq!(device.browser() == Browser::Wecom, is_wecom);
    assert_eq!(agent.is_wechat(), has("micromessenger") && !is_wecom);
    assert_eq!(device.browser() == Browser::Wechat, agent.is_wechat());
    assert!(!agent.has_web_login() || agent.is_wechat());
    if [
        "windows", "android", "iphone", "harmony", "linux", "mac", "cros", "ipad", "ipod",
    ]
    .iter()
    .all(|it| !has(it))
    {
        assert_eq!(device.system(), OperatingSystem::Other);
    }
    // A record names the device, and it is read back.
    let read = Device::new(
        Browser::named(device.browser().as_str()),
        OperatingSystem::named(device.system().as_str()),
    );
    assert_eq!(read, device);
    assert!(!device.to_string().is_empty());
    // The case of the letters does not matter.
    let upper =
        HeaderValue::from_bytes(&data.to_ascii_uppercase()).expect("the same bytes otherwise");
    let headers = HeaderMap::from_iter([(USER_AGENT, upper)]);
    assert_eq!(
        (UserAgent::of(&headers), Device::of(&headers)),
        (agent, device)
    );
});
