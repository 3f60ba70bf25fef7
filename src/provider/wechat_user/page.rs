use super::Scope;

/// The page of WeChat that issues the codes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Page {
    /// That of an official account (网页授权), in WeChat's browser.
    OfficialAccount(Scope),
    /// That of a website application (网站应用), with a QR code, in any browser.
    Website,
}

impl Page {
    pub(super) const fn address(self) -> &'static str {
        match self {
            Self::OfficialAccount(_) => "https://open.weixin.qq.com/connect/oauth2/authorize",
            Self::Website => "https://open.weixin.qq.com/connect/qrconnect",
        }
    }

    /// Returns the name of a provider, unless it is set.
    pub(super) const fn provider_name(self) -> &'static str {
        match self {
            Self::OfficialAccount(_) => "wechat",
            Self::Website => "wechat-desk",
        }
    }

    /// Returns the `scope` parameter.
    pub(super) const fn scope(self) -> &'static str {
        match self {
            Self::OfficialAccount(scope) => scope.as_str(),
            Self::Website => "snsapi_login",
        }
    }

    /// Whether WeChat shows the user nothing.
    pub(super) fn is_silent(self) -> bool {
        self == Self::OfficialAccount(Scope::Base)
    }
}
