//! Endpoints of Kesion: the lookup of the official account, and the page that authorizes it.

use std::sync::{Mutex, MutexGuard};

use http::Method;
use maud::html;
use serde_json::{Map, Value, json};

use super::official_account::OfficialAccount;
use super::refusal::KesionRefusal;
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
    /// Returns the data of the school's official account, or the reason why there is none.
    pub(crate) fn official_account(&self, call: &Call<'_>) -> Reply {
        let settings = *self.settings();
        if let Some(refusal) = self
            .check(call)
            .or_else(|| KesionRefusal::of(settings.state))
        {
            return self.refuse(refusal, call.variations);
        }
        let account = OfficialAccount {
            app_id: &self.app_id,
            auth_url: &self.auth_url,
            settings,
        };
        Reply::json(
            ResponseFormat::Kesion,
            account.members(call.variations),
            None,
        )
    }

    /// Shows the page on which an administrator authorizes the account, with one button, and
    /// handles its form.
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
            KesionState::NotOpened => {
                ("没有开通第三方公众号授权", "The school has not bought this")
            }
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

    /// Returns the refusal of wrong credentials.
    fn check(&self, call: &Call<'_>) -> Option<KesionRefusal> {
        if argument(call, "apptoken").as_deref() != Some(&*self.apptoken) {
            return Some(KesionRefusal::ApptokenInvalid);
        }
        let refused = self.apikey.is_some() && argument(call, "apikey") != self.apikey;
        refused.then_some(KesionRefusal::ApikeyInvalid)
    }

    /// Returns a refusal: `"result": false`, the message, and the optional members.
    fn refuse(&self, refusal: KesionRefusal, variations: &[Variation]) -> Reply {
        let return_code = refusal.return_code();
        let auth_url = (refusal == KesionRefusal::NotAuthorized).then(|| json!(self.auth_url));
        let mut body = Map::from_iter([
            ("result".to_owned(), json!(false)),
            ("msg".to_owned(), json!(refusal.msg())),
        ]);
        for (name, value) in [
            (
                ResponseFormat::Kesion.code_field(),
                return_code.map(Value::from),
            ),
            ("auth_url", auth_url),
            ("info", absent_object(variations)),
        ] {
            body.extend(value.map(|value| (name.to_owned(), value)));
        }
        Reply::json(
            ResponseFormat::Kesion,
            body,
            Some(return_code.unwrap_or(-1)),
        )
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
        call.members()
            .and_then(|it| it.get(name)?.as_str().map(str::to_owned))
    } else {
        std::str::from_utf8(call.body)
            .ok()
            .and_then(|form| parameter(form, name))
    };
    in_body.or_else(|| parameter(call.query(), name))
}
