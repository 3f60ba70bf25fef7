use http::HeaderMap;
use http::header::USER_AGENT;

/// The variant of WeChat that a request names in its `User-Agent`.
///
/// A hint for choosing a way to log in, never an authorization: clients can send any `User-Agent`
/// (rule P3). WeChat's version is not read, because WeChat for computers keeps reporting an old
/// one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum UserAgent {
    /// WeChat on a phone or a tablet, or WeChat's developer tools.
    WechatPhone,
    /// WeChat for Windows.
    WechatWindows,
    /// WeChat for Mac.
    WechatMac,
    /// A web page inside a mini program (`web-view`), on any device.
    MiniProgramPage,
    /// A request of a mini program's own code, on any device. It cannot be redirected to a login
    /// page.
    MiniProgramRuntime,
    /// WeCom (企业微信). It names itself `MicroMessenger` too, but WeChat's login does not work in
    /// it.
    Wecom,
    /// Another program, or no `User-Agent`.
    Other,
}

impl UserAgent {
    /// Returns the variant by the `User-Agent` header.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        headers
            .get(USER_AGENT)
            .map_or(Self::Other, |value| Self::classify(value.as_bytes()))
    }

    /// Whether this is WeChat in any form. WeCom is not.
    #[must_use]
    pub fn is_wechat(self) -> bool {
        !matches!(self, Self::Wecom | Self::Other)
    }

    /// Whether WeChat's page for web authorization (网页授权) works here.
    #[must_use]
    pub fn has_web_login(self) -> bool {
        matches!(
            self,
            Self::WechatPhone | Self::WechatWindows | Self::WechatMac | Self::MiniProgramPage
        )
    }

    fn classify(value: &[u8]) -> Self {
        let has = |wanted| contains(value, wanted);
        if has("wxwork/") {
            Self::Wecom
        } else if !has("MicroMessenger") {
            Self::Other
        } else if has("miniProgram/") {
            // Before the runtime: a page on a computer may also name the runtime that shows it.
            Self::MiniProgramPage
        } else if has("MiniProgramEnv/") {
            Self::MiniProgramRuntime
        } else if has("WindowsWechat") {
            Self::WechatWindows
        } else if has("MacWechat") {
            Self::WechatMac
        } else {
            Self::WechatPhone
        }
    }
}

/// Whether a header contains `wanted`, regardless of case.
fn contains(value: &[u8], wanted: &str) -> bool {
    value
        .windows(wanted.len())
        .any(|window| window.eq_ignore_ascii_case(wanted.as_bytes()))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    /// Strings that these programs were seen to send. The last of WeChat's is from a test corpus.
    const SEEN: &[(UserAgent, &str)] = &[
        (
            UserAgent::WechatPhone,
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.59(0x18003b28) NetType/WIFI Language/zh_CN",
        ),
        (
            UserAgent::WechatPhone,
            "Mozilla/5.0 (iPhone; CPU iPhone OS 12_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/7.0.5(0x17000523) NetType/4G Language/zh_CN",
        ),
        (
            UserAgent::WechatPhone,
            "Mozilla/5.0 (iPad; CPU OS 18_2_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.57(0x1800392a) NetType/WIFI Language/zh_CN",
        ),
        (
            UserAgent::WechatPhone,
            "Mozilla/5.0 (Linux; Android 12; M2011K2C Build/SKQ1.211006.001; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0.6478.188 Mobile Safari/537.36 XWEB/1260117 MMWEBSDK/20240404 MMWEBID/9203 MicroMessenger/8.0.49.2600(0x2800315A) WeChat/arm64 Weixin NetType/WIFI Language/zh_CN ABI/arm64",
        ),
        (
            UserAgent::WechatPhone,
            "Mozilla/5.0 (Linux; Android 9; PCAM00 Build/PKQ1.190101.001; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/66.0.3359.126 MQQBrowser/6.2 TBS/044904 Mobile Safari/537.36 MMWEBID/6463 MicroMessenger/7.0.6.1500(0x2700063D) Process/tools NetType/WIFI Language/zh_CN",
        ),
        (
            UserAgent::MiniProgramRuntime,
            "Mozilla/5.0 (Linux; Android 14; M2102J2SC Build/UKQ1.231003.002; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/130.0.6723.102 Mobile Safari/537.36 XWEB/1300073 MMWEBSDK/20241101 MMWEBID/3827 MicroMessenger/8.0.54.2760(0x28003636) WeChat/arm64 Weixin NetType/WIFI Language/zh_CN ABI/arm64 MiniProgramEnv/android",
        ),
        (
            UserAgent::MiniProgramPage,
            "Mozilla/5.0 (Linux; Android 10; MI 8 Lite Build/QKQ1.190910.002; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/122.0.6261.120 Mobile Safari/537.36 XWEB/1220089 MMWEBSDK/20240404 MMWEBID/8150 MicroMessenger/8.0.49.2600(0x28003156) WeChat/arm64 Weixin NetType/WIFI Language/zh_CN ABI/arm64 miniProgram/wxba9855bdb1a45c8e",
        ),
        (
            UserAgent::WechatWindows,
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36 NetType/WIFI MicroMessenger/7.0.20.1781(0x6700143B) WindowsWechat(0x63090a13) UnifiedPCWindowsWechat(0xf254162e) XWEB/18163 Flue",
        ),
        (
            UserAgent::MiniProgramRuntime,
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36 MicroMessenger/7.0.20.1781(0x6700143B) NetType/WIFI MiniProgramEnv/Windows WindowsWechat/WMPF WindowsWechat(0x63090a13) UnifiedPCWindowsWechat(0xf254160a) XWEB/18055",
        ),
        (
            UserAgent::WechatMac,
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36 NetType/WIFI MicroMessenger/7.0.20.1781(0x6700143B) MacWechat/3.8.7(0x13080712) UnifiedPCMacWechat(0xf26411f0) XWEB/16512 Flue",
        ),
        (
            UserAgent::WechatMac,
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) MicroMessenger/6.8.0(0x16080000) MacWechat/3.7(0x13070010) Safari/605.1.15 NetType/WIFI",
        ),
        (
            UserAgent::MiniProgramRuntime,
            "Mozilla/5.0 (iPhone; CPU iPhone OS 11_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E217 MicroMessenger/6.8.0(0x16080000) NetType/WIFI Language/en Branch/Br_trunk MiniProgramEnv/Mac",
        ),
        (
            UserAgent::WechatPhone,
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0.1 Mobile/21A360 Safari/604.1 wechatdevtools/1.06.2504010 MicroMessenger/8.0.5 Language/zh_CN webview/ sessionid/1",
        ),
        (
            UserAgent::Wecom,
            "Mozilla/5.0 (iPhone; CPU iPhone OS 15_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)  Mobile/15E148 wxwork/4.0.19 MicroMessenger/7.0.1 Language/zh ColorScheme/Light",
        ),
        (
            UserAgent::Wecom,
            "Mozilla/5.0 (Linux; Android 15; V2232A Build/AP3A.240905.015.A2; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/134.0.6998.136 Mobile Safari/537.36 XWEB/1340157 MMWEBSDK/20250201 MMWEBID/140 wxwork/4.1.38 MicroMessenger/7.0.1 NetType/WIFI Language/zh Lang/zh ColorScheme/Light wwmver/3.26.38.639",
        ),
        (
            UserAgent::Wecom,
            "Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/107.1.12.0 Safari/537.36 Language/zh wxwork/4.1.3 (MicroMessenger/6.2) WindowsWechat  MailPlugin_Electron WeMail embeddisk",
        ),
        (
            UserAgent::Wecom,
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Language/zh ColorScheme/Light DistType/publish-website wxwork/4.1.36 (MicroMessenger/6.2) WeChat/2.0.4 wwmver/3.26.36.625 Safari/605.1.15",
        ),
        (
            UserAgent::Other,
            "Mozilla/5.0 (Linux; Android 6.0.1; vivo Y55L Build/MMB29M; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/66.0.3359.126 MQQBrowser/6.2 TBS/045140 Mobile Safari/537.36 V1_AND_SQ_8.3.5_1392_YYB_D QQ/8.3.5.4555 NetType/WIFI WebP/0.3.0 Pixel/720 StatusBarHeight/48 SimpleUISwitch/0 QQTheme/1000",
        ),
        (
            UserAgent::Other,
            "Mozilla/5.0 (iPhone; CPU iPhone OS 26_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/23E246 AliApp(DingTalk/7.8.1) com.laiwang.DingTalk/46766536 Channel/201200 language/zh-Hans-CN UT4Aplus/0.0.6 WK",
        ),
        (
            UserAgent::Other,
            "Mozilla/5.0 (Linux; Android 13; 22041216C) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/103.0.5060.129 Mobile Safari/537.36 AliApp(AP/10.3.60.8000) AlipayClient/10.3.60.8000",
        ),
        (
            UserAgent::Other,
            "Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile HuaweiBrowser/5.1.9.301",
        ),
        (
            UserAgent::WechatPhone,
            "ArkWeb/4.1.6.1 Mobile HuaweiBrowser/5.0.4.303 MicroMessenger/8.0.5",
        ),
        (
            UserAgent::Other,
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
        ),
        (
            UserAgent::Other,
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
        ),
        (
            UserAgent::Other,
            "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
        ),
    ];

    fn of(value: impl AsRef<[u8]>) -> UserAgent {
        UserAgent::of(&HeaderMap::from_iter([(
            USER_AGENT,
            HeaderValue::from_bytes(value.as_ref()).unwrap(),
        )]))
    }

    #[test]
    fn every_observed_user_agent_is_recognized() {
        for (expected, seen) in SEEN {
            assert_eq!(of(seen), *expected, "{seen}");
        }
    }

    #[test]
    fn upper_and_lower_case_are_the_same() {
        for (expected, seen) in SEEN {
            assert_eq!(of(seen.to_ascii_lowercase()), *expected, "{seen}");
            assert_eq!(of(seen.to_ascii_uppercase()), *expected, "{seen}");
        }
    }

    #[test]
    fn request_without_a_known_program_is_other() {
        assert_eq!(UserAgent::of(&HeaderMap::new()), UserAgent::Other);
        assert_eq!(of(""), UserAgent::Other);
    }

    #[test]
    fn bytes_that_are_not_utf_8_do_not_hide_the_program() {
        assert_eq!(
            of(b"\xff\xfe MicroMessenger/8.0.59 \x80"),
            UserAgent::WechatPhone
        );
    }

    #[test]
    fn user_agent_with_wxwork_is_wecom_not_wechat() {
        assert_eq!(
            of("MicroMessenger/7.0.1 WindowsWechat MiniProgramEnv/x miniProgram/wx1 wxwork/4"),
            UserAgent::Wecom
        );
    }

    #[test]
    fn page_in_a_mini_program_on_a_computer_is_a_mini_program_page() {
        let page =
            "MicroMessenger/7.0.20 MiniProgramEnv/Windows WindowsWechat/WMPF miniProgram/wx1";
        assert_eq!(of(page), UserAgent::MiniProgramPage);
    }

    #[test]
    fn only_pages_that_wechat_shows_have_its_web_login() {
        use UserAgent::{
            MiniProgramPage, MiniProgramRuntime, Other, WechatMac, WechatPhone, WechatWindows,
            Wecom,
        };

        let all = [
            WechatPhone,
            WechatWindows,
            WechatMac,
            MiniProgramPage,
            MiniProgramRuntime,
            Wecom,
            Other,
        ];
        assert_eq!(
            all.map(UserAgent::has_web_login),
            [true, true, true, true, false, false, false]
        );
        assert_eq!(
            all.map(UserAgent::is_wechat),
            [true, true, true, true, true, false, false]
        );
    }

    proptest! {
        #[test]
        fn any_user_agent_bytes_get_a_variant(value in proptest::collection::vec(any::<u8>(), 0..256)) {
            let variant = UserAgent::classify(&value);
            prop_assert!(variant.is_wechat() || !variant.has_web_login());
        }
    }
}
