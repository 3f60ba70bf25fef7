//! The devices on which a visitor is logged in: the sessions of each of the visitor's logins.
//!
//! The form names a session by its digest, which is no login, and the layer revokes only sessions
//! of the user who sends the form.

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Request, State};
use axum::http::header::{RETRY_AFTER, SET_COOKIE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{AppendHeaders, Html, IntoResponse, Redirect, Response};
use serde::Deserialize;
use tower_weika::Error;
use tower_weika::identity::Identity;
use tower_weika::login::LoginLayer;
use tower_weika::provider::IdentityProvider;
use tower_weika::request::UserAgent;
use tower_weika::response::Rejection;
use tower_weika::session::{Authenticated, SessionDigest, SessionInfo};
use tower_weika::store::SessionStore;

use crate::marker_cookie::MarkerCookie;
use crate::page::{self, Login, Problem};
use crate::reader::Reader;
use crate::site::Site;
use crate::visitor::{Visitor, login_required};

/// The path of the page and its form.
pub(crate) const PATH: &str = "/devices";

/// The value of the form's `session` for all sessions but the current one.
pub(crate) const OTHERS: &str = "others";

/// The sessions of one of the visitor's logins.
pub(crate) struct Sessions {
    pub(crate) login: Login,
    pub(crate) current: SessionInfo,
    /// Those used last first.
    pub(crate) others: Vec<SessionInfo>,
}

/// The result of the form. It is in a cookie, so that a link of another site cannot show it.
pub(crate) struct Outcome {
    cookie: MarkerCookie,
    pub(crate) zh: &'static str,
    pub(crate) en: &'static str,
}

const REVOKED: Outcome = Outcome {
    cookie: cookie("device-revoked"),
    zh: "该设备已退出登录。",
    en: "The device has been logged out.",
};
const OTHERS_REVOKED: Outcome = Outcome {
    cookie: cookie("other-devices-revoked"),
    zh: "其他设备已全部退出登录。",
    en: "All other devices have been logged out.",
};
const NOT_FOUND: Outcome = Outcome {
    cookie: cookie("device-not-found"),
    zh: "没有退出任何设备：所选设备已不在登录状态。",
    en: "No device was logged out: the chosen one is no longer logged in.",
};
const OUTCOMES: [&Outcome; 3] = [&REVOKED, &OTHERS_REVOKED, &NOT_FOUND];

/// Lifetime of that cookie in seconds.
const OUTCOME_MAX_AGE: u32 = 60;

const fn cookie(name: &'static str) -> MarkerCookie {
    MarkerCookie { name, path: PATH }
}

/// Middleware that requires any of the logins.
pub(crate) async fn require_login(
    visitor: Visitor,
    request: Request,
    next: Next,
) -> Result<Response, Rejection> {
    if visitor.is_anonymous() {
        let (method, headers) = (request.method(), request.headers());
        return Err(login_required(UserAgent::of(headers), method, headers));
    }
    Ok(next.run(request).await)
}

pub(crate) async fn show(
    State(site): State<Site>,
    reader: Reader,
    headers: HeaderMap,
    visitor: Visitor,
) -> Response {
    let lists = tokio::try_join!(
        sessions(&site.manager_login, visitor.staff.as_ref(), Login::Manager),
        sessions(&site.member_login, visitor.member.as_ref(), Login::Member),
        sessions(&site.wechat_login, visitor.wechat.as_ref(), Login::Wechat),
    );
    let lists: Vec<_> = match lists {
        Ok((manager, member, wechat)) => [manager, member, wechat].into_iter().flatten().collect(),
        Err(error) => return unavailable(&site, &reader, &visitor, &error),
    };
    let shown = || OUTCOMES.into_iter().filter(|it| it.cookie.is_in(&headers));
    let page = page::devices(&site.frame, &reader, &visitor, &lists, shown().next());
    let removed: Vec<_> = shown()
        .map(|outcome| (SET_COOKIE, outcome.cookie.remove(&site)))
        .collect();
    (AppendHeaders(removed), Html(page)).into_response()
}

/// The submitted form. A field may be missing.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Submitted {
    login: String,
    session: String,
}

pub(crate) async fn submit(
    State(site): State<Site>,
    reader: Reader,
    method: Method,
    headers: HeaderMap,
    visitor: Visitor,
    form: Result<Form<Submitted>, FormRejection>,
) -> Response {
    let chosen = form.ok().and_then(|Form(form)| {
        let (login, choice) = (Login::named(&form.login), Choice::parse(&form.session));
        Some((login?, choice?))
    });
    let Some((login, choice)) = chosen else {
        let page = page::problem(&site.frame, &reader, &visitor, Problem::BadForm);
        return (StatusCode::BAD_REQUEST, Html(page)).into_response();
    };
    let Visitor {
        staff,
        member,
        wechat,
    } = &visitor;
    let outcome = match login {
        Login::Manager => choice.revoke(&site.manager_login, staff.as_ref()).await,
        Login::Member => choice.revoke(&site.member_login, member.as_ref()).await,
        Login::Wechat => choice.revoke(&site.wechat_login, wechat.as_ref()).await,
    };
    match outcome {
        Ok(Some(outcome)) => {
            let cookie = outcome.cookie.set_for(&site, OUTCOME_MAX_AGE);
            let back = Redirect::to(&reader.link(PATH));
            ([(SET_COOKIE, cookie)], back).into_response()
        }
        // As after a logout.
        Ok(None) => Redirect::to(&reader.link("/")).into_response(),
        Err(NotRevoked::NotLoggedIn(reject)) => {
            IntoResponse::into_response(reject(&method, &headers))
        }
        Err(NotRevoked::Store(error)) => unavailable(&site, &reader, &visitor, &error),
    }
}

/// The sessions that the user chose to revoke.
enum Choice {
    One(SessionDigest),
    Others,
}

/// Reason that nothing was revoked.
enum NotRevoked {
    /// The session of this login has expired since the page was shown.
    NotLoggedIn(fn(&Method, &HeaderMap) -> Rejection),
    Store(Error),
}

impl Choice {
    fn parse(text: &str) -> Option<Self> {
        match text {
            OTHERS => Some(Self::Others),
            digest => SessionDigest::parse(digest).map(Self::One),
        }
    }

    /// Returns the outcome; `None` if the user chose the current session.
    async fn revoke<P, St>(
        self,
        login: &LoginLayer<P, St>,
        user: Option<&Authenticated<P::Identity>>,
    ) -> Result<Option<&'static Outcome>, NotRevoked>
    where
        P: IdentityProvider,
        St: SessionStore<P::Identity>,
    {
        let Some(user) = user else {
            let reject = Rejection::login_required::<P::Identity>;
            return Err(NotRevoked::NotLoggedIn(reject));
        };
        match self {
            Self::Others => {
                let revoked = login.revoke_other_sessions(user).await;
                revoked.map(|()| Some(&OTHERS_REVOKED))
            }
            Self::One(session) => {
                let revoked = login.revoke_session_of(user.subject(), session).await;
                revoked.map(|was_live| match was_live {
                    true if session == user.session().id().digest() => None,
                    true => Some(&REVOKED),
                    false => Some(&NOT_FOUND),
                })
            }
        }
        .map_err(NotRevoked::Store)
    }
}

/// Returns the sessions of a login, if the visitor has it.
async fn sessions<P, St>(
    layer: &LoginLayer<P, St>,
    user: Option<&Authenticated<P::Identity>>,
    login: Login,
) -> Result<Option<Sessions>, Error>
where
    P: IdentityProvider,
    St: SessionStore<P::Identity>,
{
    let Some(user) = user else { return Ok(None) };
    let mut others = layer.sessions_of(user.subject()).await?;
    others.retain(|session| !session.is_of(user.session()));
    Ok(Some(Sessions {
        login,
        current: SessionInfo::of(user.session()),
        others,
    }))
}

/// The session store failed: the user is logged in, and so are the other devices.
fn unavailable(site: &Site, reader: &Reader, visitor: &Visitor, error: &Error) -> Response {
    tracing::warn!(%error, kind = ?error.kind(), "devices: the session store failed");
    let page = page::problem(&site.frame, reader, visitor, Problem::Unavailable);
    (
        StatusCode::SERVICE_UNAVAILABLE,
        [(RETRY_AFTER, "5")],
        Html(page),
    )
        .into_response()
}
