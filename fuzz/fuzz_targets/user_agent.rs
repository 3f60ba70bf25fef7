//! `User-Agent`: WeChat and its variants in any case, and the device. Oracle: the words that decide, searched naively.

#![no_main]

use http::header::USER_AGENT;
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use tower_weika::request::{Browser, Device, OperatingSystem, UserAgent};

/// Words of browsers. Of those that occur, the first decides.
const BROWSERS: [(&str, Browser); 24] = [
    ("wxwork/", Browser::Wecom),
    ("MicroMessenger", Browser::Wechat),
    ("DingTalk", Browser::DingTalk),
    ("AlipayClient", Browser::Alipay),
    (" QQ/", Browser::Qq),
    ("QQBrowser", Browser::QqBrowser),
    ("UCBrowser", Browser::Uc),
    ("UCWEB", Browser::Uc),
    ("HuaweiBrowser", Browser::Huawei),
    ("MiuiBrowser", Browser::Xiaomi),
    ("SamsungBrowser", Browser::Samsung),
    ("Edg/", Browser::Edge),
    ("EdgA/", Browser::Edge),
    ("EdgiOS/", Browser::Edge),
    ("Edge/", Browser::Edge),
    ("OPR/", Browser::Opera),
    ("Opera", Browser::Opera),
    ("Firefox/", Browser::Firefox),
    ("FxiOS/", Browser::Firefox),
    ("CriOS/", Browser::Chrome),
    ("Chrome/", Browser::Chrome),
    ("Chromium/", Browser::Chrome),
    ("Safari/", Browser::Safari),
    ("", Browser::Other),
];

/// Words of operating systems, in the same way.
const SYSTEMS: [(&str, OperatingSystem); 12] = [
    ("OpenHarmony", OperatingSystem::HarmonyOs),
    ("HarmonyOS", OperatingSystem::HarmonyOs),
    ("iPhone", OperatingSystem::Ios),
    ("iPad", OperatingSystem::Ios),
    ("iPod", OperatingSystem::Ios),
    ("Android", OperatingSystem::Android),
    ("Windows", OperatingSystem::Windows),
    ("CrOS", OperatingSystem::ChromeOs),
    ("Macintosh", OperatingSystem::MacOs),
    ("Mac OS X", OperatingSystem::MacOs),
    ("Linux", OperatingSystem::Linux),
    ("", OperatingSystem::Other),
];

fuzz_target!(|data: &[u8]| {
    // One header for each line, so that one input has all words.
    for line in data.split(|byte| *byte == b'\n') {
        check(line);
    }
});

fn check(line: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(line) else {
        return;
    };
    let headers = HeaderMap::from_iter([(USER_AGENT, value)]);
    let (agent, device) = (UserAgent::of(&headers), Device::of(&headers));
    // Lossy text keeps every ASCII word, and adds none. Names of devices have one spelling.
    let exact = String::from_utf8_lossy(line);
    assert_eq!(agent, expected_agent(&exact.to_ascii_lowercase()));
    assert_eq!(
        agent.is_wechat(),
        !matches!(agent, UserAgent::Wecom | UserAgent::Other)
    );
    assert_eq!(
        agent.has_web_login(),
        agent.is_wechat() && agent != UserAgent::MiniProgramRuntime
    );
    let browser = BROWSERS.iter().find(|(word, _)| exact.contains(word));
    let system = SYSTEMS.iter().find(|(word, _)| exact.contains(word));
    assert_eq!(Some(device.browser()), browser.map(|(_, browser)| *browser));
    assert_eq!(Some(device.system()), system.map(|(_, system)| *system));
    // A record names the device, and it is read back.
    let read = Device::new(
        Browser::named(device.browser().as_str()),
        OperatingSystem::named(device.system().as_str()),
    );
    assert_eq!(read, device);
    assert!(!device.to_string().is_empty());
}

fn expected_agent(text: &str) -> UserAgent {
    let has = |word: &str| text.contains(word);
    match (has("wxwork/"), has("micromessenger")) {
        (true, _) => UserAgent::Wecom,
        (false, false) => UserAgent::Other,
        _ if has("miniprogram/") => UserAgent::MiniProgramPage,
        _ if has("miniprogramenv/") => UserAgent::MiniProgramRuntime,
        _ if has("windowswechat") => UserAgent::WechatWindows,
        _ if has("macwechat") => UserAgent::WechatMac,
        _ => UserAgent::WechatPhone,
    }
}
