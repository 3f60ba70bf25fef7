use super::{PageKind, PageLinks, qr_code};
use crate::error::Error;
use crate::request::Language;

/// A page that is shown to a user instead of the response of the application.
#[derive(Clone, Debug)]
pub struct Page {
    kind: PageKind,
    language: Language,
    retry: Option<String>,
    next: Option<String>,
    home: Option<String>,
    address: Option<String>,
    error: Option<Error>,
}

impl Page {
    pub(crate) fn new(kind: PageKind, language: Language) -> Self {
        Self {
            kind,
            language,
            retry: None,
            next: None,
            home: None,
            address: None,
            error: None,
        }
    }

    /// Adds the links that belong to the kind of the page.
    #[must_use]
    pub(crate) fn with_links(mut self, links: &PageLinks) -> Self {
        let (next, has_retry, has_home) = match self.kind {
            PageKind::LoginInFrame => (&None, true, false),
            PageKind::ContinueFromOtherSite => (&links.same_page, false, false),
            PageKind::Unbound => (&links.bind, false, true),
            PageKind::LoginRequired
            | PageKind::RecentLoginRequired
            | PageKind::LoginExpired
            | PageKind::Forbidden => (&None, true, true),
            _ => (&None, false, false),
        };
        self.next.clone_from(next);
        self.retry = links.login.clone().filter(|_| has_retry);
        self.home = links.home.clone().filter(|_| has_home);
        self
    }

    /// Adds the error that the page is about.
    #[must_use]
    pub(crate) fn with_error(mut self, error: Error) -> Self {
        self.error = Some(error);
        self
    }

    /// Adds the address to open in WeChat.
    #[must_use]
    pub(crate) fn with_address(mut self, address: String) -> Self {
        self.address = Some(address);
        self
    }

    /// Adds a link that begins a new login.
    #[must_use]
    pub(crate) fn with_retry(mut self, login_url: String) -> Self {
        self.retry = Some(login_url);
        self
    }

    /// Adds a link to the default page of the site.
    #[must_use]
    pub(crate) fn with_home(mut self, home: String) -> Self {
        self.home = Some(home);
        self
    }

    /// Returns the kind of the page.
    #[must_use]
    pub fn kind(&self) -> PageKind {
        self.kind
    }

    /// Returns the language to write it in.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// Returns the URL where a new login begins, as a path on this site; it may carry the return
    /// target. Escape it in HTML.
    #[must_use]
    pub fn retry(&self) -> Option<&str> {
        self.retry.as_deref()
    }

    /// Returns the URL where the user continues without a new login, as a path on this site: the
    /// page that links an account, or for a form from another site the page that it was sent to.
    /// Escape it in HTML.
    #[must_use]
    pub fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// Returns the URL of the home page: [`Pages::home`](super::Pages::home), or else the default
    /// target of the login. Escape it in HTML.
    #[must_use]
    pub fn home(&self) -> Option<&str> {
        self.home.as_deref()
    }

    /// Returns the address of this site to open in WeChat, on a page of kind
    /// [`PageKind::OpenInWechat`]. Escape it in HTML.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// Returns the error behind the page: a denial, a failure of an upstream system, of the store or
    /// of this process. `None` where nothing has failed. Of a denial by the application,
    /// [`Error::reason`] is the text for the user; the rest is for operators.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// Returns the reason of a denial.
    pub(super) fn reason(&self) -> Option<&str> {
        self.error()?.reason()
    }

    /// Returns the [`address`](Self::address) as a QR code: an `<svg>` element in black and white,
    /// with a quiet zone.
    #[must_use]
    pub fn qr_code(&self) -> Option<String> {
        let label = match self.language {
            Language::Chinese => "二维码：用微信打开此页",
            Language::English => "QR code: open this page in WeChat",
        };
        qr_code::svg(self.address()?, label)
    }
}
