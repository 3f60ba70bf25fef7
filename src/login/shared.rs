//! What all clones of one login layer share.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use bytes::BytesMut;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method};

use super::admission::Admission;
use super::exchange::Exchanges;
use super::flow::FlowCookies;
use super::keys::Keys;
use super::query::{Parameter, parameter};
use super::reports::Reports;
use super::return_to::{ReturnRules, ReturnTo};
use super::throttle::ClientKey;
use crate::authenticate::LoginSessions;
use crate::cookie::CookiePolicy;
use crate::coordination::Coordinator;
use crate::error::Error;
use crate::provider::IdentityProvider;
use crate::request::Reader;
use crate::response::{OwnResponse, Page, PageKind, Pages, see_other};
use crate::session::SessionTimeouts;
use crate::trace::{debug, warn};

/// The settings of a login layer, all checked.
#[derive(Debug)]
pub(super) struct Settings {
    /// Scheme, host and port of the site, without a slash at the end.
    pub(super) origin: String,
    pub(super) redirect_uri: String,
    pub(super) login_path: String,
    pub(super) callback_path: String,
    pub(super) logout_path: String,
    pub(super) default_target: ReturnTo,
    pub(super) rules: ReturnRules,
    pub(super) cookies: CookiePolicy,
    pub(super) flows: FlowCookies,
    pub(super) keys: Keys,
    pub(super) lifetime: SessionTimeouts,
    pub(super) exchange_timeout: Duration,
    pub(super) pages: Pages,
    /// Whether a redirect back carries an empty fragment where its target has none.
    pub(super) clears_fragment: bool,
}

impl Settings {
    /// The endpoint of ours that a path names.
    pub(super) fn endpoint(&self, path: &str) -> Option<Endpoint> {
        if path == self.login_path {
            Some(Endpoint::Login)
        } else if path == self.callback_path {
            Some(Endpoint::Callback)
        } else if path == self.logout_path {
            Some(Endpoint::Logout)
        } else {
            None
        }
    }

    /// The checked `return_to` of a query, or the default target (T7).
    pub(super) fn return_to(&self, query: Option<&str>) -> ReturnTo {
        let checked = match parameter(query, "return_to") {
            Parameter::Absent => None,
            Parameter::Value(target) => self.rules.check(&target),
            Parameter::Repeated => {
                debug!(
                    "login: return target dropped: the parameter is there several times; default target used"
                );
                None
            }
        };
        checked.unwrap_or_else(|| self.default_target.clone())
    }

    /// The redirect that ends a login. With [`clears_fragment`](Self::clears_fragment) a target without a fragment
    /// gets an empty one, because a browser keeps the fragment of the redirect before (Fetch §4.4, step on fragments).
    pub(super) fn back_to(&self, target: &ReturnTo) -> Result<OwnResponse, Error> {
        let target = target.as_str();
        if self.clears_fragment && !target.contains('#') {
            see_other(&format!("{target}#"))
        } else {
            see_other(target)
        }
    }

    /// The login path with a return target, for links.
    pub(super) fn login_url(&self, return_to: &ReturnTo) -> String {
        if *return_to == self.default_target {
            self.login_path.clone()
        } else {
            with_return_to(&self.login_path, return_to)
        }
    }

    /// The application's page where somebody can bind an account, with a return target. `None` if it is no page
    /// of this site, or the very page that is asked for.
    pub(super) fn bind_url(&self, bind_page: &str, return_to: &ReturnTo) -> Option<String> {
        let is_ours =
            |page: &ReturnTo| page.as_str().starts_with('/') && !page.as_str().contains('#');
        let page = self.rules.check(bind_page.as_bytes()).filter(is_ours)?;
        (page.path() != return_to.path()).then(|| with_return_to(page.as_str(), return_to))
    }
}

fn with_return_to(path: &str, target: &ReturnTo) -> String {
    let joint = if path.contains('?') { '&' } else { '?' };
    let target = url::form_urlencoded::byte_serialize(target.as_str().as_bytes());
    format!("{path}{joint}return_to={}", target.collect::<String>())
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Endpoint {
    Login,
    Callback,
    Logout,
}

impl Endpoint {
    pub(super) fn allow(self) -> &'static str {
        match self {
            Self::Login | Self::Callback => "GET",
            Self::Logout => "POST",
        }
    }
}

/// A request to an endpoint of the layer; its body is never read.
pub(super) struct Visit {
    pub(super) method: Method,
    pub(super) query: Option<String>,
    pub(super) headers: HeaderMap,
    /// The client whose refused codes are limited, for callbacks.
    pub(super) client: Option<ClientKey>,
}

impl Visit {
    /// Takes nothing along that refers to the read buffer of the connection: a login may wait for seconds, and hyper
    /// would allocate another buffer of 8 KiB meanwhile.
    pub(super) fn new(parts: Parts, client: Option<ClientKey>) -> Self {
        let query = parts.uri.query().map(str::to_owned);
        let mut headers = parts.headers;
        copy_values(&mut headers);
        Self {
            method: parts.method,
            query,
            headers,
            client,
        }
    }

    pub(super) fn reader(&self) -> Reader {
        Reader::of(&self.method, &self.headers)
    }
}

/// Replaces all values by copies in one buffer.
fn copy_values(headers: &mut HeaderMap) {
    let mut buffer = BytesMut::with_capacity(headers.values().map(HeaderValue::len).sum());
    for value in headers.values() {
        buffer.extend_from_slice(value.as_bytes());
    }
    let mut buffer = buffer.freeze();
    for value in headers.values_mut() {
        let is_sensitive = value.is_sensitive();
        if let Ok(mut copy) = HeaderValue::from_maybe_shared(buffer.split_to(value.len())) {
            copy.set_sensitive(is_sensitive);
            *value = copy;
        }
    }
}

/// What all clones of one login layer share.
pub(super) struct Shared<P: IdentityProvider, St> {
    pub(super) provider: P,
    pub(super) resolver: Arc<LoginSessions<P::Identity, St>>,
    pub(super) settings: Settings,
    /// The same without the guarded path prefixes, for layers without a login.
    pub(super) unguarded: Arc<LoginSessions<P::Identity, St>>,
    pub(super) exchanges: Exchanges,
    pub(super) admission: Admission,
    pub(super) reports: Reports,
    /// What this instance shares with the others of its site, if there are others.
    pub(super) coordinator: Option<Arc<dyn Coordinator>>,
    /// Whether there is a layer around somebody's pages that begins logins by itself.
    pub(super) is_auto: AtomicBool,
}

impl<P: IdentityProvider, St> Shared<P, St> {
    /// A page with a link that begins the login anew, and one to the default page of the site.
    pub(super) fn page(
        &self,
        reader: Reader,
        kind: PageKind,
        target: Option<&ReturnTo>,
    ) -> OwnResponse {
        let settings = &self.settings;
        let retry = settings.login_url(target.unwrap_or(&settings.default_target));
        let page = Page::new(kind, reader.language)
            .with_retry(retry)
            .with_home(settings.default_target.as_str().to_owned());
        settings.pages.respond_to(reader.kind, &page)
    }

    /// Logs that a browser came back without the cookies of its login.
    pub(super) fn report_lost_cookies(&self) {
        let Some(suppressed) = self.reports.lost_cookies.admit(self.resolver.clock.now()) else {
            return;
        };
        warn!(
            provider = %self.provider.name(),
            suppressed = %suppressed,
            "login: a cookie of the login or of its session did not come back, or this instance does not know the \
             session; a page says so. One visitor: the browser blocks cookies. Many visitors: a proxy drops \
             `Set-Cookie`, browsers use another address than `public_url`, or instances do not share a session store"
        );
    }

    /// The page that says that the login works in WeChat only, and how to go on there.
    pub(super) fn elsewhere(&self, reader: Reader, target: &ReturnTo) -> OwnResponse {
        let settings = &self.settings;
        let page = |target: &ReturnTo| {
            let address = format!("{}{}", settings.origin, settings.login_url(target));
            Page::new(PageKind::OpenInWechat, reader.language).with_address(address)
        };
        // A target may be too long for a code.
        let page = Some(page(target)).filter(|page| page.qr_code().is_some()).unwrap_or_else(|| {
            debug!("login: return target dropped: it is too long for a QR code; default target used");
            page(&settings.default_target)
        });
        settings.pages.respond_to(reader.kind, &page)
    }

    /// The answer when a login cannot go on: the store failed, the system has no randomness, or nobody can say
    /// where the provider is.
    pub(super) fn broken(&self, reader: Reader, error: Error) -> OwnResponse {
        if let Some(suppressed) = self.reports.broken.admit(self.resolver.clock.now()) {
            warn!(
                provider = %self.provider.name(),
                error = %error.report(),
                suppressed = %suppressed,
                "login cannot go on"
            );
        }
        let mut response = self.page(reader, PageKind::of(error.kind()), None);
        response.extensions_mut().insert(error);
        response
    }
}

impl<P: IdentityProvider, St> fmt::Debug for Shared<P, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
