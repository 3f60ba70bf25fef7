//! The school's official account, as reported by Kesion.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse};
use tower_weika::ErrorKind;
use tower_weika::identity::{AccountAuthorization, WechatUser};
use tower_weika::session::Authenticated;

use crate::page::{self, AccountView};
use crate::reader::Reader;
use crate::site::Site;
use crate::staff::Staff;
use crate::visitor::Visitor;

/// How long a page waits for the account's name, which is optional there.
const PATIENCE: Duration = Duration::from_secs(1);

/// Shows managers the authorization state of the account.
pub(crate) async fn show(
    State(site): State<Site>,
    reader: Reader,
    staff: Authenticated<Staff>,
    visitor: Visitor,
) -> impl IntoResponse {
    // A manager who has just authorized the account expects to see that. Therefore only an
    // authorized account is served from the cache (fresh or stale); every other state is fetched
    // again.
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
            tracing::warn!(%error, kind = ?error.kind(), "kesion: cannot fetch the state of the official account");
            // A failure is not cached either: the next visit tries again.
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
        Html(page::account(&site.frame, &reader, &staff, &visitor, &view)),
    )
}

/// Returns the name of the official account through which the user logged in, if Kesion reports it
/// in time.
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
