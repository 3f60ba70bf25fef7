use super::PageText;
use crate::response::PageKind;

pub(super) const fn text(kind: PageKind) -> PageText {
    let (title, paragraph) = words(kind);
    PageText {
        title,
        paragraph,
        next: match kind {
            PageKind::Unbound => "Link an account",
            _ => "Continue",
        },
        retry: match kind {
            PageKind::LoginRequired | PageKind::LoginInFrame => "Log in",
            PageKind::Forbidden => "Log in with another account",
            _ => "Log in again",
        },
        home: "Back to the home page",
        contact: "Contact: ",
    }
}

const fn words(kind: PageKind) -> (&'static str, &'static str) {
    match kind {
        PageKind::LoginRequired => ("Please log in", "You need to log in to see this page."),
        PageKind::RecentLoginRequired => (
            "Please log in again to confirm",
            "This needs a login from the last few minutes. A form that you sent was not saved: please send it again \
             after the login.",
        ),
        PageKind::LoginExpired => (
            "Your login has expired",
            "The form that you sent was not saved. Please log in again, then send it once more.",
        ),
        PageKind::ContinueFromOtherSite => (
            "Please continue",
            "You are coming back from another site. Select the button to continue here.",
        ),
        PageKind::LoginInFrame => ("Please log in", "The login needs the whole window."),
        PageKind::Forbidden => (
            "Not allowed",
            "You are logged in, but this page is not open to you.",
        ),
        PageKind::Unavailable => (
            "Temporarily unavailable",
            "Please try again in a moment. You stay logged in.",
        ),
        PageKind::Busy => (
            "Too many logins right now",
            "Please wait a few seconds, then reload this page: your login will continue.",
        ),
        PageKind::TooManyAttempts => (
            "Too many attempts",
            "Too many logins from your network have failed. Please try again in a moment.",
        ),
        PageKind::Declined => (
            "Login cancelled",
            "You did not agree to log in. You can try again whenever you like.",
        ),
        PageKind::InvalidLink => (
            "This login link is no longer valid",
            "It has expired or was already used. Please log in again.",
        ),
        PageKind::CookiesBlocked => (
            "You could not be kept logged in",
            "The login needs a cookie, and your browser did not send it back. Please allow cookies for this site in \
             your browser, then log in again. If they are allowed, this site may be set up wrongly: please contact the \
             site's administrator.",
        ),
        PageKind::Denied => (
            "Login denied",
            "The login system does not let this account in. Please ask the administrator of your school.",
        ),
        PageKind::UpstreamFailed => (
            "Temporarily unavailable",
            "A system that this site depends on has a problem. Please try again later.",
        ),
        PageKind::NotSetUp => (
            "Login is temporarily unavailable",
            "Please contact the site's administrator.",
        ),
        PageKind::UpstreamTimeout => (
            "Temporarily unavailable",
            "A system that this site depends on did not respond in time. Please try again in a minute.",
        ),
        PageKind::Unbound => ("No linked account", "You need to link an account for this."),
        PageKind::OpenInWechat => (
            "Please open this in WeChat",
            "The login works in WeChat only. Scan the code with WeChat, or copy the address into a chat there and open \
             it.",
        ),
        PageKind::CrossSite => (
            "Request rejected",
            "It came from a page of another site, so it was not carried out. Please use the pages of this site.",
        ),
        PageKind::MethodNotAllowed(_) => (
            "Wrong method",
            "This address does not support this kind of request.",
        ),
    }
}
