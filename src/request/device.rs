//! Browser and operating system, as a user would name them.

use std::fmt;

use http::HeaderMap;
use http::header::USER_AGENT;
use memchr::memmem;

/// Browser and operating system that a request names in its `User-Agent`, without versions: what a
/// list of devices shows.
///
/// A hint for the user, never an authorization: clients can send any `User-Agent` (rule P3).
/// The default is a device that is not known.
///
/// ```
/// use http::{HeaderMap, HeaderValue};
/// use tower_weika::request::{Browser, Device, OperatingSystem};
///
/// let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";
/// let headers = HeaderMap::from_iter([(http::header::USER_AGENT, HeaderValue::from_static(firefox))]);
/// let device = Device::of(&headers);
/// assert_eq!((device.browser(), device.system()), (Browser::Firefox, OperatingSystem::Linux));
/// assert_eq!(device.to_string(), "Firefox on Linux");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct Device {
    browser: Browser,
    system: OperatingSystem,
}

impl Device {
    /// Creates a device.
    #[must_use]
    pub const fn new(browser: Browser, system: OperatingSystem) -> Self {
        Self { browser, system }
    }

    /// Returns the device by the `User-Agent` header.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        headers
            .get(USER_AGENT)
            .map_or_else(Self::default, |value| Self::classify(value.as_bytes()))
    }

    fn classify(user_agent: &[u8]) -> Self {
        Self::new(
            Browser::classify(user_agent),
            OperatingSystem::classify(user_agent),
        )
    }

    /// Returns the browser, or the app that shows the page.
    #[must_use]
    pub const fn browser(self) -> Browser {
        self.browser
    }

    /// Returns the operating system.
    #[must_use]
    pub const fn system(self) -> OperatingSystem {
        self.system
    }
}

/// English, for example `WeChat on Android`.
impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.browser, self.system) {
            (Browser::Other, OperatingSystem::Other) => f.write_str("Unknown device"),
            (Browser::Other, system) => write!(f, "{system}"),
            (browser, OperatingSystem::Other) => write!(f, "{browser}"),
            (browser, system) => write!(f, "{browser} on {system}"),
        }
    }
}

/// Programs spell their names in one way, so upper and lower case are not ignored.
fn has(user_agent: &[u8], word: &str) -> bool {
    memmem::find(user_agent, word.as_bytes()).is_some()
}

/// Defines an enum with a name for each variant, and a table of the words that identify it.
macro_rules! by_user_agent {
    (
        $(#[$attribute:meta])*
        $type:ident {
            $($(#[$variant_attribute:meta])* $variant:ident = $name:literal,)+
        }
        $([$($word:literal),+] => $found:ident,)+
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
        #[non_exhaustive]
        pub enum $type {
            $($(#[$variant_attribute])* $variant,)+
            /// Another one, or none is named.
            #[default]
            Other,
        }

        impl $type {
            /// All variants, with their names. Records of sessions contain the names, so they never
            /// change.
            const NAMES: &[(Self, &str)] = &[
                $((Self::$variant, $name),)+
                (Self::Other, "Other"),
            ];

            /// The words by which a variant is recognized. The first row that matches decides.
            const WORDS: &[(&[&str], Self)] = &[$((&[$($word),+], Self::$found)),+];

            /// Returns the English name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                let named = Self::NAMES.iter().find(|(variant, _)| *variant == self);
                named.map_or("Other", |(_, name)| *name)
            }

            /// Returns the variant with this [name](Self::as_str); `Other` for a name of a later
            /// version.
            #[must_use]
            pub fn named(name: &str) -> Self {
                let named = Self::NAMES.iter().find(|(_, of)| *of == name);
                named.map_or(Self::Other, |(variant, _)| *variant)
            }

            fn classify(user_agent: &[u8]) -> Self {
                let found = Self::WORDS
                    .iter()
                    .find(|(words, _)| words.iter().any(|word| has(user_agent, word)));
                found.map_or(Self::Other, |(_, variant)| *variant)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

by_user_agent! {
    /// A browser, or an app that shows web pages.
    Browser {
        /// WeCom (企业微信).
        Wecom = "WeCom",
        /// WeChat (微信), mini programs included.
        Wechat = "WeChat",
        /// The app QQ.
        Qq = "QQ",
        /// DingTalk (钉钉).
        DingTalk = "DingTalk",
        /// Alipay (支付宝).
        Alipay = "Alipay",
        /// QQ Browser (QQ 浏览器).
        QqBrowser = "QQ Browser",
        /// UC Browser (UC 浏览器).
        Uc = "UC Browser",
        /// The browser of Huawei devices.
        Huawei = "Huawei Browser",
        /// The browser of Xiaomi devices.
        Xiaomi = "Mi Browser",
        /// Samsung Internet.
        Samsung = "Samsung Internet",
        /// Microsoft Edge.
        Edge = "Edge",
        /// Opera.
        Opera = "Opera",
        /// Firefox, also on iOS.
        Firefox = "Firefox",
        /// Chrome or Chromium, also on iOS.
        Chrome = "Chrome",
        /// Safari.
        Safari = "Safari",
    }
    // Apps and browsers on other engines first: they name the engine too.
    ["wxwork/"] => Wecom,
    ["MicroMessenger"] => Wechat,
    ["DingTalk"] => DingTalk,
    ["AlipayClient"] => Alipay,
    [" QQ/"] => Qq,
    ["MQQBrowser", "QQBrowser"] => QqBrowser,
    ["UCBrowser", "UCWEB"] => Uc,
    ["HuaweiBrowser"] => Huawei,
    ["MiuiBrowser"] => Xiaomi,
    ["SamsungBrowser"] => Samsung,
    ["Edg/", "EdgA/", "EdgiOS/", "Edge/"] => Edge,
    ["OPR/", "Opera"] => Opera,
    ["Firefox/", "FxiOS/"] => Firefox,
    ["CriOS/", "Chrome/", "Chromium/"] => Chrome,
    ["Safari/"] => Safari,
}

by_user_agent! {
    /// An operating system. An iPad in its default setting names macOS.
    OperatingSystem {
        /// HarmonyOS (鸿蒙), versions without Android included.
        HarmonyOs = "HarmonyOS",
        /// iOS or iPadOS.
        Ios = "iOS",
        /// Android.
        Android = "Android",
        /// Windows.
        Windows = "Windows",
        /// ChromeOS.
        ChromeOs = "ChromeOS",
        /// macOS.
        MacOs = "macOS",
        /// Linux on a computer.
        Linux = "Linux",
    }
    ["OpenHarmony", "HarmonyOS"] => HarmonyOs,
    ["iPhone", "iPad", "iPod"] => Ios,
    ["Android"] => Android,
    ["Windows"] => Windows,
    ["CrOS"] => ChromeOs,
    ["Macintosh", "Mac OS X"] => MacOs,
    ["Linux"] => Linux,
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn of(user_agent: &str) -> String {
        let value = HeaderValue::from_str(user_agent).unwrap();
        Device::of(&HeaderMap::from_iter([(USER_AGENT, value)])).to_string()
    }

    #[test]
    fn devices_that_were_seen_are_recognized() {
        for (expected, seen) in [
            (
                "WeChat on iOS",
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.59(0x18003b28) NetType/WIFI Language/zh_CN",
            ),
            (
                "WeChat on Android",
                "Mozilla/5.0 (Linux; Android 12; M2011K2C Build/SKQ1.211006.001; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0.6478.188 Mobile Safari/537.36 XWEB/1260117 MMWEBSDK/20240404 MMWEBID/9203 MicroMessenger/8.0.49.2600(0x2800315A) WeChat/arm64 Weixin NetType/WIFI Language/zh_CN ABI/arm64",
            ),
            (
                "WeChat on Windows",
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36 NetType/WIFI MicroMessenger/7.0.20.1781(0x6700143B) WindowsWechat(0x63090a13) UnifiedPCWindowsWechat(0xf254162e) XWEB/18163 Flue",
            ),
            (
                "WeCom on macOS",
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) wxwork/4.1.6 MicroMessenger/7.0.1",
            ),
            (
                "QQ on Android",
                "Mozilla/5.0 (Linux; Android 6.0.1; vivo Y55L Build/MMB29M; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/66.0.3359.126 MQQBrowser/6.2 TBS/045140 Mobile Safari/537.36 V1_AND_SQ_8.3.5_1392_YYB_D QQ/8.3.5.4555 NetType/WIFI",
            ),
            (
                "DingTalk on iOS",
                "Mozilla/5.0 (iPhone; CPU iPhone OS 26_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/23E246 AliApp(DingTalk/7.8.1) com.laiwang.DingTalk/46766536 Channel/201200 language/zh-Hans-CN UT4Aplus/0.0.6 WK",
            ),
            (
                "Alipay on Android",
                "Mozilla/5.0 (Linux; Android 13; 22041216C) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/103.0.5060.129 Mobile Safari/537.36 AliApp(AP/10.3.60.8000) AlipayClient/10.3.60.8000",
            ),
            (
                "Huawei Browser on HarmonyOS",
                "Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile HuaweiBrowser/5.1.9.301",
            ),
            (
                "Chrome on Windows",
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
            ),
            (
                "Edge on Windows",
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
            ),
            (
                "Safari on macOS",
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
            ),
            (
                "Chrome on iOS",
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/129.0.6668.69 Mobile/15E148 Safari/604.1",
            ),
            (
                "Firefox on Linux",
                "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
            ),
            ("Android", "Dalvik/2.1.0 (Linux; U; Android 13)"),
            ("Unknown device", "curl/8.5.0"),
            ("Unknown device", ""),
        ] {
            assert_eq!(of(seen), expected, "{seen}");
        }
        assert_eq!(Device::of(&HeaderMap::new()), Device::default());
    }

    #[test]
    fn every_name_is_read_back_and_a_later_one_is_other() {
        for (browser, name) in Browser::NAMES {
            assert_eq!(Browser::named(name), *browser);
            assert_eq!(browser.as_str(), *name);
        }
        for (system, name) in OperatingSystem::NAMES {
            assert_eq!(OperatingSystem::named(name), *system);
            assert_eq!(system.as_str(), *name);
        }
        assert_eq!(Browser::named("Browser of 2040"), Browser::Other);
    }

    proptest! {
        #[test]
        fn any_user_agent_bytes_get_a_device(value in proptest::collection::vec(any::<u8>(), 0..256)) {
            prop_assert!(!Device::classify(&value).to_string().is_empty());
        }
    }
}
