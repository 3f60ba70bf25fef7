//! Request of a browser for a member's code.

use url::Url;

use crate::message::query::parameter;
use crate::message::reply::Reply;

/// Parameters of both authorize pages.
pub(crate) struct AuthorizeRequest {
    pub(crate) app_key: String,
    pub(crate) ocode: String,
    pub(crate) redirect_uri: String,
    pub(crate) scope: Scope,
}

/// Scope that the application requests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scope {
    Base,
    /// `snsapi_userinfo` or `snsapi_sso`.
    UserInfo,
}

impl AuthorizeRequest {
    /// Returns the request of a query, or the page that names its error.
    pub(crate) fn parse(query: &str) -> Result<Self, Reply> {
        let text = |name| parameter(query, name).unwrap_or_default();
        if text("response_type") != "code" {
            return Err(Reply::bad_request(
                "参数错误：response_type",
                "response_type must be code",
            ));
        }
        let scope = match &*text("scope") {
            "snsapi_base" => Scope::Base,
            "snsapi_userinfo" | "snsapi_sso" => Scope::UserInfo,
            _ => {
                return Err(Reply::bad_request(
                    "参数错误：scope",
                    "scope is missing or unknown",
                ));
            }
        };
        let redirect_uri = text("redirect_uri");
        match Url::parse(&redirect_uri) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(Self {
                app_key: text("app_key"),
                ocode: text("ocode"),
                redirect_uri,
                scope,
            }),
            _ => Err(Reply::bad_request(
                "回调地址不对",
                "redirect_uri is missing or not an address",
            )),
        }
    }
}
