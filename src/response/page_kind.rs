use http::StatusCode;

use crate::error::ErrorKind;

/// The kind of a generated page.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum PageKind {
    /// A login is required, and this layer cannot begin one.
    LoginRequired,
    /// The session is too old for this page or action, which needs a recent login. The content of
    /// a form is lost.
    RecentLoginRequired,
    /// A form arrived after the session had expired. Its content is lost.
    LoginExpired,
    /// Another site sent a form here, and the session cookie does not come with such a form
    /// (`SameSite=Lax`). The page leads to the same address with `GET`.
    ContinueFromOtherSite,
    /// A login is required inside a frame, where the pages of the providers do not work. The link
    /// of the page has to leave the frame (`target="_top"`), and this page alone may be framed.
    LoginInFrame,
    /// The identity does not satisfy the requirement.
    Forbidden,
    /// The session store failed.
    Unavailable,
    /// Too many logins are running. The code was not sent, and a reload of the same address
    /// continues.
    Busy,
    /// Too many codes of this client were rejected. The code was not sent.
    TooManyAttempts,
    /// The user declined the login.
    Declined,
    /// The callback URL is forged, expired, used, or not bound to this browser. One page for all of
    /// these, so that an attacker cannot distinguish them.
    InvalidLink,
    /// The browser did not send the flow cookie back, twice.
    CookiesBlocked,
    /// The upstream system or the application rejected this user. The application's reason is that
    /// of the page's [`error`](super::Page::error).
    Denied,
    /// The upstream system failed, or its response is malformed.
    UpstreamFailed,
    /// The upstream system reported a wrong configuration of this site: key, school, official
    /// account.
    NotSetUp,
    /// The upstream system did not respond in time.
    UpstreamTimeout,
    /// The WeChat user has no linked account, which this page needs.
    Unbound,
    /// The login works in WeChat only, and this is another browser.
    OpenInWechat,
    /// A page of another origin sent a request that only a page of this site may send: a logout, or
    /// a request behind [`SameOriginLayer`](crate::same_origin::SameOriginLayer).
    CrossSite,
    /// The endpoint does not support this method; the value for `Allow`.
    MethodNotAllowed(&'static str),
}

impl PageKind {
    /// Returns the status of the response.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::LoginRequired
            | Self::RecentLoginRequired
            | Self::LoginExpired
            | Self::ContinueFromOtherSite
            | Self::LoginInFrame => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::Declined | Self::Denied | Self::Unbound | Self::CrossSite => {
                StatusCode::FORBIDDEN
            }
            // The only login page that works in this browser.
            Self::OpenInWechat => StatusCode::OK,
            Self::Unavailable | Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooManyAttempts => StatusCode::TOO_MANY_REQUESTS,
            Self::InvalidLink | Self::CookiesBlocked => StatusCode::BAD_REQUEST,
            Self::UpstreamFailed | Self::NotSetUp => StatusCode::BAD_GATEWAY,
            Self::UpstreamTimeout => StatusCode::GATEWAY_TIMEOUT,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    /// Returns the name for scripts: the `error` of a JSON response.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::LoginRequired
            | Self::LoginExpired
            | Self::ContinueFromOtherSite
            | Self::LoginInFrame => "login_required",
            Self::RecentLoginRequired => "recent_login_required",
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

    /// Returns the kind of page for a failure of this kind.
    pub(crate) const fn of(error: ErrorKind) -> Self {
        match error {
            ErrorKind::Timeout | ErrorKind::Unresponsive => Self::UpstreamTimeout,
            ErrorKind::Store | ErrorKind::Internal => Self::Unavailable,
            ErrorKind::Configuration => Self::NotSetUp,
            ErrorKind::Overloaded => Self::Busy,
            _ => Self::UpstreamFailed,
        }
    }

    /// Whether the user may need help: the default page shows the contact of the site.
    pub(super) const fn shows_contact(self) -> bool {
        matches!(
            self,
            Self::Forbidden
                | Self::Unavailable
                | Self::TooManyAttempts
                | Self::CookiesBlocked
                | Self::Denied
                | Self::UpstreamFailed
                | Self::NotSetUp
                | Self::UpstreamTimeout
        )
    }

    /// Returns the status of a gRPC response (`google.rpc.Code`).
    pub(super) const fn grpc_status(self) -> &'static str {
        match self {
            Self::LoginRequired
            | Self::RecentLoginRequired
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
}
