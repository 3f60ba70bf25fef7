//! Request to one of WeChat's authorize pages, and its validation.

use url::{Url, form_urlencoded};

use super::refusal::WechatRefusal;
use crate::message::query::parameter;

/// Page that gives codes to one kind of application.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AuthorizePage {
    /// `/connect/oauth2/authorize`: for an official account, in WeChat's browser only.
    OfficialAccount,
    /// `/connect/qrconnect`: for a website application, in any browser.
    Website,
}

/// Request for a code, of which each parameter is valid by itself.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct AuthorizeRequest {
    pub(crate) app_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) scope: Scope,
    /// As received, also if it is empty; `None` if it is absent.
    pub(crate) state: Option<String>,
    address: Url,
}

/// Extent of the authorization.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scope {
    /// `snsapi_base`: the openid only; the person is not asked.
    Base,
    /// `snsapi_userinfo`: name and picture too; the person is asked.
    UserInfo,
    /// `snsapi_login`: the login at a desk; the person scans a QR code and is asked.
    Login,
}

impl Scope {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Base => "snsapi_base",
            Self::UserInfo => "snsapi_userinfo",
            Self::Login => "snsapi_login",
        }
    }
}

impl AuthorizePage {
    /// Returns the page to which a request is addressed, by its scope.
    pub(crate) fn of(query: &str) -> Self {
        if parameter(query, "scope").as_deref() == Some(Scope::Login.name()) {
            Self::Website
        } else {
            Self::OfficialAccount
        }
    }
}

impl AuthorizeRequest {
    /// Parses a query. Only the page for official accounts is strict about the order of the
    /// parameters and about the state.
    pub(crate) fn parse(page: AuthorizePage, query: &str) -> Result<Self, WechatRefusal> {
        let strict = page == AuthorizePage::OfficialAccount;
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let mut expected = ORDER.iter();
        if strict && !pairs.iter().all(|(name, _)| expected.any(|it| it == name)) {
            return Err(WechatRefusal::ParameterOrder);
        }
        let sent = |name: &str| {
            pairs
                .iter()
                .find(|(it, _)| it == name)
                .map(|(_, value)| value.clone())
        };
        let text = |name: &str, empty| sent(name).filter(|it| !it.is_empty()).ok_or(empty);
        let app_id = text("appid", WechatRefusal::AppIdEmpty)?;
        let redirect_uri = text("redirect_uri", WechatRefusal::RedirectUriEmpty)?;
        if text("response_type", WechatRefusal::ResponseType)? != "code" {
            return Err(WechatRefusal::ResponseType);
        }
        let name = text("scope", WechatRefusal::ScopeEmpty)?;
        let scopes: &[Scope] = match page {
            AuthorizePage::OfficialAccount => &[Scope::Base, Scope::UserInfo],
            AuthorizePage::Website => &[Scope::Login],
        };
        let scope = scopes.iter().copied().find(|it| it.name() == name);
        let scope = scope.ok_or(WechatRefusal::UnknownScope)?;
        // The only optional parameter of the documented ones.
        let state = sent("state");
        let shown = state.as_deref().unwrap_or_default();
        if strict && shown.len() > MAX_STATE {
            return Err(WechatRefusal::StateTooLong);
        }
        if strict && !shown.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(WechatRefusal::StateAlphabet);
        }
        match Url::parse(&redirect_uri) {
            Ok(address) if matches!(address.scheme(), "http" | "https") => Ok(Self {
                app_id,
                redirect_uri,
                scope,
                state,
                address,
            }),
            _ => Err(WechatRefusal::RedirectUriMismatch),
        }
    }

    /// Returns the host of `redirect_uri`, with its port if it is not the default of the scheme.
    pub(crate) fn host(&self) -> String {
        let host = self.address.host_str().unwrap_or_default();
        self.address
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }
}

/// The sandbox's own parameter, with which any browser counts as WeChat's.
pub(crate) const PRETEND: (&str, &str) = ("sandbox_browser", "wechat");

/// Permitted parameters, each at most once and in this order.
const ORDER: [&str; 9] = [
    "appid",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "forcePopup",
    "forceSnapShot",
    "connect_redirect",
    PRETEND.0,
];

const MAX_STATE: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Result<AuthorizeRequest, WechatRefusal> {
        AuthorizeRequest::parse(AuthorizePage::OfficialAccount, query)
    }

    const GOOD: &str = "appid=A&redirect_uri=https%3A%2F%2Fapp.example%2Fback&response_type=code&scope=snsapi_base&state=S1";

    #[test]
    fn documented_order_is_the_only_one() {
        let request = parse(GOOD).unwrap();
        let state = request.state.as_deref();
        assert_eq!(
            (request.app_id.as_str(), state, request.scope),
            ("A", Some("S1"), Scope::Base)
        );
        assert_eq!(request.host(), "app.example");
        let parts: Vec<_> = GOOD.split('&').collect();
        for (one, other) in [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4)] {
            let mut parts = parts.clone();
            parts.swap(one, other);
            let refusal = parse(&parts.join("&"));
            assert_eq!(refusal, Err(WechatRefusal::ParameterOrder), "{parts:?}");
        }
    }

    #[test]
    fn only_known_parameters_may_follow_and_each_once() {
        for (extra, good) in [
            ("sandbox_browser=wechat", true),
            ("connect_redirect=1&sandbox_browser=wechat", true),
            ("forcePopup=true", true),
            ("sandbox_browser=wechat&connect_redirect=1", false),
            ("state=S1", false),
            ("utm_source=x", false),
        ] {
            assert_eq!(parse(&format!("{GOOD}&{extra}")).is_ok(), good, "{extra}");
        }
        assert!(parse(&format!("utm_source=x&{GOOD}")).is_err());
    }

    #[test]
    fn state_is_letters_and_digits_and_short() {
        for (state, expected) in [
            ("a".repeat(128), None),
            ("a".repeat(129), Some(WechatRefusal::StateTooLong)),
            ("a-b".to_owned(), Some(WechatRefusal::StateAlphabet)),
            ("%E7%8E%8B".to_owned(), Some(WechatRefusal::StateAlphabet)),
            (String::new(), None),
        ] {
            let query = GOOD.replace("state=S1", &format!("state={state}"));
            assert_eq!(parse(&query).err(), expected, "{state}");
        }
    }

    #[test]
    fn state_is_the_only_optional_parameter() {
        let without = GOOD.replace("&state=S1", "");
        assert_eq!(parse(&without).unwrap().state, None);
        assert_eq!(
            parse(&format!("{without}&state="))
                .unwrap()
                .state
                .as_deref(),
            Some("")
        );
        // Parameters after `state` keep their place.
        assert_eq!(
            parse(&format!("{without}&connect_redirect=1"))
                .unwrap()
                .state,
            None
        );
        for (name, refusal) in [
            ("appid", WechatRefusal::AppIdEmpty),
            ("redirect_uri", WechatRefusal::RedirectUriEmpty),
            ("response_type", WechatRefusal::ResponseType),
            ("scope", WechatRefusal::ScopeEmpty),
        ] {
            let others: Vec<_> = GOOD.split('&').filter(|it| !it.starts_with(name)).collect();
            assert_eq!(parse(&others.join("&")), Err(refusal), "{name}");
        }
    }

    #[test]
    fn host_is_that_of_the_address_with_its_port() {
        for (redirect_uri, host) in [
            ("http://app.example:8080/", "app.example:8080"),
            ("http://app.example@evil.example/", "evil.example"),
            ("https://APP.example:443/", "app.example"),
            ("http://127.0.0.1:3000", "127.0.0.1:3000"),
        ] {
            let query = GOOD.replace("https%3A%2F%2Fapp.example%2Fback", redirect_uri);
            assert_eq!(parse(&query).unwrap().host(), host);
        }
    }

    #[test]
    fn page_for_websites_has_its_scope_and_takes_any_order_and_state() {
        let query = "scope=snsapi_login&state=a-b_c&lang=cn&appid=A&response_type=code&redirect_uri=https%3A%2F%2Fapp.example%2Fback";
        let request = AuthorizeRequest::parse(AuthorizePage::of(query), query).unwrap();
        assert_eq!(
            (request.scope, request.state.as_deref()),
            (Scope::Login, Some("a-b_c"))
        );
        let other = query.replace("snsapi_login", "snsapi_base");
        assert_eq!(
            AuthorizeRequest::parse(AuthorizePage::Website, &other),
            Err(WechatRefusal::UnknownScope)
        );
        assert_eq!(
            parse(&GOOD.replace("snsapi_base", "snsapi_login")),
            Err(WechatRefusal::UnknownScope)
        );
    }
}
