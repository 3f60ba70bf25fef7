//! The addresses of one login: its endpoints, and the links to them.

use url::Url;

use super::path_prefix::PathPrefix;
use super::query::{Parameter, parameter};
use super::return_to::{ReturnRules, ReturnTo};
use crate::error::Error;
use crate::response::{GeneratedResponse, see_other};
use crate::trace::debug;

/// The addresses of one login.
#[derive(Debug)]
pub(super) struct Endpoints {
    /// Scheme, host and port of the site, without a slash at the end.
    pub(super) origin: String,
    /// The path of the application in its public URL.
    pub(super) prefix: PathPrefix,
    pub(super) redirect_uri: String,
    /// The paths that requests to the endpoints have on arrival.
    pub(super) requested_login: String,
    pub(super) requested_callback: String,
    pub(super) requested_logout: String,
    /// The paths of the endpoints as browsers see them.
    pub(super) login_path: String,
    pub(super) logout_path: String,
    pub(super) rules: ReturnRules,
    /// Whether a redirect back has an empty fragment where its target has none.
    pub(super) clears_fragment: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Endpoint {
    Login,
    Callback,
    Logout,
}

impl Endpoint {
    /// The value of `Allow`.
    pub(super) fn method(self) -> &'static str {
        match self {
            Self::Login | Self::Callback => "GET",
            Self::Logout => "POST",
        }
    }
}

impl Endpoints {
    /// Returns the endpoint with this path of a request.
    #[inline]
    pub(super) fn at(&self, path: &str) -> Option<Endpoint> {
        if path == self.requested_login {
            Some(Endpoint::Login)
        } else if path == self.requested_callback {
            Some(Endpoint::Callback)
        } else if path == self.requested_logout {
            Some(Endpoint::Logout)
        } else {
            None
        }
    }

    /// The URL of the application as browsers see it, without a slash at the end.
    pub(super) fn public_url(&self) -> String {
        format!("{}{}", self.origin, self.prefix.as_str())
    }

    pub(super) fn default_target(&self) -> &ReturnTo {
        self.rules.default_target()
    }

    /// Returns a checked link to the home page: a path of the application, or an https URL. `None` if
    /// it is neither.
    pub(super) fn home(&self, link: &str) -> Option<String> {
        if let Some(target) = self.rules.check_argument(link) {
            return Some(target.as_str().to_owned());
        }
        let url = Url::parse(link).ok()?;
        let has_no_user = url.username().is_empty() && url.password().is_none();
        (url.scheme() == "https" && has_no_user).then(|| url.into())
    }

    /// Returns the checked `return_to` of a query, or the default target (T7).
    pub(super) fn return_to(&self, query: Option<&str>) -> ReturnTo {
        match parameter(query, "return_to") {
            Parameter::Value(target) => self.rules.check_or_default(&target),
            Parameter::Absent => self.default_target().clone(),
            Parameter::Repeated => {
                debug!(
                    "login: return target dropped: the parameter is there several times; default target used"
                );
                self.default_target().clone()
            }
        }
    }

    /// Returns the redirect that completes a login. With [`clears_fragment`](Self::clears_fragment)
    /// a target without a fragment gets an empty one, because a browser keeps the fragment of the
    /// redirect before (Fetch §4.4, step on fragments).
    pub(super) fn redirect_back(&self, target: &ReturnTo) -> Result<GeneratedResponse, Error> {
        let target = target.as_str();
        if self.clears_fragment && !target.contains('#') {
            see_other(&format!("{target}#"))
        } else {
            see_other(target)
        }
    }

    /// Returns the login path with a return target, for links.
    pub(super) fn login_url(&self, return_to: &ReturnTo) -> String {
        if return_to == self.default_target() {
            self.login_path.clone()
        } else {
            with_return_to(&self.login_path, return_to)
        }
    }

    /// Returns the application's page that links an account, with a return target. `None` if it is
    /// no page of this site, or the requested page itself.
    pub(super) fn bind_url(&self, bind_page: &str, return_to: &ReturnTo) -> Option<String> {
        let page = self.rules.check_argument(bind_page)?;
        let is_page_of_this_site = page.as_str().starts_with('/') && !page.as_str().contains('#');
        (is_page_of_this_site && page.path() != return_to.path())
            .then(|| with_return_to(page.as_str(), return_to))
    }
}

fn with_return_to(path: &str, target: &ReturnTo) -> String {
    let separator = if path.contains('?') { '&' } else { '?' };
    let target = url::form_urlencoded::byte_serialize(target.as_str().as_bytes());
    format!("{path}{separator}return_to={}", target.collect::<String>())
}
