//! Endpoints of Kesion: the lookup of the official account, and the page that authorizes it.

use std::sync::{Mutex, MutexGuard};

use http::Method;
use maud::html;
use serde_json::{Map, json};

use super::official_account::OfficialAccount;
use super::state::{KesionSettings, KesionState};
use crate::lock::lock;
use crate::message::call::Call;
use crate::message::page::{document, small};
use crate::message::query::parameter;
use crate::message::reply::Reply;
use crate::response_format::ResponseFormat;
use crate::state::variation::{Variation, absent_object};

/// Kesion with the school's official account.
pub(crate) struct Kesion {
    pub(crate) app_id: String,
    pub(crate) apptoken: String,
    pub(crate) apikey: Option<String>,
    /// Address where the administrator authorizes the account.
    pub(crate) auth_url: String,
    pub(crate) settings: Mutex<KesionSettings>,
}

impl Kesion {
    /// Returns the state of the school's official account, and its data if it is authorized.
    pub(crate) fn official_account(&self, call: &Call<'_>) -> Reply {
        let refuse = |number, msg, auth_url| refusal(number, msg, auth_url, call.variations);
        if argument(call, "apptoken").as_deref() != Some(&*self.apptoken) {
            return refuse(None, "apptoken无效", None);
        }
        if self.apikey.is_some() && argument(call, "apikey") != self.apikey {
            return refuse(None, "apikey无效", None);
        }
        let settings = *self.settings();
        match settings.state {
            KesionState::NotOpened => refuse(Some(3001), "对不起,没有开通第三方公众号授权!", None),
            KesionState::NotAuthorized => refuse(Some(3002), "对不起,公众号还未授权!", Some(&self.auth_url)),
            KesionState::Failing => refuse(None, "access_token missing rid: 632bc26a-1f8e3c5d-7a90b1c2", None),
            KesionState::Authorized => {
                let account = OfficialAccount { app_id: &self.app_id, auth_url: &self.auth_url, settings };
                Reply::json(ResponseFormat::Kesion, account.members(call.variations), None)
            }
        }
    }

    /// Shows the page on which an administrator authorizes the account, with one button, and handles its form.
    pub(crate) fn authorization_page(&self, call: &Call<'_>) -> Reply {
        let mut settings = self.settings();
        let opened = settings.state != KesionState::NotOpened;
        if call.parts.method == Method::POST {
            if opened {
                settings.state = KesionState::Authorized;
            }
            return Reply::see_other(AUTH_PATH);
        }
        let (zh, en) = match settings.state {
            KesionState::NotOpened => ("没有开通第三方公众号授权", "The school has not bought this"),
            KesionState::Authorized => ("公众号已授权", "The official account is authorized"),
            KesionState::NotAuthorized | KesionState::Failing => {
                ("公众号还未授权", "No official account is authorized yet")
            }
        };
        let body = html! {
            h1 { (zh) (small(en)) }
            @if opened {
                form method="post" {
                    button data-switch="kesion:authorized" { "授权公众号 " (small("Authorize the account")) }
                }
            }
        };
        Reply::page(document("公众号授权", &body))
    }

    pub(crate) fn settings(&self) -> MutexGuard<'_, KesionSettings> {
        lock(&self.settings)
    }
}

/// Path and query of `auth_url`, in the form of the document's example.
pub(crate) const AUTH_PATH: &str = "/plus/auth_url?schoolid=5";

/// Returns a parameter of the body, form or JSON, or of the query.
fn argument(call: &Call<'_>, name: &str) -> Option<String> {
    let in_body = if call.is_json() {
        call.members().and_then(|it| it.get(name)?.as_str().map(str::to_owned))
    } else {
        std::str::from_utf8(call.body).ok().and_then(|form| parameter(form, name))
    };
    in_body.or_else(|| parameter(call.query(), name))
}

/// Returns a refusal: `"result": false`, the message, and the optional members.
fn refusal(number: Option<i64>, msg: &str, auth_url: Option<&str>, variations: &[Variation]) -> Reply {
    let mut body = Map::from_iter([("result".to_owned(), json!(false)), ("msg".to_owned(), json!(msg))]);
    let number_member = number.map(|it| (ResponseFormat::Kesion.code_field(), json!(it)));
    let auth_url = auth_url.map(|it| ("auth_url", json!(it)));
    let info = absent_object(variations).map(|it| ("info", it));
    let members = [number_member, auth_url, info].into_iter().flatten();
    body.extend(members.map(|(name, value)| (name.to_owned(), value)));
    Reply::json(ResponseFormat::Kesion, body, Some(number.unwrap_or(-1)))
}
