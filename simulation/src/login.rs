//! The two logins of the simulated site.

/// A login of the site.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Login {
    Manager,
    Wechat,
}

impl Login {
    pub(crate) const ALL: [Self; 2] = [Self::Manager, Self::Wechat];

    pub(crate) fn session_cookie(self) -> &'static str {
        match self {
            Self::Manager => "__Host-weika-session",
            Self::Wechat => "__Host-wechat-desk-session",
        }
    }

    /// The path prefix that requires this login.
    pub(crate) fn guarded(self) -> &'static str {
        match self {
            Self::Manager => "/admin",
            Self::Wechat => "/app",
        }
    }

    pub(crate) fn login_path(self) -> &'static str {
        match self {
            Self::Manager => "/auth/weika/login",
            Self::Wechat => "/auth/wechat-desk/login",
        }
    }

    pub(crate) fn callback_path(self) -> &'static str {
        match self {
            Self::Manager => "/auth/weika/callback",
            Self::Wechat => "/auth/wechat-desk/callback",
        }
    }

    pub(crate) fn logout_path(self) -> &'static str {
        match self {
            Self::Manager => "/auth/weika/logout",
            Self::Wechat => "/auth/wechat-desk/logout",
        }
    }

    /// The response header in which the application shows the user.
    pub(crate) fn header(self) -> &'static str {
        match self {
            Self::Manager => "x-manager",
            Self::Wechat => "x-wechat",
        }
    }

    /// The start of the address of the provider's page.
    pub(crate) fn page(self) -> &'static str {
        match self {
            Self::Manager => "https://weika.example/open/auth/manager-connect",
            Self::Wechat => "https://open.weixin.qq.com/connect/qrconnect",
        }
    }

    /// The subject of a user at the provider, as the application sees it.
    pub(crate) fn subject(self, user: &str) -> String {
        match self {
            Self::Manager => user.to_owned(),
            Self::Wechat => format!("{APP_ID}:{user}"),
        }
    }

    pub(crate) fn index(self) -> usize {
        self as usize
    }
}

pub(crate) const APP_ID: &str = "wxfedcba9876543210";
pub(crate) const PUBLIC_URL: &str = "https://campus.example";
