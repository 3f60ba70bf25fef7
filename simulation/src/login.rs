//! The logins of the simulated site.

/// A login of the site.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Login {
    /// Managers of Weika.
    Manager,
    /// Users of the website application, with a QR code of WeChat.
    Wechat,
    /// Members of the school at Weika.
    Member,
    /// Users of the official account, without a page, and silently on the home page.
    Phone,
}

/// One value for each login.
pub(crate) type PerLogin<T> = [T; 4];

impl Login {
    pub(crate) const ALL: PerLogin<Self> = [Self::Manager, Self::Wechat, Self::Member, Self::Phone];

    /// The name of the provider.
    fn name(self) -> &'static str {
        match self {
            Self::Manager => "weika",
            Self::Wechat => "wechat-desk",
            Self::Member => "weika-member",
            Self::Phone => "wechat",
        }
    }

    pub(crate) fn session_cookie(self) -> String {
        format!("__Host-{}-session", self.name())
    }

    /// The cookie of a browser in which a silent login was attempted during this visit.
    pub(crate) fn silent_cookie(self) -> String {
        format!("__Host-{}-silent", self.name())
    }

    /// The path prefix that requires this login.
    pub(crate) fn guarded(self) -> &'static str {
        match self {
            Self::Manager => "/admin",
            Self::Wechat => "/app",
            Self::Member => "/card",
            Self::Phone => "/phone",
        }
    }

    pub(crate) fn login_path(self) -> String {
        format!("/auth/{}/login", self.name())
    }

    pub(crate) fn callback_path(self) -> String {
        format!("/auth/{}/callback", self.name())
    }

    pub(crate) fn logout_path(self) -> String {
        format!("/auth/{}/logout", self.name())
    }

    /// The response header in which the application shows the user.
    pub(crate) fn header(self) -> &'static str {
        match self {
            Self::Manager => "x-manager",
            Self::Wechat => "x-wechat",
            Self::Member => "x-member",
            Self::Phone => "x-phone",
        }
    }

    /// The start of the address of the provider's page.
    pub(crate) fn page(self) -> &'static str {
        match self {
            Self::Manager => "https://weika.example/open/auth/manager-connect",
            Self::Wechat => "https://open.weixin.qq.com/connect/qrconnect",
            Self::Member => "https://weika.example/connect/oauth/pc-authorize",
            Self::Phone => "https://open.weixin.qq.com/connect/oauth2/authorize",
        }
    }

    /// The subject of a user at the provider, as the application sees it.
    pub(crate) fn subject(self, user: &str) -> String {
        match self {
            Self::Manager => user.to_owned(),
            Self::Wechat => format!("{WEBSITE}:{user}"),
            Self::Member => format!("{SCHOOL}:{user}"),
            Self::Phone => format!("{ACCOUNT}:{user}"),
        }
    }

    pub(crate) fn index(self) -> usize {
        self as usize
    }
}

/// The website application.
pub(crate) const WEBSITE: &str = "wxfedcba9876543210";
/// The official account.
pub(crate) const ACCOUNT: &str = "wx0123456789abcdef";
pub(crate) const SCHOOL: &str = "1014714333";
pub(crate) const PUBLIC_URL: &str = "https://campus.example";
