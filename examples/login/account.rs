//! The official account of the school, as Kesion knows it.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse};
use tower_weika::ErrorKind;
use tower_weika::identity::{AccountAuthorization, Manager, WechatUser};
use tower_weika::session::Authenticated;

use crate::page::{self, AccountView};
use crate::reader::Reader;
use crate::site::Site;
use crate::visitor::Visitor;

/// How long a page waits for a name that it can do without.
const PATIENCE: Duration = Duration::from_secs(1);

/// Its status, for managers.
pub(crate) async fn show(
    State(site): State<Site>,
    reader: Reader,
    manager: Authenticated<Manager>,
    visitor: Visitor,
) -> impl IntoResponse {
    // A manager who has just authorized the account wants to see that: nothing but an account is shown from memory,
    // be the memory fresh or not.
    if site
        .school
        .cached()
        .is_some_and(|known| known.account().is_none())
    {
        site.school.invalidate();
    }
    let (status, view) = match site.school.get().await {
        Ok(known) => (StatusCode::OK, AccountView::Known(known)),
        Err(error) => {
            tracing::warn!(%error, kind = ?error.kind(), "nobody knows the state of the official account");
            // Nor is a failure: the next visit asks again.
            site.school.invalidate();
            let status = match error.kind() {
                ErrorKind::Timeout | ErrorKind::Unresponsive => StatusCode::GATEWAY_TIMEOUT,
                _ => StatusCode::BAD_GATEWAY,
            };
            (status, AccountView::Unknown)
        }
    };
    (
        status,
        Html(page::account(
            &site.frame,
            &reader,
            &manager,
            &visitor,
            &view,
        )),
    )
}

/// The name of the official account through which somebody has come, if Kesion tells it in time.
pub(crate) async fn name_for(site: &Site, user: &WechatUser) -> Option<String> {
    let known = tokio::time::timeout(PATIENCE, site.school.get())
        .await
        .ok()?
        .ok()?;
    match known {
        AccountAuthorization::Authorized(account) if account.app_id == user.app_id => {
            Some(account.name.to_owned()).filter(|name| !name.is_empty())
        }
        _ => None,
    }
}
