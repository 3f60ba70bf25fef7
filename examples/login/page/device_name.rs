//! Devices in words.

use tower_weika::request::{Browser, Device, OperatingSystem};

use crate::reader::Reader;

/// Returns the name of a device: `Windows 上的 Chrome 浏览器`, `Chrome on Windows`.
pub(super) fn device_name(reader: &Reader, device: Device) -> String {
    reader
        .say(&in_chinese(device), &device.to_string())
        .to_owned()
}

/// Whether a device with this system is held in the hand. A tablet is; most of them name the
/// system of a phone.
pub(super) fn is_phone(device: Device) -> bool {
    matches!(
        device.system(),
        OperatingSystem::Android | OperatingSystem::Ios | OperatingSystem::HarmonyOs
    )
}

fn in_chinese(device: Device) -> String {
    let browser = match device.browser() {
        Browser::Wecom => "企业微信",
        Browser::Wechat => "微信",
        Browser::DingTalk => "钉钉",
        Browser::Alipay => "支付宝",
        Browser::QqBrowser => "QQ 浏览器",
        Browser::Uc => "UC 浏览器",
        Browser::Huawei => "华为浏览器",
        Browser::Xiaomi => "小米浏览器",
        Browser::Samsung => "三星浏览器",
        Browser::Edge => "Edge 浏览器",
        Browser::Opera => "Opera 浏览器",
        Browser::Firefox => "Firefox 浏览器",
        Browser::Chrome => "Chrome 浏览器",
        Browser::Safari => "Safari 浏览器",
        other => other.as_str(),
    };
    let system = match device.system() {
        OperatingSystem::HarmonyOs => "鸿蒙系统",
        other => other.as_str(),
    };
    match (device.browser(), device.system()) {
        (Browser::Other, OperatingSystem::Other) => "未知设备".to_owned(),
        (Browser::Other, _) => spaced(&[system, "设备"]),
        (_, OperatingSystem::Other) => browser.to_owned(),
        _ => spaced(&[system, "上的", browser]),
    }
}

/// Joins the parts, with a space between Chinese and Latin letters.
fn spaced(parts: &[&str]) -> String {
    parts.iter().fold(String::new(), |mut text, part| {
        let was_latin = text.ends_with(|c: char| c.is_ascii());
        if !text.is_empty() && was_latin != part.starts_with(|c: char| c.is_ascii()) {
            text.push(' ');
        }
        text + part
    })
}
