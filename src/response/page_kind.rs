//! What our pages are about: their status, their name for scripts, and their words.

use http::StatusCode;

use crate::error::ErrorKind;
use crate::request::Language;

/// What a page of ours is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum PageKind {
    /// A login is needed, and this layer has no way to begin one.
    LoginRequired,
    /// A form arrived after the session had expired. Its content is lost.
    LoginExpired,
    /// Another site sent a form here, and the session cookie does not come with such a form (`SameSite=Lax`). The page
    /// leads to the same address with `GET`.
    ContinueFromOtherSite,
    /// A login is needed inside a frame, where the pages of the providers do not work. The link of the page has to
    /// leave the frame (`target="_top"`), and this page alone may be framed.
    LoginInFrame,
    /// The identity is not allowed to do this.
    Forbidden,
    /// The session store does not answer.
    Unavailable,
    /// Too many logins are under way. Nothing was sent, and a reload of the same address goes on.
    Busy,
    /// Too many logins of this client were refused. Nothing was sent.
    TooManyAttempts,
    /// The person did not agree to the login.
    Declined,
    /// The link that ends a login is forged, too old, used, or of another site. One page for all of these,
    /// so that it tells nobody which.
    InvalidLink,
    /// The browser did not bring back the cookie of the login, twice.
    CookiesBlocked,
    /// The upstream system refuses this person.
    Denied,
    /// The upstream system failed, or its answer makes no sense.
    UpstreamFailed,
    /// The upstream system says that this site is set up wrongly: key, school, official account.
    NotSetUp,
    /// The upstream system did not answer in time.
    UpstreamTimeout,
    /// Logged in, and not bound to an account, which this needs.
    Unbound,
    /// The login works in WeChat only, and this is another browser.
    OpenInWechat,
    /// A logout that another site asked for.
    CrossSite,
    /// The endpoint exists and does not take this method; the value for `Allow`.
    MethodNotAllowed(&'static str),
}

/// The labels of a page's links.
pub(super) struct Labels {
    /// Of [`Page::next`](super::Page::next).
    pub(super) next: &'static str,
    /// Of [`Page::retry`](super::Page::retry).
    pub(super) retry: &'static str,
    /// Of [`Page::home`](super::Page::home).
    pub(super) home: &'static str,
}

impl PageKind {
    /// The status of the answer that carries the page.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::LoginRequired
            | Self::LoginExpired
            | Self::ContinueFromOtherSite
            | Self::LoginInFrame => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::Declined | Self::Denied | Self::Unbound | Self::CrossSite => {
                StatusCode::FORBIDDEN
            }
            // Nothing has failed: it is the login page, as far as there can be one here.
            Self::OpenInWechat => StatusCode::OK,
            Self::Unavailable | Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooManyAttempts => StatusCode::TOO_MANY_REQUESTS,
            Self::InvalidLink | Self::CookiesBlocked => StatusCode::BAD_REQUEST,
            Self::UpstreamFailed | Self::NotSetUp => StatusCode::BAD_GATEWAY,
            Self::UpstreamTimeout => StatusCode::GATEWAY_TIMEOUT,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    /// The name for scripts: the `error` of a JSON answer.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::LoginRequired
            | Self::LoginExpired
            | Self::ContinueFromOtherSite
            | Self::LoginInFrame => "login_required",
            Self::Forbidden => "forbidden",
            Self::Unavailable => "unavailable",
            Self::Busy => "busy",
            Self::TooManyAttempts => "too_many_attempts",
            Self::Declined => "login_declined",
            Self::InvalidLink => "invalid_link",
            Self::CookiesBlocked => "cookies_blocked",
            Self::Denied => "denied",
            Self::UpstreamFailed => "upstream_failed",
            Self::NotSetUp => "not_set_up",
            Self::UpstreamTimeout => "upstream_timeout",
            Self::Unbound => "unbound",
            Self::OpenInWechat => "open_in_wechat",
            Self::CrossSite => "cross_site",
            Self::MethodNotAllowed(_) => "method_not_allowed",
        }
    }

    /// The page for the failure of something that we depend on.
    pub(crate) const fn of(failure: ErrorKind) -> Self {
        match failure {
            ErrorKind::Timeout | ErrorKind::Unresponsive => Self::UpstreamTimeout,
            ErrorKind::Store | ErrorKind::Internal => Self::Unavailable,
            ErrorKind::Configuration => Self::NotSetUp,
            ErrorKind::Overloaded => Self::Busy,
            _ => Self::UpstreamFailed,
        }
    }

    /// The status of a gRPC answer (`google.rpc.Code`).
    pub(super) const fn grpc_status(self) -> &'static str {
        match self {
            Self::LoginRequired
            | Self::LoginExpired
            | Self::ContinueFromOtherSite
            | Self::LoginInFrame => "16",
            Self::TooManyAttempts => "8",
            Self::Unavailable
            | Self::Busy
            | Self::UpstreamFailed
            | Self::NotSetUp
            | Self::UpstreamTimeout => "14",
            _ => "7",
        }
    }

    /// The labels of the links.
    pub(super) const fn labels(self, language: Language) -> Labels {
        match language {
            Language::Chinese => Labels {
                next: if matches!(self, Self::Unbound) {
                    "绑定账号"
                } else {
                    "继续"
                },
                retry: match self {
                    Self::LoginRequired | Self::LoginInFrame => "登录",
                    Self::Forbidden => "更换账号登录",
                    _ => "重新登录",
                },
                home: "返回首页",
            },
            Language::English => Labels {
                next: if matches!(self, Self::Unbound) {
                    "Link an account"
                } else {
                    "Continue"
                },
                retry: match self {
                    Self::LoginRequired | Self::LoginInFrame => "Log in",
                    Self::Forbidden => "Log in with another account",
                    _ => "Log in again",
                },
                home: "Back to the home page",
            },
        }
    }

    /// Title and text.
    pub(crate) const fn words(self, language: Language) -> (&'static str, &'static str) {
        match (self, language) {
            (Self::LoginRequired, Language::Chinese) => ("请先登录", "查看此页面需要先登录。"),
            (Self::LoginRequired, Language::English) => {
                ("Please log in", "You need to log in to see this page.")
            }
            (Self::LoginExpired, Language::Chinese) => (
                "登录已过期",
                "刚才提交的内容没有保存。请重新登录，然后再提交一次。",
            ),
            (Self::LoginExpired, Language::English) => (
                "Your login has expired",
                "The form that you sent was not saved. Please log in again, then send it once more.",
            ),
            (Self::ContinueFromOtherSite, Language::Chinese) => {
                ("请继续", "您正从其他网站返回本站，请点击下方按钮继续。")
            }
            (Self::ContinueFromOtherSite, Language::English) => (
                "Please continue",
                "You are coming back from another site. Select the button to continue here.",
            ),
            (Self::LoginInFrame, Language::Chinese) => ("请先登录", "登录需要在完整的页面中进行。"),
            (Self::LoginInFrame, Language::English) => {
                ("Please log in", "The login needs the whole window.")
            }
            (Self::Forbidden, Language::Chinese) => {
                ("没有权限", "您已登录，但当前身份无权访问此页面。")
            }
            (Self::Forbidden, Language::English) => (
                "Not allowed",
                "You are logged in, but this page is not open to you.",
            ),
            (Self::Unavailable, Language::Chinese) => {
                ("服务暂时不可用", "请稍后再试，您的登录状态不会丢失。")
            }
            (Self::Unavailable, Language::English) => (
                "Temporarily unavailable",
                "Please try again in a moment. You stay logged in.",
            ),
            (Self::Busy, Language::Chinese) => (
                "当前登录人数过多",
                "请稍等几秒，然后刷新此页面，登录会自动继续，无需重新操作。",
            ),
            (Self::Busy, Language::English) => (
                "Too many logins right now",
                "Please wait a few seconds, then reload this page: your login goes on where it was.",
            ),
            (Self::TooManyAttempts, Language::Chinese) => {
                ("尝试次数过多", "登录失败的次数过多，请稍后再试。")
            }
            (Self::TooManyAttempts, Language::English) => (
                "Too many attempts",
                "Too many logins from your network have failed. Please try again in a moment.",
            ),
            (Self::Declined, Language::Chinese) => {
                ("登录已取消", "您没有同意登录。需要时可以重新登录。")
            }
            (Self::Declined, Language::English) => (
                "Login cancelled",
                "You did not agree to log in. You can try again whenever you like.",
            ),
            (Self::InvalidLink, Language::Chinese) => {
                ("登录链接已失效", "此登录链接已过期或已被使用，请重新登录。")
            }
            (Self::InvalidLink, Language::English) => (
                "This login link is no longer valid",
                "It has expired or was already used. Please log in again.",
            ),
            (Self::CookiesBlocked, Language::Chinese) => (
                "登录状态没有保存下来",
                "登录需要 Cookie，但浏览器没有把它带回来。请在浏览器设置中允许本站使用 Cookie，然后重新登录。\
                 如果已经允许，可能是本站的服务器设置有误，请联系网站管理员。",
            ),
            (Self::CookiesBlocked, Language::English) => (
                "You could not be kept logged in",
                "The login needs a cookie, and your browser did not send it back. Please allow cookies for this site in \
                 your browser, then log in again. If they are allowed, this site may be set up wrongly: please tell its \
                 administrator.",
            ),
            (Self::Denied, Language::Chinese) => (
                "登录被拒绝",
                "登录系统拒绝了此账号。如有疑问，请联系学校管理员。",
            ),
            (Self::Denied, Language::English) => (
                "Login refused",
                "The login system does not let this account in. Please ask the administrator of your school.",
            ),
            (Self::UpstreamFailed, Language::Chinese) => {
                ("系统暂时出现故障", "所依赖的系统没有正常应答，请稍后重试。")
            }
            (Self::UpstreamFailed, Language::English) => (
                "A system that we need has a problem",
                "It did not answer as it should. Please try again later.",
            ),
            (Self::NotSetUp, Language::Chinese) => {
                ("登录尚未设置好", "本站的登录设置有误，请联系网站管理员。")
            }
            (Self::NotSetUp, Language::English) => (
                "The login is not set up",
                "Something is wrong with how this site is set up. Please tell whoever runs it.",
            ),
            (Self::UpstreamTimeout, Language::Chinese) => {
                ("系统响应超时", "所依赖的系统没有及时应答，请稍后重试。")
            }
            (Self::UpstreamTimeout, Language::English) => (
                "A system that we need does not answer",
                "It took too long. Please try again later.",
            ),
            (Self::Unbound, Language::Chinese) => ("尚未绑定账号", "此功能需要先绑定账号。"),
            (Self::Unbound, Language::English) => {
                ("No account yet", "You need to bind an account for this.")
            }
            (Self::OpenInWechat, Language::Chinese) => (
                "请在微信中打开",
                "登录只能在微信中进行。请用微信扫描二维码，或将下面的地址复制到微信中打开。",
            ),
            (Self::OpenInWechat, Language::English) => (
                "Please open this in WeChat",
                "The login works in WeChat only. Scan the code with WeChat, or copy the address into a chat there and open it.",
            ),
            (Self::CrossSite, Language::Chinese) => {
                ("请求被拒绝", "退出登录只能在本站页面上进行。")
            }
            (Self::CrossSite, Language::English) => (
                "Request refused",
                "Logging out works from the pages of this site only.",
            ),
            (Self::MethodNotAllowed(_), Language::Chinese) => {
                ("请求方式不正确", "此地址不支持这种请求方式。")
            }
            (Self::MethodNotAllowed(_), Language::English) => (
                "Wrong method",
                "This address does not take this kind of request.",
            ),
        }
    }
}
